import ArgumentParser
import Bits
import Glibc
import Hull

struct BootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boot",
        abstract: "Boots a kernel or a bare-metal program.",
        discussion: """
            IMAGE is an ELF file, a Linux Image, or either of them compressed with gzip or zstd; what \
            it is gets detected. A disk with a system on it is started by U-Boot from Debian's \
            packages; debian is the disk that hull run makes. Without IMAGE, Skiff boots.

            Examples:
              hull boot
              hull boot Image --initrd initramfs.cpio.gz --append "quiet"
              hull boot kernel.elf --bios none --drive fs.img       (xv6 starts in M-mode)
              hull boot Image --bios fw_dynamic.bin                 (OpenSBI below the kernel)
              hull boot debian --harts 2
              hull boot disk.img
              hull boot test.elf --timeout 10 --trace instructions
              echo help | hull boot --timeout 10

            Ctrl-A x quits, Ctrl-A h lists the keys.
            """)

    @OptionGroup var boot: ImageOptions
    @OptionGroup(title: "What the machine has") var board: BoardOptions
    @OptionGroup(title: "How it runs") var running: RunOptions

    func run() throws {
        var chosen = boot.configuration
        board.apply(to: &chosen)
        running.apply(to: &chosen)
        var bar = ProgressBar()
        try chosen.startFromDisk { bar.show($0) }
        bar.finish()
        Glibc.exit(Int32(try Session(chosen).run()))
    }
}

/// What boots, for every command that boots something.
struct ImageOptions: ParsableArguments {
    @Argument(help: "The kernel or program.", completion: .file())
    var image: String?

    @Option(
        help: ArgumentHelp("An initial RAM disk for Linux.", valueName: "file"),
        completion: .file())
    var initrd: String?

    @Option(
        help: ArgumentHelp(
            "What runs in M-mode: a file such as OpenSBI's fw_dynamic.bin, or none for an IMAGE that"
                + " starts there itself. Without it, Hull is the firmware.", valueName: "none|file"),
        completion: .file())
    var bios: String?

    @Option(
        help: ArgumentHelp("Starts IMAGE there instead of at its own entry.", valueName: "address"))
    var kernelEntry: Address?

    var configuration: Configuration {
        var chosen = Configuration(image: image)
        chosen.initialRAMDisk = initrd
        chosen.firmware =
            switch bios {
            case nil: .builtIn
            case "none": .none
            case let file?: .file(file)
            }
        chosen.entry = kernelEntry?.value
        return chosen
    }
}
