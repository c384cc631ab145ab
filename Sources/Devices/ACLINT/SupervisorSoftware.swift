import Bits
import Effects

/// The ACLINT's supervisor-level software interrupts (SSWI): writing 1 to a hart's SETSSIP sets its
/// pending bit, which only the hart itself clears. There is no state.
package struct SupervisorSoftware: Sendable, Equatable {
    package static let windowBytes: UInt64 = 0x4000
    let hartCount: Int

    package init(hartCount: Int) { self.hartCount = hartCount }

    package enum Register: Sendable, Equatable {
        case set(hart: Int)
        case reserved
    }

    private func access(_ offset: UInt64, _ width: AccessWidth) -> RegisterAccess<Register>? {
        guard offset < Self.windowBytes else { return nil }
        let hart = Int(offset / 4)
        return RegisterAccess(
            hart < hartCount ? .set(hart: hart) : .reserved, at: offset & ~3, .word, .exact,
            offset: offset, width)
    }

    package mutating func read(
        _ offset: UInt64, _ width: AccessWidth, _ effects: inout EffectList
    ) -> UInt64? {
        access(offset, width) == nil ? nil : 0
    }

    package mutating func write(
        _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, _ effects: inout EffectList
    ) -> Bool {
        guard let access = access(offset, width) else { return false }
        if case .set(let hart) = access.register, value.bit(0) {
            effects.append(.interrupt(hart: hart, .supervisorSoftware, true))
        }
        return true
    }
}
