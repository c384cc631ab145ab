import Bits
import HostIO
import Journal

/// Makes an image: packages are unpacked into a file system here, as any user and without running
/// anything of theirs, and configured by the machine itself in its first boot.
struct DebianImageMaker {
    private let archive: DebianArchive
    private let image: DebianImage
    private let packages: [String]

    init(_ archive: DebianArchive, _ image: DebianImage, _ packages: [String]) {
        self.archive = archive
        self.image = image
        self.packages = packages
    }

    func make(
        harts: Int, showsConsole: Bool, progress: (DebianImage.Progress) -> Void
    ) throws(HullError) {
        try archive.update(progress: progress)
        let files = try archive.fetchClosure(
            of: [DebianArchive.essential] + packages, progress: progress)
        let loader = try archive.fetch([BootLoader.package], progress: progress)
        try HostFolder.create("\(image.folder)/ssh")
        try unpack(files, progress: progress)
        for file in loader { try takeLoader(try DebianPackage(file)) }
        var command = GuestCommand(["/hull-configure"])
        command.folder = "/"
        command.keepsDisk = true
        command.showsConsole = showsConsole
        try configure(command, files.count, harts: harts, progress: progress)
    }

    // MARK: Unpacking

    private func unpack(
        _ files: [String], progress: (DebianImage.Progress) -> Void
    ) throws(HullError) {
        let disk = try PartitionedDisk(image.disk, partitionBytes: DebianImage.partitionBytes)
        let now = UInt32(truncatingIfNeeded: HostClock.realNanoseconds() / 1_000_000_000)
        var writer = try Ext4Writer(
            byteCount: DebianImage.partitionBytes, label: DebianImage.label,
            identifier: Self.identifier(), time: now
        ) { offset, bytes throws(HullError) in try disk.write(offset, bytes) }
        var database = DpkgDatabase()
        var busybox: [UInt8] = []
        var modules: KernelModules?
        for (number, file) in files.enumerated() {
            progress(
                DebianImage.Progress(
                    step: "Unpacking", doneBytes: UInt64(number), totalBytes: UInt64(files.count),
                    unit: "packages"))
            let package = try DebianPackage(file)
            try Self.put(package, into: &writer)
            for own in database.add(package) {
                let attributes = FileAttributes(own.isExecutable ? 0o755 : 0o644, modified: now)
                try writer.file(own.path, attributes, own.content[...])
            }
            if package.name == "busybox-static" {
                busybox = Array(package.content(of: "usr/bin/busybox") ?? [])
            }
            if let kernel = package.files.first(where: { $0.path.hasPrefix("boot/vmlinu") }) {
                try HostFile.write(image.kernel, Array(kernel.content))
                modules = KernelModules(package)
            }
        }
        guard var modules, !busybox.isEmpty else {
            throw HullError(.format, "Debian's packages hold no kernel, or no busybox.")
        }
        try HostFile.write(
            image.initialRAMDisk,
            try GuestCommand.initialFileSystem(busybox: busybox, &modules))
        for file in database.files {
            try writer.file(file.path, FileAttributes(0o644, modified: now), file.content[...])
        }
        try putSettings(&writer, now)
        try writer.finish()
    }

    private func putSettings(_ writer: inout Ext4Writer, _ now: UInt32) throws(HullError) {
        let proxy = try ChildProcess("apt-config", ["shell", "p", "Acquire::http::Proxy"]).run()
        let value = proxy.text.split(separator: "'").dropFirst().first.map(String.init)
        let settings = DebianSettings(
            mirror: archive.mirror, suite: archive.suite, proxy: value, label: DebianImage.label)
        for file in settings.files {
            let isProgram = DebianSettings.programs.contains(file.path)
            try writer.file(
                file.path, FileAttributes(isProgram ? 0o755 : 0o644, modified: now),
                Array(file.text.utf8)[...])
        }
    }

    /// A random UUID (RFC 9562, version 4).
    private static func identifier() -> [UInt8] {
        var bytes = HostEntropy.bytes(16)
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        return bytes
    }

