import ArgumentParser
import Hull

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Runs one guest bare and under each back-end of Keel, and shows what each costs.",
        discussion: """
            Keel is the monitor that comes with Hull. Skiff runs eight small operations (after Adams \
            and Agesen, 2006), and for each of them retired instructions, VMExits by cause, page \
            faults, page-table reads and host time are shown; a page with charts is written. Another \
            guest is compared by its whole run: it has to switch the machine off by itself.

            Examples:
              hull compare
              hull compare --html figures.html
              hull compare --guest Image --initrd i.cpio --append "console=ttyS0 rdinit=/off"
            """)

    @Option(help: ArgumentHelp("skiff, or a kernel.", valueName: "image"))
    var guest = "skiff"
    @Option(help: ArgumentHelp("The kernel's initial RAM disk.", valueName: "file"))
    var initrd: String?
    @Option(help: ArgumentHelp("The kernel's command line.", valueName: "text"))
    var append: String?
    @Option(help: ArgumentHelp("Where the page goes.", valueName: "file"))
    var html = "keel-comparison.html"

    func run() throws {
        let chosen =
            guest == "skiff"
            ? ComparisonGuest.skiff
            : try ComparisonGuest(path: guest, initialRAMDisk: initrd, arguments: append)
        let comparison = try Comparison(chosen, progress: Comparison.tell)
        print(comparison.text, terminator: "")
        try comparison.writePage(to: html)
        print("\nWith charts: \(html)")
    }
}
