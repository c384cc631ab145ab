import ArgumentParser
import Hull

struct BalloonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balloon",
        abstract: "Takes memory from a running guest, or gives it back.",
        discussion: """
            SIZE is what the guest is to make do with; what it has beyond that goes to the host, as far \
            as the guest can spare it. Linux listens. Without SIZE, says how things are.

            Examples:
              hull balloon debian
              hull balloon debian 512M
              hull balloon debian all
            """)

    @Argument(help: "The machine.", completion: machineNames)
    var name: String

    @Argument(help: "Such as 512M, or all.")
    var size: BalloonSize?

    @Option(help: ArgumentHelp("How long to wait for the guest.", valueName: "seconds"))
    var timeout: Double = 10

    func validate() throws { try checkPatience(timeout) }

    func run() throws {
        let machine = try RunningMachines().find(name)
        var state = try machine.balloon()
        if let size {
            state = try machine.balloon(
                size.balloon(memory: state.memory), waiting: timeout)
        }
        say(
            "\(name): \(Self.mebibytes(state.memory - min(state.held, state.memory))) of "
                + "\(Self.mebibytes(state.memory)) in the guest's hands, "
                + "\(Self.mebibytes(state.held)) given up"
                + (state.held == state.wanted
                    ? "\n" : " of \(Self.mebibytes(state.wanted)) that it was asked for\n"))
    }

    private static func mebibytes(_ bytes: UInt64) -> String { "\(bytes >> 20)M" }
}

/// How much memory a guest is to make do with: `512M`, or `all`.
struct BalloonSize: ExpressibleByArgument {
    private let kept: UInt64?

    init?(argument: String) {
        guard argument != "all" else {
            kept = nil
            return
        }
        guard let size = MemorySize(argument: argument) else { return nil }
        kept = size.bytes
    }

    /// What the balloon holds then.
    func balloon(memory: UInt64) -> UInt64 { kept.map { memory - min($0, memory) } ?? 0 }
}
