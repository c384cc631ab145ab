/// The monitor's command line: words such as `mmu=lazy`. What it does not know it leaves alone.
package struct Options: Sendable, Equatable {
    package var backEnd = VCPUKind.trap
    package var mmu = MMUKind.lazy
    /// Each guest's RAM, in bytes.
    package var memory: UInt64 = 128 << 20
    /// So many system calls of a guest are shown step by step.
    package var tracedCalls = 0
    /// Counts are printed when a guest ends.
    package var showsStatistics = false
    /// The machine goes off when this guest has ended; without, when all have.
    package var lastGuest: Int?
    /// A word with a value that cannot be used.
    package var refused: [UInt8]?

    package init(parsing text: [UInt8]) {
        for word in text.split(separator: UInt8(ascii: " ")) where !take(word) {
            refused = Array(word)
        }
    }

    private mutating func take(_ word: ArraySlice<UInt8>) -> Bool {
        let parts = word.split(separator: UInt8(ascii: "="), maxSplits: 1)
        guard let name = parts.first else { return true }
        let value = parts.count > 1 ? parts[1] : []
        switch name.count {
        case 3 where name.equals("cpu"):
            guard value.equals("trap") || value.equals("hardware") else { return false }
            backEnd = value.equals("trap") ? .trap : .hardware
        case 3 where name.equals("mmu"): return takeMMU(value)
        case 5 where name.equals("until"):
            guard let guest = Self.number(value), guest < 8 else { return false }
            lastGuest = Int(guest)
        case 5 where name.equals("stats"): showsStatistics = true
        case 5 where name.equals("trace"):
            guard value.isEmpty || Self.number(value) != nil else { return false }
            tracedCalls = Self.number(value).map { Int($0) } ?? 1
        case 6 where name.equals("memory"):
            guard let bytes = Self.number(value), bytes >= 16 << 20, bytes <= 1 << 40 else {
                return false
            }
            memory = (bytes + 0x1f_ffff) & ~0x1f_ffff
        default: break
        }
        return true
    }

    private mutating func takeMMU(_ value: ArraySlice<UInt8>) -> Bool {
        if value.equals("lazy") {
            mmu = .lazy
        } else if value.equals("shadow") {
            mmu = .shadow
        } else if value.equals("trace") {
            mmu = .trace
        } else {
            return false
        }
        return true
    }

    /// Digits, and K, M or G.
    private static func number(_ text: ArraySlice<UInt8>) -> UInt64? {
        var digits = text
        var shift: UInt64 = 0
        switch text.last {
        case UInt8(ascii: "K"): shift = 10
        case UInt8(ascii: "M"): shift = 20
        case UInt8(ascii: "G"): shift = 30
        default: break
        }
        if shift > 0 { digits = digits.dropLast() }
        guard !digits.isEmpty, digits.count <= 9 else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            value = value &* 10 &+ UInt64(digit - 48)
        }
        return value &<< shift
    }
}

extension ArraySlice<UInt8> {
    func equals(_ text: StaticString) -> Bool {
        var bytes: [UInt8] = []
        bytes.append(text: text)
        return elementsEqual(bytes)
    }
}
