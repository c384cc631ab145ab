import Bits
import Effects

/// SiFive's test finisher (`sifive,test1`), which is also the board's `syscon` for power-off and
/// reboot: one 32-bit register whose writes end the run.
package struct Finisher: Sendable, Equatable {
    package enum Register: Sendable { case control }
    package static let windowBytes: UInt64 = 0x1000

    package static let pass: UInt16 = 0x5555
    package static let fail: UInt16 = 0x3333
    package static let reset: UInt16 = 0x7777

    package init() {}

    private static func access(_ offset: UInt64, _ width: AccessWidth) -> RegisterAccess<Register>?
    {
        // 16-bit writes are enough for a pass, and some programs make them.
        if width == .half {
            return RegisterAccess(.control, at: 0, .half, .exact, offset: offset, width)
        }
        return RegisterAccess(.control, at: 0, .word, .exact, offset: offset, width)
    }

    package mutating func read(
        _ offset: UInt64, _ width: AccessWidth, _ effects: inout EffectList
    ) -> UInt64? {
        Self.access(offset, width) == nil ? nil : 0
    }

    /// Other values than the three commands mean nothing.
    package mutating func write(
        _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, _ effects: inout EffectList
    ) -> Bool {
        guard let access = Self.access(offset, width) else { return false }
        let written = access.whole(0, writing: value)
        switch UInt16(truncatingIfNeeded: written) {
        case Self.pass: effects.append(.end(EndOfRun(.shutdown, exitCode: 0)))
        case Self.fail:
            effects.append(.end(EndOfRun(.failure, exitCode: Self.failureCode(written >> 16))))
        case Self.reset: effects.append(.end(EndOfRun(.reset, exitCode: 0)))
        default: break
        }
        return true
    }

    /// A failure never looks like a success: no code means 1, and one that does not fit means 255.
    private static func failureCode(_ code: UInt64) -> UInt8 {
        code == 0 ? 1 : UInt8(clamping: code)
    }
}
