import ArgumentParser
import Hull

/// The disks of a machine, for every command that runs one.
struct DriveOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "A disk: a raw or qcow2 image, up to eight times. Behind the file, each with a comma before"
                + " it: readonly, so that the guest may not write; format=raw or format=qcow2, instead of"
                + " what the file's first bytes say; cache=none, past the host's page cache;"
                + " snapshot=NAME, to read a snapshot inside the image. A comma in the file's name is"
                + " written twice.", valueName: "file[,option…]"), completion: .file())
    var drive: [DriveChoice] = []

    @Flag(help: "What the guest writes to disks is forgotten at the end.")
    var snapshot = false

    func apply(to chosen: inout Configuration) {
        chosen.drives = drive.map(\.drive)
        chosen.discardsDriveWrites = snapshot
    }
}

/// `disk.qcow2,readonly,cache=none`.
struct DriveChoice: ExpressibleByArgument {
    let drive: Configuration.Drive

    init?(argument: String) {
        let words = Self.words(argument)
        guard let path = words.first, !path.isEmpty else { return nil }
        var drive = Configuration.Drive(path)
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map(String.init)
            switch (parts[0], parts.count == 2 ? parts[1] : nil) {
            case ("readonly", nil), ("readonly", "on"): drive.isReadOnly = true
            case ("readonly", "off"): drive.isReadOnly = false
            case ("format", let name?):
                guard let format = DriveFormat(rawValue: name) else { return nil }
                drive.format = format
            case ("cache", "none"): drive.bypassesCache = true
            case ("cache", "writeback"): drive.bypassesCache = false
            case ("snapshot", let name?) where !name.isEmpty: drive.snapshot = name
            default: return nil
            }
        }
        self.drive = drive
    }

    /// Between single commas; two of them are one that is meant.
    private static func words(_ text: String) -> [String] {
        text.replacing(",,", with: "\u{0}").split(separator: ",", omittingEmptySubsequences: false)
            .map { String($0).replacing("\u{0}", with: ",") }
    }
}
