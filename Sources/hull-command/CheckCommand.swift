import ArgumentParser
import Bits
import Glibc
import Hull

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks that two engines do the same.",
        discussion: """
            Two machines boot IMAGE, one on each engine, and run the same instructions side by side. \
            Every so often their harts are compared, and now and then all of their memory. On a \
            difference the check goes back and shows the first instruction after which the machines \
            differ. Time follows instructions, drives stay as they are, and nothing is typed but what \
            --type says.

            The exit code is 0 when the machines stayed equal, and 2 when they did not.

            Examples:
              hull check --lockstep --type selftest --type poweroff
              hull check --lockstep Image --initrd initramfs.cpio.gz --append "console=ttyS0"
              hull check --lockstep kernel.elf --bios none --instructions 500000000
            """)

    @Flag(help: "Runs two engines side by side; the only check there is so far.")
    var lockstep = false

    @OptionGroup var boot: ImageOptions

    @Option(
        help: ArgumentHelp(
            "The two engines, such as interpreter,translator.", valueName: "engine,engine"))
    var engines = EnginePair()

    @Option(
        help: ArgumentHelp("Compares after so many instructions.", valueName: "number"))
    var every: UInt64 = 10_000

    @Option(help: ArgumentHelp("Ends after so many instructions.", valueName: "number"))
    var instructions: UInt64?

    @Option(help: ArgumentHelp("Ends after so many seconds.", valueName: "seconds"))
    var timeout: Double?

    @Option(
        help: ArgumentHelp(
            "A line that is typed when the guest waits at a prompt. Any number of times.",
            valueName: "line"))
    var type: [String] = []

    @Option(help: ArgumentHelp("The kernel's command line.", valueName: "text"))
    var append: String?

    @OptionGroup var drives: DriveOptions

    @OptionGroup(title: "What the machine has") var board: BoardOptions

    func validate() throws {
        if !lockstep { throw ValidationError("hull check wants --lockstep.") }
        if every == 0 { throw ValidationError("--every takes a number above 0.") }
    }

    func run() throws {
        var chosen = boot.configuration
        board.apply(to: &chosen)
        chosen.arguments = append
        drives.apply(to: &chosen)
        var session = LockstepSession(chosen, engines.first, engines.second)
        session.every = every
        session.limit = instructions ?? .max
        session.seconds = timeout
        session.input = type
        session.progress = { complain($0, isError: false) }
        switch try session.run() {
        case .equal(let count, let end):
            let how = end.map { "to the end, with exit code \($0.exitCode)" } ?? "as far as it went"
            print("\(count) instructions on \(engines.text): equal, \(how)")
        case .different(let report):
            print(report, terminator: "")
            Glibc.exit(2)
        }
    }
}

/// `interpreter,translator`.
struct EnginePair: ExpressibleByArgument {
    var first = Configuration.Engine.interpreter
    var second = Configuration.Engine.translator

    init() {}
    init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false)
        guard names.count == 2, let first = Configuration.Engine(rawValue: String(names[0])),
            let second = Configuration.Engine(rawValue: String(names[1]))
        else { return nil }
        (self.first, self.second) = (first, second)
    }
    var text: String { "\(first.rawValue) and \(second.rawValue)" }
    var defaultValueDescription: String { "interpreter,translator" }
}
