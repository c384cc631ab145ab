import ArgumentParser
import Bits
import Glibc
import Hull

/// The program's entry: parses the command line and turns errors into sentences and exit codes.
@main
struct HullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hull",
        abstract: "A RISC-V computer that runs unmodified operating systems.",
        discussion: """
            Examples:
              hull boot                          Skiff, the small system that comes with Hull
              hull boot Image --initrd i.gz      a Linux kernel with an initial RAM disk
              hull debian                        fetches Debian's kernel and boots it
              hull machine                       draws the board
              hull boot --detach; hull ps        leaves a machine running, lists what runs

            While a machine runs, Ctrl-A x quits and Ctrl-A h lists the keys. The exit code is the \
            guest's; 1 says that Hull itself could not go on, 64 that the command line is wrong and \
            124 that the time given with --timeout was up.
            """,
        version: hullVersion,
        subcommands: [
            AuditCommand.self, BalloonCommand.self, BlockBackEndCommand.self, BootCommand.self,
            CheckCommand.self,
            ConsoleCommand.self,
            CompareCommand.self, CopyCommand.self,
            DebianCommand.self, DTBCommand.self, DisassembleCommand.self, ImageCommand.self,
            KeelCommand.self, MachineCommand.self,
            PauseCommand.self, ProcessesCommand.self, ResumeCommand.self, RunCommand.self,
            SecureShellCommand.self,
            StatisticsCommand.self, StopCommand.self, SurfaceCommand.self, UnitCommand.self,
            VersionCommand.self,
        ])

    static func main() {
        let code: Int32
        do {
            var command = try parseAsRoot()
            try command.run()
            code = 0
        } catch let error as HullError {
            complain(error.description)
            code = error.code == .usage ? EX_USAGE : 1
        } catch {
            exit(withError: error)
        }
        Glibc.exit(code)
    }
}

/// A sentence on standard error, however deep in a run.
func complain(_ sentence: String, isError: Bool = true) {
    let bytes = Array("\(isError ? "hull: " : "")\(sentence)\n".utf8)
    // SAFETY: the bytes live through the call.
    unsafe _ = bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
}
