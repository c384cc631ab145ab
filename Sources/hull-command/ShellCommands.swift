import ArgumentParser
import Bits
import HostIO
import Hull

struct SecureShellCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh",
        abstract: "Opens a shell in a running machine, or runs a command there.",
        discussion: """
            The machine needs an ssh server and a port of this host that leads to it, as with \
            --net user,forward=2222:22. Keys of images that Hull made are known: no password and no \
            question about the host's key.

            Examples:
              hull ssh debian
              hull ssh debian uname -a
              hull ssh --user alice debian
            """)

    @Argument(help: "The machine.", completion: machineNames)
    var name: String

    @Option(help: ArgumentHelp("Who to be in the guest.", valueName: "name"))
    var user = "root"

    @Argument(parsing: .captureForPassthrough, help: "What runs there; without it, a shell.")
    var command: [String] = []

    func run() throws {
        let shell = try RunningMachines().find(name).secureShell()
        let words = command.first == "--" ? Array(command.dropFirst()) : command
        try HostProcess.become("ssh", shell.shell(user: user, words))
    }
}

struct CopyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp",
        abstract: "Copies files and folders into a running machine, or out of it.",
        discussion: """
            One of the two is NAME:PATH. It goes through ssh, as hull ssh does.

            Examples:
              hull cp program.c debian:/root/
              hull cp debian:/var/log ./logs
            """)

    @Argument(help: "What to copy.", completion: .file())
    var source: String

    @Argument(help: "Where to.", completion: .file())
    var destination: String

    @Option(help: ArgumentHelp("Who to be in the guest.", valueName: "name"))
    var user = "root"

    func run() throws {
        let (from, to) = (CopyPlace(source), CopyPlace(destination))
        guard (from.machine == nil) != (to.machine == nil),
            let name = from.machine ?? to.machine
        else {
            throw HullError(
                .usage, "One of the two is NAME:PATH, in a machine; the other a path of this host.")
        }
        let shell = try RunningMachines().find(name).secureShell()
        try HostProcess.become("scp", shell.copy(user: user, from, to))
    }
}
