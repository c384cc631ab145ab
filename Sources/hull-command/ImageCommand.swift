import ArgumentParser
import Bits
import DiskImage
import Hull

struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Makes disk images and works on them.",
        discussion: """
            Images are raw or qcow2, QEMU's format, which grows as it is written and may lie on another \
            image. A machine that uses an image keeps others from it.

            Examples:
              hull image create -f qcow2 disk.qcow2 8G
              hull image create -f qcow2 -b debian.qcow2 mine.qcow2
              hull image info mine.qcow2
              hull image convert -c -O qcow2 disk.img small.qcow2
            """,
        subcommands: [
            ImageCommitCommand.self, ImageConvertCommand.self, ImageCreateCommand.self,
            ImageInfoCommand.self, ImageResizeCommand.self, ImageSnapshotCommand.self,
        ])
}

/// A size in bytes: `8G`, `512M`, `1048576`.
struct ImageSize: ExpressibleByArgument {
    let bytes: UInt64
    init?(argument: String) {
        if let bytes = UInt64(argument) {
            self.bytes = bytes
        } else if let size = MemorySize(argument: argument) {
            bytes = size.bytes
        } else {
            return nil
        }
    }
    init(bytes: UInt64) { self.bytes = bytes }
    var defaultValueDescription: String { "\(bytes >> 10)K" }
}

extension ImageFormat: ExpressibleByArgument {}

/// How compressed clusters are packed.
enum PackingChoice: String, ExpressibleByArgument, CaseIterable {
    case zlib, zstd
    var compression: ClusterCompression { self == .zstd ? .zstd : .deflate }
}

struct ImageCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes an empty image.",
        discussion: """
            With a backing file, the new image shows what that one holds, and keeps what is written \
            for itself. A relative name of a backing file counts from the new image's folder.

            Examples:
              hull image create disk.img 8G
              hull image create -f qcow2 disk.qcow2 8G
              hull image create -f qcow2 -b debian.qcow2 mine.qcow2
            """)

    @Argument(help: "The file.", completion: .file()) var file: String
    @Argument(help: "Its size, such as 8G; without it, the backing file's.") var size: ImageSize?

    @Option(name: [.short, .long], help: ArgumentHelp("raw or qcow2.", valueName: "format"))
    var format = ImageFormat.raw

    @Option(
        name: [.short, .long], help: ArgumentHelp("What the image lies on.", valueName: "file"),
        completion: .file())
    var backing: String?

    @Option(
        name: [.customShort("F"), .long],
        help: ArgumentHelp("What the backing file is.", valueName: "format"))
    var backingFormat: ImageFormat?

    @OptionGroup var layout: ImageLayoutOptions

    @Flag(help: "Replaces a file that is there.") var force = false

    func run() throws {
        var creation = ImageCreation(file)
        creation.format = format
        creation.byteCount = size?.bytes
        creation.backing = backing
        creation.backingFormat = backingFormat
        creation.replaces = force
        layout.apply(to: &creation)
        try creation.run()
    }
}

/// How a qcow2 image is laid out.
struct ImageLayoutOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Of qcow2, 512 to 2M.", valueName: "size"))
    var clusterSize = ImageSize(bytes: 1 << 16)

    @Option(help: ArgumentHelp("Of each cluster's reference count, 1 to 64.", valueName: "bits"))
    var refcountBits = 16

    @Option(
        help: ArgumentHelp("How compressed clusters are packed: zlib or zstd.", valueName: "kind"))
    var compression = PackingChoice.zlib

    @Flag(help: "Lets reference counts stay behind until the image is closed.")
    var lazyRefcounts = false

    @Option(help: ArgumentHelp("Of qcow2, 2 or 3.", valueName: "version"))
    var qcow2Version: UInt32 = 3

    func apply(to creation: inout ImageCreation) {
        creation.clusterBytes = Int(clamping: clusterSize.bytes)
        creation.refcountBits = refcountBits
        creation.compression = compression.compression
        creation.lazyRefcounts = lazyRefcounts
        creation.version = qcow2Version
    }
}

struct ImageInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Says what an image is.",
        discussion: """
            Examples:
              hull image info disk.qcow2
              hull image info --json disk.qcow2
            """)

    @Argument(help: "The file.", completion: .file()) var file: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("What the image is, instead of what it looks like.", valueName: "format")
    )
    var format: ImageFormat?

    @Flag(help: "For programs, with the keys that qemu-img uses.") var json = false

    func run() throws {
        let description = try ImageDescription(file, format: format)
        print(json ? description.json : description.text, terminator: "")
    }
}
