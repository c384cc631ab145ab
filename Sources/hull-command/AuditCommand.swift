import ArgumentParser
import Hull

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Tries out what a monitor relies on.",
        subcommands: [AuditISACommand.self])
}

struct AuditISACommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "isa",
        abstract: "Finds sensitive instructions, and says whether each of them traps.",
        discussion: """
            Runs every CSR number and every instruction in U-mode, and in a guest's VS- and VU-mode, \
            and looks at what each changes and what its result depends on. Popek and Goldberg: a \
            monitor that traps and emulates can be built where every sensitive instruction traps. \
            The exit code is 1 where one does not.

            Examples:
              hull audit isa
              hull audit isa --cpu virt,+xhole     (an extension that breaks the condition)
              hull audit isa --list --cpu rv64gc
            """)

    @Option(name: .customLong("cpu"), help: "What the hart can do, as in hull boot.")
    var isa = "virt"
    @Option(help: "What runs it.")
    var engine = Configuration.Engine.translator
    @Flag(help: "A line for each instruction: encoding, whether it is sensitive, U, VS, VU, text.")
    var list = false

    func run() throws {
        let audit = try Audit(isa: isa, engine: engine)
        print(list ? audit.listing : audit.text, terminator: "")
        if !audit.holes.isEmpty { throw ExitCode(1) }
    }
}
