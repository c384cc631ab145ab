import ArgumentParser
import Bits
import Glibc
import Hull

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs one command in a full riscv64 Debian.",
        discussion: """
            The first use makes the image from Debian's packages, through this machine's own apt and \
            without root, and takes a few minutes; it is kept in the cache (XDG_CACHE_HOME, or \
            ~/.cache). What a command writes to the disk is forgotten at its end. Without COMMAND, a \
            shell runs.

            The exit code is the command's. Input, output and errors are this program's own.

            Examples:
              hull run debian
              hull run debian -- uname -a
              hull run debian --harts 2 -v .:/src -- make -C /src test
              echo 'int main() { return 7; }' | hull run debian -- sh -c 'gcc -x c - && ./a.out'
            """)

    @Argument(
        help: ArgumentHelp("debian, or a disk made likewise.", valueName: "image"),
        completion: .file())
    var image: String

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The program to run, and its arguments.", valueName: "command"))
    var command: [String] = []

    @Option(
        help: ArgumentHelp(
            "Packages that the image has in addition, separated by commas.", valueName: "names"))
    var packages: String?

    @Flag(help: "What the guest's kernel and its first program say goes to standard error.")
    var verbose = false

    @OptionGroup(title: "What the machine has") var board: BoardOptions
    @OptionGroup(title: "How it runs") var running: RunOptions

    func validate() throws {
        if running.detach || running.name != nil {
            throw ValidationError("--detach and --name are for boot: a command runs here.")
        }
        if running.append != nil {
            throw ValidationError("--append is for boot: run gives the kernel its own arguments.")
        }
    }

    func run() throws {
        var bar = ProgressBar()
        let names = packages?.split(separator: ",").map(String.init) ?? []
        let guest = try DebianImage.prepare(more: names, showsConsole: verbose) { bar.show($0) }
        bar.finish()
        var chosen = Configuration()
        board.apply(to: &chosen)
        running.apply(to: &chosen)
        guest.runs(&chosen)
        let disk = image == "debian" ? guest.disk : image
        chosen.drives.insert(.init(disk), at: 0)
        var order = GuestCommand(command)
        order.showsConsole = verbose
        order.hasNetwork = !chosen.networks.isEmpty
        order.shares = chosen.shares.map {
            GuestCommand.Share(tag: $0.guest, place: $0.guest, isReadOnly: $0.isReadOnly)
        }
        if isatty(0) == 1 && isatty(1) == 1 { order.terminal = TerminalKind.name }
        Glibc.exit(Int32(try CommandSession(chosen, order).run()))
    }
}

/// What kind of terminal this program runs on.
enum TerminalKind {
    static var name: String {
        // SAFETY: the value is copied at once.
        unsafe getenv("TERM").map { unsafe String(cString: $0) } ?? "vt100"
    }
}
