import Bits
import HostIO
import Journal
import Machine

/// A check that two engines do the same: both run what a configuration names, side by side.
package struct LockstepSession {
    private let configuration: Configuration
    private let engines: (Configuration.Engine, Configuration.Engine)
    /// Instructions between two comparisons, and after which the check ends.
    package var every: UInt64 = 10_000
    package var limit: UInt64 = .max
    /// Typed when the guest waits at the end of an unfinished line.
    package var input: [String] = []
    /// Seconds after which the check ends.
    package var seconds: Double?
    /// Told how far it is, in short lines.
    package var progress: (String) -> Void = { _ in }

    package init(
        _ configuration: Configuration, _ first: Configuration.Engine,
        _ second: Configuration.Engine
    ) {
        var configuration = configuration
        if configuration.clock == .host {
            configuration.clock = .instructions(megahertz: BoardClock.defaultMegahertz)
        }
        self.configuration = configuration
        engines = (first, second)
    }

    package func run() throws(HullError) -> LockstepCheck.Outcome {
        var check = LockstepCheck { () throws(HullError) in try pair() }
        check.every = max(every, 1)
        check.limit = limit
        check.note = progress
        check.progress = { pair in
            progress(
                "\(pair.retired / 1_000_000) million instructions, equal: \(pair.first.console.lastLine)"
            )
        }
        if let seconds {
            let start = BoardClock.hostNanoseconds()
            check.isLate = {
                Double(BoardClock.hostNanoseconds() &- start) > seconds * 1e9
            }
        }
        return try check.run()
    }

    private func pair() throws(HullError) -> LockstepPair {
        LockstepPair(
            try side(engines.0), try side(engines.1), input: input.map { Array("\($0)\n".utf8) })
    }

    private func side(_ engine: Configuration.Engine) throws(HullError) -> LockstepSide {
        var chosen = configuration
        chosen.engine = engine
        let console = ComparedConsole()
        let assembly = try Assembly(
            chosen, try Boot(chosen), inbox: EventInbox(),
            consoles: [BoardDevices.uartConsole: console], keepsDrives: true)
        return LockstepSide(engine.rawValue, assembly.machine, console)
    }
}
