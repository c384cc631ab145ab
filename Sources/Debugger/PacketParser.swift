/// What arrives on a debugger's connection (GDB manual, "Remote Protocol: Overview").
package enum DebugInput: Equatable, Sendable {
    case packet([UInt8])
    /// A packet whose checksum is wrong: it is asked for again.
    case damaged
    /// 0x03: stop the target.
    case interrupt
    /// The peer wants our last packet again.
    case resend
}

/// Cuts a stream of bytes into packets. Bytes in, values out; nothing else.
package struct PacketParser: Sendable {
    /// Larger packets are dropped: our `PacketSize` promises less.
    package static let limit = 0x8000
    private enum Place: Sendable { case between, body, escaped, firstDigit, secondDigit }
    private var place = Place.between
    private var body: [UInt8] = []
    private var sum: UInt8 = 0
    private var digit: UInt8 = 0

    package init() {}

    package mutating func feed(_ byte: UInt8) -> DebugInput? {
        switch place {
        case .between:
            switch byte {
            case UInt8(ascii: "$"):
                body.removeAll(keepingCapacity: true)
                sum = 0
                place = .body
            case 0x03: return .interrupt
            case UInt8(ascii: "-"): return .resend
            default: break
            }
        case .body:
            if byte == UInt8(ascii: "#") {
                place = .firstDigit
            } else if byte == UInt8(ascii: "}") {
                sum &+= byte
                place = .escaped
            } else {
                append(byte, raw: byte)
            }
        case .escaped:
            append(byte ^ 0x20, raw: byte)
            place = .body
        case .firstDigit:
            digit = byte
            place = .secondDigit
        case .secondDigit:
            place = .between
            guard body.count <= Self.limit, let high = Hex.value(digit), let low = Hex.value(byte),
                high << 4 | low == sum
            else { return .damaged }
            return .packet(body)
        }
        return nil
    }

    private mutating func append(_ byte: UInt8, raw: UInt8) {
        sum &+= raw
        if body.count <= Self.limit { body.append(byte) }
    }

    /// `$body#checksum`, with what must be escaped escaped.
    package static func frame(_ body: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [UInt8(ascii: "$")]
        var sum: UInt8 = 0
        for byte in body {
            if [0x23, 0x24, 0x2a, 0x7d].contains(byte) {
                result += [0x7d, byte ^ 0x20]
                sum = sum &+ 0x7d &+ (byte ^ 0x20)
            } else {
                result.append(byte)
                sum &+= byte
            }
        }
        return result + [UInt8(ascii: "#")] + Hex.digits([sum])
    }
}
