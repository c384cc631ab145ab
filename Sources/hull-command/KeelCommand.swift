import ArgumentParser
import Glibc
import Hull

struct KeelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keel",
        abstract: "Boots Keel, the monitor that comes with Hull, with guests of its own.",
        discussion: """
            Each IMAGE is a guest of Keel: an ELF file or a Linux Image, unmodified. --initrd, --disk \
            and --arguments belong to the guests in their order. Without IMAGE, Skiff is the guest.

            Examples:
              hull keel
              hull keel --back-end hardware --stats Image --initrd i.cpio --arguments console=ttyS0
              hull keel --mmu trace xv6/kernel/kernel --disk xv6/fs.img
              hull keel Image xv6/kernel/kernel --initrd i.cpio      (Ctrl-T: who is typed at)
              hull keel --trace-calls 1       (a system call of the guest, step by step)
            """)

    @Argument(help: "Kernels, a guest each.", completion: .file())
    var images: [String] = []
    @Option(help: ArgumentHelp("A guest's initial RAM disk.", valueName: "file"))
    var initrd: [String] = []
    @Option(
        help: ArgumentHelp("A guest's disk; what is written to it is forgotten.", valueName: "file")
    )
    var disk: [String] = []
    @Option(help: ArgumentHelp("A guest's command line.", valueName: "text"))
    var arguments: [String] = []

    enum BackEnd: String, ExpressibleByArgument, CaseIterable { case trap, hardware }
    enum MMU: String, ExpressibleByArgument, CaseIterable { case lazy, shadow, trace }
    @Option(
        help: "trap emulates what the guest's kernel may not do; hardware uses the H extension.")
    var backEnd = BackEnd.trap
    @Option(name: .customLong("mmu"), help: "How trap keeps its shadow page tables.")
    var shadows = MMU.lazy
    @Option(help: ArgumentHelp("Each guest's RAM.", valueName: "size"))
    var guestMemory = "128M"
    @Option(help: ArgumentHelp("So many system calls are shown step by step.", valueName: "count"))
    var traceCalls: Int?
    @Flag(help: "VMExits and page faults are counted, and printed when a guest ends.")
    var counts = false

    @OptionGroup(title: "What the machine has") var board: BoardOptions
    @OptionGroup(title: "How it runs") var running: RunOptions

    func run() throws {
        var chosen = Configuration()
        board.apply(to: &chosen)
        running.apply(to: &chosen)
        var guests: [Keel.Guest] = []
        for index in 0..<max(images.count, 1) {
            func own(_ list: [String]) -> String? {
                list.indices.contains(index) ? list[index] : nil
            }
            guests.append(
                try Keel.Guest(
                    path: own(images), initialRAMDisk: own(initrd), disk: own(disk),
                    arguments: own(arguments)))
        }
        var words = "cpu=\(backEnd.rawValue) mmu=\(shadows.rawValue) memory=\(guestMemory)"
        if let traceCalls { words += " trace=\(traceCalls)" }
        if counts { words += " stats" }
        if let more = running.append { words += " " + more }
        chosen.start(keelWith: guests, words: words)
        Glibc.exit(Int32(try Session(chosen).run()))
    }
}
