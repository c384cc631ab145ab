import ArgumentParser
import Bits
import Glibc
import HostIO
import Hull
import Machine

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Says which Hull this is.")

    func run() throws { print("hull \(hullVersion)") }
}

struct MachineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine",
        abstract: "Draws the board: address map, interrupts, harts.",
        discussion: """
            Examples:
              hull machine
              hull machine --harts 4 --cpu rv64gc
            """)

    @OptionGroup var board: BoardOptions

    func run() throws {
        var configuration = Configuration()
        board.apply(to: &configuration)
        print(try configuration.board().drawing, terminator: "")
    }
}

struct DTBCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dtb",
        abstract: "Writes the flattened device tree that describes the board.",
        discussion: """
            Without FILE it goes to standard output.

            Examples:
              hull dtb board.dtb
              hull dtb | dtc -I dtb -O dts
            """)

    @Argument(help: "Where to write it.", completion: .file())
    var file: String?

    @OptionGroup var board: BoardOptions

    @Option(help: ArgumentHelp("The kernel's command line.", valueName: "text"))
    var append: String?

    func run() throws {
        var configuration = Configuration()
        board.apply(to: &configuration)
        let tree = try configuration.board().deviceTree(BootChoice(arguments: append))
        if let file { return try HostFile.write(file, tree) }
        guard isatty(1) == 0 else {
            throw HullError(
                .usage,
                "A device tree is not for terminals. Name a FILE, or pipe it: hull dtb | dtc -I dtb"
            )
        }
        guard HostFile.writeAll(1, tree) else {
            throw HullError(.host, "The device tree cannot be written to standard output.")
        }
    }
}
