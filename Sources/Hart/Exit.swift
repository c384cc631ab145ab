import Bits

/// Why a hart left the run loop to `Machine`.
package enum Exit: Sendable, Equatable {
    /// The budget is spent.
    case budget
    /// `wfi`, with no interrupt pending.
    case waitForInterrupt
    /// `ecall` from S-mode where the machine itself is the firmware; `pc` is past the `ecall`.
    case firmwareCall
    /// A timer comparison register changed: the budget may be too long now.
    case timer
    /// A breakpoint of the debugger lies at `pc`; the instruction there has not run.
    case debugStop
    /// Someone asked for it through `Hart.requestExit()`.
    case requested
}
