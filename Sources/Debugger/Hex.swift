/// Hexadecimal as the protocol writes it.
enum Hex {
    static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x37
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
    static func digits(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let table = [UInt8]("0123456789abcdef".utf8)
        return bytes.flatMap { [table[Int($0 >> 4)], table[Int($0 & 15)]] }
    }
    /// Pairs of digits as bytes; nil where they are none.
    static func bytes(_ digits: some Collection<UInt8>) -> [UInt8]? {
        guard digits.count % 2 == 0 else { return nil }
        var result: [UInt8] = []
        var high: UInt8?
        for digit in digits {
            guard let value = value(digit) else { return nil }
            if let top = high {
                result.append(top << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return result
    }
    /// A register: little-endian.
    static func word(_ value: UInt64, bytes count: Int = 8) -> [UInt8] {
        digits((0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) })
    }
    static func word(_ digits: some Collection<UInt8>) -> UInt64? {
        guard let bytes = bytes(digits), bytes.count <= 8 else { return nil }
        return bytes.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64($1.offset * 8) }
    }
}

/// Reads a packet from left to right.
struct Scanner {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }
    var remaining: ArraySlice<UInt8> { rest }

    mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }
    mutating func next() -> UInt8? { rest.popFirst() }
    /// A number in hexadecimal, most significant digit first.
    mutating func number() -> UInt64? {
        var value: UInt64 = 0
        var count = 0
        while let digit = rest.first, let nibble = Hex.value(digit) {
            guard count < 16 else { return nil }
            value = value << 4 | UInt64(nibble)
            rest = rest.dropFirst()
            count += 1
        }
        return count > 0 ? value : nil
    }
    /// `address,count`.
    mutating func range() -> (address: UInt64, count: UInt64)? {
        guard let address = number(), skip(","), let count = number() else { return nil }
        return (address, count)
    }
    mutating func text(upTo stop: UInt8) -> String {
        let part = rest.prefix { $0 != stop }
        rest = rest.dropFirst(part.count)
        return String(decoding: part, as: UTF8.self)
    }
}
