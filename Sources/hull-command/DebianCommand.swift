import ArgumentParser
import Glibc
import Hull

struct DebianCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "debian",
        abstract: "Fetches Debian's riscv64 kernel and busybox, and boots them.",
        discussion: """
            The packages come through this machine's own apt, which checks their signatures, and are \
            kept in the cache (XDG_CACHE_HOME, or ~/.cache), so that the second time nothing is \
            fetched. No root is needed.

            Examples:
              hull debian
              hull debian --run "uname -a"
              hull debian --drive disk.img --memory 2G
              hull debian --fetch-only
            """)

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp(
            "Runs a command of the guest's shell and powers off.", valueName: "command"))
    var order: String?

    @Flag(help: "Fetches what is missing, says where it is, and boots nothing.")
    var fetchOnly = false

    @OptionGroup(title: "What the machine has") var board: BoardOptions
    @OptionGroup(title: "How it runs") var running: RunOptions

    func validate() throws {
        if let order, order.contains("\"") {
            throw ValidationError("--run takes a command without double quotes.")
        }
    }

    func run() throws {
        var bar = ProgressBar()
        let guest = try DebianGuest.prepare { bar.show($0) }
        bar.finish()
        if fetchOnly {
            print(guest.kernel)
            print(guest.initialRAMDisk)
            return
        }
        var chosen = Configuration(image: guest.kernel)
        chosen.initialRAMDisk = guest.initialRAMDisk
        chosen.title = "debian"
        board.apply(to: &chosen)
        running.apply(to: &chosen)
        var words = ["console=ttyS0"]
        if order != nil { words.append("quiet") }
        if let append = running.append { words.append(append) }
        if let order { words.append("hull.run=\"\(order)\"") }
        chosen.arguments = words.joined(separator: " ")
        Glibc.exit(Int32(try Session(chosen).run()))
    }
}
