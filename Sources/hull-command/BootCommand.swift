import ArgumentParser
import Bits
import Glibc
import Hull

struct BootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boot",
        abstract: "Boots a kernel or a bare-metal program.",
        discussion: """
            IMAGE is an ELF file, a Linux Image, or either of them compressed with gzip or zstd; what
            it is gets detected. Without IMAGE, Skiff boots.

            Examples:
              hull boot
              hull boot Image --initrd initramfs.cpio.gz --append "quiet"
              hull boot kernel.elf --bios none --drive fs.img       (xv6 starts in M-mode)
              hull boot Image --bios fw_dynamic.bin                 (OpenSBI below the kernel)
              hull boot test.elf --timeout 10 --trace instructions
              echo help | hull boot --timeout 10

            Ctrl-A x quits, Ctrl-A h lists the keys.
            """)

    @Argument(help: "The kernel or program.", completion: .file())
    var image: String?

    @Option(
        help: ArgumentHelp("An initial RAM disk for Linux.", valueName: "file"),
        completion: .file())
    var initrd: String?

    @Option(help: ArgumentHelp("The kernel's command line.", valueName: "text"))
    var append: String?

    @Option(
        help: ArgumentHelp(
            "What runs in M-mode: a file such as OpenSBI's fw_dynamic.bin, or none for an IMAGE that"
                + " starts there itself. Without it, Hull is the firmware.", valueName: "none|file"),
        completion: .file())
    var bios: String?

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "A disk: a raw image, and ,readonly if the guest may not write. Up to eight times.",
            valueName: "file[,readonly]"), completion: .file())
    var drive: [String] = []

    @OptionGroup var board: BoardOptions

    @Option(help: "What runs the harts.")
    var engine = Configuration.Engine.interpreter

    @Option(
        help: ArgumentHelp("Starts IMAGE there instead of at its own entry.", valueName: "address"))
    var kernelEntry: Address?

    @Option(
        help: ArgumentHelp(
            "What the guest's time follows: host, or instructions=MHz, which makes runs repeatable.",
            valueName: "clock"))
    var clock = ClockChoice(.host)

    @Option(
        help: ArgumentHelp(
            "Ends the run with exit code 124 after so many seconds.", valueName: "seconds"))
    var timeout: Double?

    @Flag(help: "A reset that the guest asks for ends the run.")
    var noReboot = false

    @Option(
        help: ArgumentHelp(
            "Waits for a debugger there: a port of this machine, or unix:PATH.",
            valueName: "port|unix:path"))
    var gdb: String?

    @Flag(help: "Counts of the run go to standard error at its end.")
    var stats = false

    func validate() throws {
        if let timeout, !(timeout > 0 && timeout < 1e9) {
            throw ValidationError("--timeout takes a number of seconds above 0.")
        }
    }

    func run() throws {
        Glibc.exit(Int32(try Session(chosen()).run()))
    }

    private func chosen() -> Configuration {
        var chosen = Configuration(image: image)
        chosen.initialRAMDisk = initrd
        chosen.arguments = append
        chosen.firmware =
            switch bios {
            case nil: .builtIn
            case "none": .none
            case let file?: .file(file)
            }
        chosen.drives = drive.map { text in
            text.hasSuffix(",readonly")
                ? Configuration.Drive(String(text.dropLast(9)), isReadOnly: true)
                : Configuration.Drive(text)
        }
        board.apply(to: &chosen)
        chosen.engine = engine
        chosen.entry = kernelEntry?.value
        chosen.clock = clock.clock
        chosen.endsAtReset = noReboot
        chosen.timeoutSeconds = timeout
        chosen.printsStatistics = stats
        chosen.debugger = gdb
        return chosen
    }
}
