import CSkiff

/// How something ended that may trap.
enum Outcome {
    case value(UInt64)
    case trap(cause: UInt64, value: UInt64, pc: UInt64)
}

/// The last trap that an attempt took; the trap handler writes it.
enum AttemptedTrap {
    nonisolated(unsafe) static var cause: UInt64 = 0
    nonisolated(unsafe) static var value: UInt64 = 0
    nonisolated(unsafe) static var pc: UInt64 = 0

    static var isArmed: Bool { load64(address_of_skiff_attempt_stack()) != 0 }

    /// Records the trap and makes the attempt return.
    static func recover(_ frame: TrapFrame) {
        unsafe cause = frame.cause
        unsafe value = frame.value
        unsafe pc = frame.pc
        frame.pc = address_of_skiff_attempt_recover()
    }
}

/// Calls a function that holds no references (they would leak when it traps). Attempts do not nest.
func attempt(
    _ body: @convention(c) (UInt64, UInt64) -> UInt64, _ a: UInt64 = 0, _ b: UInt64 = 0
) -> Outcome {
    if skiff_attempt(body, a, b) == 0 {
        return .value(load64(address_of_skiff_attempt_value()))
    }
    return unsafe .trap(
        cause: AttemptedTrap.cause, value: AttemptedTrap.value, pc: AttemptedTrap.pc)
}
