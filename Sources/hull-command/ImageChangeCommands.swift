import ArgumentParser
import Bits
import DiskImage
import HostIO
import Hull

struct ImageConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Copies an image into another format.",
        discussion: """
            The new image holds all that SOURCE shows, with what lies below it. Zeros take no room.

            Examples:
              hull image convert -O qcow2 disk.img disk.qcow2
              hull image convert -c --compression zstd -O qcow2 disk.qcow2 small.qcow2
              hull image convert -O raw --from-snapshot monday disk.qcow2 monday.img
            """)

    @Argument(help: "The image that is copied.", completion: .file()) var source: String
    @Argument(help: "The new image.", completion: .file()) var target: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("What SOURCE is, instead of what it looks like.", valueName: "format"))
    var format: ImageFormat?

    @Option(
        name: [.customShort("O"), .long], help: ArgumentHelp("raw or qcow2.", valueName: "format"))
    var outputFormat = ImageFormat.raw

    @Flag(name: [.customShort("c"), .long], help: "Compresses each cluster.") var compress = false

    @Option(help: ArgumentHelp("Copies a snapshot inside SOURCE.", valueName: "name"))
    var fromSnapshot: String?

    @OptionGroup var layout: ImageLayoutOptions
    @Flag(help: "Replaces a file that is there.") var force = false

    func run() throws {
        var opening = ImageOpening(source)
        opening.format = format
        opening.snapshot = fromSnapshot
        var creation = ImageCreation(target)
        creation.format = outputFormat
        creation.replaces = force
        layout.apply(to: &creation)
        var conversion = ImageConversion(opening, to: creation)
        conversion.compresses = compress
        try showingProgress("Converting \(source)") { progress throws(HullError) in
            try conversion.run(progress)
        }
    }
}

struct ImageResizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resize",
        abstract: "Makes an image longer or shorter.",
        discussion: """
            SIZE is the new size, or begins with + for so much more. The guest's partitions and file \
            systems stay as they are.

            Examples:
              hull image resize disk.qcow2 16G
              hull image resize disk.img +512M
            """)

    @Argument(help: "The image.", completion: .file()) var file: String
    @Argument(help: "16G, +1G.") var size: SizeChange

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("What the image is, instead of what it looks like.", valueName: "format")
    )
    var format: ImageFormat?

    @Flag(help: "Lets it become shorter, and lose what lies beyond.") var shrink = false

    func run() throws {
        var opening = ImageOpening(file)
        opening.format = format
        var bytes = size.bytes
        if size.isMore {
            let old = try ImageDescription(file, format: format).byteCount
            let (sum, overflow) = old.addingReportingOverflow(bytes)
            bytes = overflow ? .max : sum
        }
        try ImageChange.resize(to: bytes, shrinks: shrink).run(opening)
    }
}

/// `8G` or `+8G`.
struct SizeChange: ExpressibleByArgument {
    let bytes: UInt64
    let isMore: Bool
    init?(argument: String) {
        isMore = argument.hasPrefix("+")
        guard let size = ImageSize(argument: isMore ? String(argument.dropFirst()) : argument)
        else {
            return nil
        }
        bytes = size.bytes
    }
}

struct ImageSnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Keeps states of a qcow2 image inside it.",
        discussion: """
            Without an option, or with -l, it lists them.

            Examples:
              hull image snapshot disk.qcow2
              hull image snapshot -c before-upgrade disk.qcow2
              hull image snapshot -a before-upgrade disk.qcow2
              hull image snapshot -d before-upgrade disk.qcow2
            """)

    @Argument(help: "The image.", completion: .file()) var file: String

    @Flag(name: .shortAndLong, help: "Lists the snapshots.") var list = false

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Keeps what the drive holds.", valueName: "name"))
    var create: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Goes back to it.", valueName: "name"))
    var apply: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Forgets it.", valueName: "name"))
    var delete: String?

    func validate() throws {
        let chosen = [create, apply, delete].filter { $0 != nil }.count + (list ? 1 : 0)
        if chosen > 1 { throw ValidationError("One of -l, -c, -a and -d at a time.") }
    }

    func run() throws {
        let opening = ImageOpening(file)
        if let create { return try ImageChange.createSnapshot(create).run(opening) }
        if let apply { return try ImageChange.applySnapshot(apply).run(opening) }
        if let delete { return try ImageChange.deleteSnapshot(delete).run(opening) }
        print(try ImageDescription(file).snapshotTable, terminator: "")
    }
}

struct ImageCommitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit",
        abstract: "Writes what an overlay holds into the image below it.",
        discussion: """
            The overlay is empty afterwards. Other overlays on the same backing file are then wrong.

            Example:
              hull image commit mine.qcow2
            """)

    @Argument(help: "The overlay.", completion: .file()) var file: String

    func run() throws {
        try showingProgress("Writing back \(file)") { progress throws(HullError) in
            try ImageCommit(file).run(progress)
        }
    }
}

/// Draws a bar while something long goes on.
private func showingProgress(
    _ step: String, _ body: (ImageProgress) throws(HullError) -> Void
) throws(HullError) {
    var bar = ProgressBar()
    defer { bar.finish() }
    try body { done, total in
        bar.show(DebianArchive.Progress(step: step, doneBytes: done, totalBytes: total))
    }
}
