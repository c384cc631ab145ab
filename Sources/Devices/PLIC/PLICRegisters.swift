import Bits
import Effects

extension PLIC {
    package static let windowBytes: UInt64 = 0x60_0000

    /// All are 32 bits wide (specification, §3 "Memory Map").
    package enum Register: Sendable, Equatable {
        case priority(source: Int)
        /// 32 sources in one word.
        case pending(word: Int)
        case enable(context: Int, word: Int)
        case threshold(context: Int)
        /// Claims when read, completes when written.
        case claim(context: Int)
        /// Inside the window, and nothing there: reads as zero.
        case reserved
    }

    private func access(_ offset: UInt64, _ width: AccessWidth) -> RegisterAccess<Register>? {
        guard offset < Self.windowBytes else { return nil }
        let start = offset & ~3
        return RegisterAccess(
            register(start), at: start, .word, .exact, offset: offset, width)
    }

    private func register(_ offset: UInt64) -> Register {
        switch offset {
        case 0..<0x1000:
            let source = Int(offset / 4)
            return isSource(source) ? .priority(source: source) : .reserved
        case 0x1000..<0x1080: return wordIndex(offset).map { .pending(word: $0) } ?? .reserved
        case 0x2000..<0x20_0000:
            let context = Int((offset - 0x2000) / 0x80)
            guard context < contexts.count, let word = wordIndex(offset) else { return .reserved }
            return .enable(context: context, word: word)
        case 0x20_0000...:
            let context = Int((offset - 0x20_0000) / 0x1000)
            guard context < contexts.count else { return .reserved }
            switch offset & 0xfff {
            case 0: return .threshold(context: context)
            case 4: return .claim(context: context)
            default: return .reserved
            }
        default: return .reserved
        }
    }

    /// Which word of a bit array of 32 words, if it can hold a source here.
    private func wordIndex(_ offset: UInt64) -> Int? {
        let word = Int(offset & 0x7f) / 4
        return word < 4 ? word : nil
    }

    /// The sources that exist, of the 32 in a word.
    private func sources(inWord word: Int) -> UInt32 {
        var mask: UInt32 = 0
        for bit in 0..<32 where isSource(word * 32 + bit) { mask |= 1 &<< UInt32(bit) }
        return mask
    }

    package mutating func read(
        _ offset: UInt64, _ width: AccessWidth, _ effects: inout EffectList
    ) -> UInt64? {
        guard let access = access(offset, width) else { return nil }
        switch access.register {
        case .priority(let source): return UInt64(priorities[source])
        case .pending(let word): return UInt64(pending[word: word])
        case .enable(let context, let word):
            return UInt64(contexts[context].enabled[word: word])
        case .threshold(let context): return UInt64(contexts[context].threshold)
        case .claim(let context):
            let source = claim(context)
            notify(&effects)
            return UInt64(source)
        case .reserved: return 0
        }
    }

    package mutating func write(
        _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, _ effects: inout EffectList
    ) -> Bool {
        guard let access = access(offset, width) else { return false }
        let word = UInt32(truncatingIfNeeded: value)
        switch access.register {
        case .priority(let source): priorities[source] = UInt8(word & UInt32(Self.highestPriority))
        case .enable(let context, let index):
            contexts[context].enabled[word: index] = word & sources(inWord: index)
        case .threshold(let context):
            contexts[context].threshold = UInt8(word & UInt32(Self.highestPriority))
        case .claim(let context): complete(context, UInt64(word))
        case .pending, .reserved: return true  // "read-only", and nothing
        }
        notify(&effects)
        return true
    }
}