    /// Puts a package's files into the file system, as dpkg does before it configures: configuration
    /// files wait beside their places.
    private static func put(
        _ package: DebianPackage, into writer: inout Ext4Writer
    ) throws(HullError) {
        let configuration = package.configurationFiles
        for entry in package.files where DebianSettings.holds(entry.path) {
            let attributes = FileAttributes(
                entry.permissions, user: entry.user, group: entry.group, modified: entry.modified)
            let path = entry.path + (configuration.contains(entry.path) ? ".dpkg-new" : "")
            switch entry.kind {
            case .file: try writer.file(path, attributes, entry.content)
            case .folder: try writer.folder(path, attributes)
            case .symbolicLink(let target):
                try writer.symbolicLink(path, to: target, attributes)
            case .hardLink(let other): try writer.hardLink(path, to: other)
            case .device(let isBlock, let major, let minor):
                try writer.device(path, attributes, isBlock: isBlock, major: major, minor: minor)
            case .pipe: try writer.pipe(path, attributes)
            }
        }
    }

    private func takeLoader(_ package: DebianPackage) throws(HullError) {
        try HostFile.write(image.loader, try BootLoader.content(of: package))
    }

    // MARK: The first boot

    private func configure(
        _ command: GuestCommand, _ count: Int, harts: Int,
        progress: (DebianImage.Progress) -> Void
    ) throws(HullError) {
        var configuration = Configuration()
        image.runs(&configuration)
        configuration.hartCount = harts
        configuration.drives = [.init(image.disk)]
        configuration.timeoutSeconds = 1800
        let notes = FirstBootNotes(packageCount: count)
        let session = CommandSession(configuration, command)
        let code = try withoutActuallyEscaping(progress) { progress throws(HullError) in
            notes.progress = progress
            defer { notes.progress = nil }
            return try session.run(output: notes)
        }
        guard code == 0, notes.isDone else {
            throw HullError(
                .guest, "Debian's packages could not be configured (exit code \(code))",
                cause: notes.lastLines)
        }
        try HostFile.write(image.key, Array((notes.key.joined(separator: "\n") + "\n").utf8))
        try HostFile.write(image.knownHosts, Array("* \(notes.host)\n".utf8))
        try HostFolder.protect(image.key, 0o600)
        try HostFolder.protect(image.disk, 0o444)
    }
}

/// What the first boot prints, line by line.
///
/// SAFETY: the thread that runs the machine alone writes, and it is the one that reads afterwards.
final class FirstBootNotes: ConsoleBackEnd, @unchecked Sendable {
    private let packageCount: Int
    private var line: [UInt8] = []
    private var configured = 0
    private var recent: [String] = []
    private(set) var key: [String] = []
    private(set) var host = ""
    private(set) var isDone = false
    var progress: ((DebianImage.Progress) -> Void)?

    init(packageCount: Int) { self.packageCount = packageCount }

    var lastLines: String { recent.joined(separator: " / ") }

    func output(_ byte: UInt8) {
        guard byte == UInt8(ascii: "\n") else { return line.append(byte) }
        take(String(decoding: line, as: UTF8.self))
        line = []
    }
    func output(_ bytes: [UInt8]) { for byte in bytes { output(byte) } }
    func flush() {}
    func inputTaken(_ count: Int) {}

    private func take(_ line: String) {
        if line.hasPrefix("@key ") { return key.append(String(line.dropFirst(5))) }
        if line.hasPrefix("@host ") { return host = String(line.dropFirst(6)) }
        if line == "@done" { return isDone = true }
        recent.append(line)
        if recent.count > 5 { recent.removeFirst() }
        if line.hasPrefix("Setting up") { configured += 1 }
        progress?(
            DebianImage.Progress(
                step: "Configuring, in the machine itself", doneBytes: UInt64(configured),
                totalBytes: UInt64(packageCount), unit: "packages"))
    }
}

extension DebianPackage {
    /// The bytes of one of its files.
    func content(of path: String) -> ArraySlice<UInt8>? {
        files.first { $0.path == path && $0.kind == .file }?.content
    }
}
