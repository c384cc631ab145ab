import Bits
import Effects
import Hart
import HostIO
import Journal
import Machine
import Translator

/// Wires a machine from a configuration: images, engine, back ends.
package struct Assembly {
    package let machine: Machine
    package private(set) var boot: Boot
    private let drives: [any BlockBackEnd]
    private let networks: [Int: NetworkCard]
    private let shares: [any ShareBackEnd]
    private let traceOutput: TraceOutput?
    private let profile: PerfMap?
    /// A sentence for people, where another engine runs than the one that was chosen.
    package let notice: String?

    /// `keepsDrives`: what the guest writes to drives is forgotten at the end.
    package init(
        _ configuration: Configuration, _ boot: consuming Boot, inbox: EventInbox,
        consoles: [Int: any ConsoleBackEnd], keepsDrives: Bool = false,
        ports: [MachinePort] = []
    ) throws(HullError) {
        let clock: ClockMode =
            switch configuration.clock {
            case .host: .host
            case .instructions(let megahertz): .instructions(megahertz: megahertz)
            }
        let drives = try configuration.openDrives(inbox, answersAtOnce: keepsDrives)
        self.drives = drives
        guard !keepsDrives || configuration.networks.isEmpty else {
            throw HullError(
                .usage,
                "Two machines run side by side here, and a network would answer each on its own; leave"
                    + " --net out.")
        }
        networks = try configuration.plugNetworks(
            from: drives.count + configuration.shares.count, inbox)
        shares = try configuration.startShares(inbox)
        let choice = try EngineChoice(configuration, hostRunsCode: Translator.isAvailable)
        notice = choice.notice
        var startThread: StartThread?
        if !configuration.runsHartsInTurns { startThread = Self.startThread }
        var parts = MachineParts(
            clock: clock, inbox: inbox, consoles: consoles, drives: drives,
            entropy: clock == .host ? HostEntropy(inbox: inbox) : RepeatableEntropy(inbox: inbox),
            endsAtReset: configuration.endsAtReset,
            unixNanoseconds: clock == .host ? HostClock.realNanoseconds() : 0,
            startThread: startThread
        ) { memory in
            choice.make(memory, configuration)
        }
        parts.networks = networks
        parts.ports = ports
        parts.hasPowerButton = !keepsDrives
        parts.shares = shares
        machine = try Machine(boot.board, boot.plan, parts)
        boot.forgetPieces()
        traceOutput = try configuration.startTrace(of: machine, boot)
        profile = configuration.writesProfile ? try PerfMap() : nil
        for case let translator as Translator in machine.engines {
            configuration.observe(translator, traceOutput, profile, boot)
        }
        self.boot = boot
    }

    private static func startThread(
        _ name: String, _ run: @escaping @Sendable () -> Void
    ) throws(HullError) -> () -> Void {
        let thread = try HostThread(name, stackBytes: 2 << 20, run)
        return { thread.join() }
    }

    /// Waits until what the guest wrote is in the drives, and lets go of them.
    package func close() {
        for drive in drives { drive.close() }
        for card in networks.values { card.backEnd.close() }
        for share in shares { share.close() }
        traceOutput?.flush()
        profile?.flush()
    }
}

/// The same bytes in every run, for runs that can be repeated.
///
/// SAFETY: the run loop alone submits.
private final class RepeatableEntropy: EntropyBackEnd, @unchecked Sendable {
    private let inbox: EventInbox
    private var source = SeededEntropy(seed: 0)
    init(inbox: EventInbox) { self.inbox = inbox }

    func submit(device: Int, count: Int) {
        inbox.post(.entropy(device: device, source.bytes(count)))
    }
}
