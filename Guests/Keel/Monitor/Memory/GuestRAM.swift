import Bits
import Devices
import SBI

/// A world's memory: one range of guest-physical addresses and the block of the host's behind it.
package struct GuestRAM: Sendable {
    package static let start: UInt64 = 0x8000_0000
    /// Where it lies in the host.
    package let base: UInt64
    package let count: UInt64

    package init(base: UInt64, count: UInt64) {
        self.base = base
        self.count = count
    }

    package var end: UInt64 { Self.start &+ count }

    /// The host's address of guest memory; nil unless all of it is RAM. Here ends the reach of a
    /// guest: no other function turns its addresses into the host's.
    @inline(__always) package func host(_ address: GuestPhysical, count: UInt64) -> UInt64? {
        let offset = address.rawValue &- Self.start
        guard offset < self.count, count <= self.count &- offset else { return nil }
        return base &+ offset
    }
    /// Which of the RAM's pages holds the address.
    @inline(__always) package func frame(_ address: GuestPhysical) -> Int? {
        let offset = address.rawValue &- Self.start
        return offset < count ? Int(offset &>> 12) : nil
    }

    package func load(_ address: GuestPhysical, _ width: AccessWidth) -> UInt64? {
        host(address, count: width.bytes).map { HostMemory.load($0, width) }
    }
    package func store(_ address: GuestPhysical, _ value: UInt64, _ width: AccessWidth) -> Bool {
        guard let place = host(address, count: width.bytes) else { return false }
        HostMemory.store(place, value, width)
        return true
    }
    package func bytes(_ range: GuestRange) -> [UInt8]? {
        host(range.start, count: range.count).map { HostMemory.bytes($0, count: range.count) }
    }
    package func write(_ address: GuestPhysical, _ bytes: [UInt8]) -> Bool {
        guard let place = host(address, count: UInt64(bytes.count)) else { return false }
        HostMemory.write(place, bytes)
        return true
    }
}

/// As devices see it: the virtqueues of `Devices` lie here.
extension GuestRAM: PhysicalMemory {
    package func load16(_ address: GuestPhysical) -> UInt16? {
        load(address, .half).map { UInt16(truncatingIfNeeded: $0) }
    }
    package func load32(_ address: GuestPhysical) -> UInt32? {
        load(address, .word).map { UInt32(truncatingIfNeeded: $0) }
    }
    package func load64(_ address: GuestPhysical) -> UInt64? { load(address, .double) }
    package func store16(_ address: GuestPhysical, _ value: UInt16) -> Bool {
        store(address, UInt64(value), .half)
    }
    package func store32(_ address: GuestPhysical, _ value: UInt32) -> Bool {
        store(address, UInt64(value), .word)
    }
    package func contains(_ range: GuestRange) -> Bool {
        host(range.start, count: range.count) != nil
    }
    /// A world's vCPU and its devices run on one hart, which sees its own accesses in order.
    package func fence() {}
}
