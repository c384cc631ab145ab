/// Where the headers of a frame lie. Everything is checked against the frame's length; a frame that
/// is none of this is simply not told apart.
package struct FrameLayout: Sendable, Equatable {
    package enum Network: Sendable, Equatable { case ip4, ip6, other }

    /// The first tag's network, if the frame has a tag (IEEE 802.1Q).
    package let vlan: UInt16?
    package let network: Network
    /// Start of the IP header, or of what follows the Ethernet header.
    package let networkStart: Int

    private static let tagged: [UInt16] = [0x8100, 0x88a8]
    private static let ip4Type: UInt16 = 0x0800
    private static let ip6Type: UInt16 = 0x86dd
    package static let ip4HeaderCount = 20
    package static let ip6HeaderCount = 40

    /// `frame` is the range of the frame in `bytes`, without virtio's header. Nil for less than an
    /// Ethernet header.
    package init?(_ bytes: [UInt8], _ frame: Range<Int>) {
        guard frame.count >= 14 else { return nil }
        var at = frame.lowerBound + 12
        var vlan: UInt16?
        var type = bytes.big16(at)
        var tags = 0
        while Self.tagged.contains(type), tags < 2, at + 6 <= frame.upperBound {
            if vlan == nil { vlan = bytes.big16(at + 2) & 0xfff }
            at += 4
            tags += 1
            type = bytes.big16(at)
        }
        at += 2
        self.vlan = vlan
        networkStart = at
        let room = frame.upperBound - at
        switch type {
        case Self.ip4Type where room >= Self.ip4HeaderCount && bytes[at] >> 4 == 4: network = .ip4
        case Self.ip6Type where room >= Self.ip6HeaderCount && bytes[at] >> 4 == 6: network = .ip6
        default: network = .other
        }
    }

    /// A number for the connection that a frame belongs to, the same in both directions.
    package func flow(_ bytes: [UInt8], _ frame: Range<Int>) -> UInt8 {
        var addresses: Range<Int>
        var ports: Int
        switch network {
        case .ip4:
            addresses = networkStart + 12..<networkStart + 20
            ports = networkStart + Int(bytes[networkStart] & 15) * 4
        case .ip6:
            addresses = networkStart + 8..<networkStart + 40
            ports = networkStart + 40
        case .other:
            addresses = frame.lowerBound..<frame.lowerBound + 12
            ports = frame.upperBound
        }
        // Sums do not tell source and destination apart, which is what is wanted.
        var sum: UInt32 = 0
        for at in stride(from: addresses.lowerBound, to: addresses.upperBound, by: 2) {
            sum &+= UInt32(bytes.big16(at))
        }
        if ports + 4 <= frame.upperBound {
            sum &+= UInt32(bytes.big16(ports)) &+ UInt32(bytes.big16(ports + 2))
        }
        return UInt8(truncatingIfNeeded: (sum &* 0x9e37_79b1) >> 24)
    }
}
