import Devices
import Effects
import Journal

/// Keeps the board's clock on the host's time of day: the two part where the host sleeps, where the
/// machine stands still, and where somebody sets the host's clock.
struct WallClock: Sendable, Equatable {
    /// Smaller differences are the host's own corrections on their way.
    static let toleranceNanoseconds: Int64 = 20_000_000

    /// The host's time of day less the board's `time`, in nanoseconds, as far as the clock has it.
    private var lead: Int64?

    /// By how much the clock must be moved, for a board that has this `time` now.
    mutating func shift(ticks: UInt64, unixNanoseconds: UInt64) -> Int64? {
        let board = Int64(truncatingIfNeeded: ticks &* BoardClock.nanosecondsPerTick)
        let seen = Int64(truncatingIfNeeded: unixNanoseconds) &- board
        guard let known = lead else {
            lead = seen
            return nil
        }
        let shift = seen &- known
        guard shift.magnitude > Self.toleranceNanoseconds.magnitude else { return nil }
        lead = seen
        return shift
    }
}

extension SystemBus {
    func followTimeOfDay(_ now: UInt64) {
        guard clock.mode == .host else { return }
        let shift = timers.wallClock.shift(
            ticks: now, unixNanoseconds: BoardClock.hostUnixNanoseconds())
        if let shift { deliver(.timeOfDay(shift: shift)) }
    }
}
