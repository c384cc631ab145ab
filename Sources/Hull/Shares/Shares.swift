import Bits
import Glibc
import HostIO
import Journal

extension Configuration.Share {
    /// `HOST:GUEST`, then `:` and words with commas between them: `ro` or `rw`, `9p` or `virtiofs`. GUEST
    /// begins with a slash; HOST may hold colons.
    public init?(parsing text: String) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var isReadOnly = false
        var transport = Transport.automatic
        if let last = parts.last, !last.hasPrefix("/"), parts.count > 2 {
            for word in last.split(separator: ",", omittingEmptySubsequences: false) {
                switch word {
                case "ro": isReadOnly = true
                case "rw": isReadOnly = false
                case "9p": transport = .nineP
                case "virtiofs": transport = .virtiofs
                default: return nil
                }
            }
            parts.removeLast()
        }
        guard parts.count > 1, let guest = parts.popLast(), guest.hasPrefix("/"),
            !guest.contains(where: \.isWhitespace)
        else { return nil }
        let host = parts.joined(separator: ":")
        guard !host.isEmpty else { return nil }
        self.init(host, at: String(guest), isReadOnly: isReadOnly, transport: transport)
    }
}

/// The servers of a machine's shared folders.
struct ShareServers {
    private(set) var folders: [any ShareBackEnd] = []
    private(set) var remotes: [any RemoteBackEnd] = []

    /// Bytes of the name in virtio-fs's configuration (virtio 1.2 §5.11.4).
    private static let nameBytes = 36

    init(_ configuration: Configuration, _ inbox: EventInbox) throws(HullError) {
        var names: Set<String> = []
        for share in configuration.shares {
            guard names.insert(share.guest).inserted else {
                throw HullError(
                    .usage, "Two folders are to be shared as \(share.guest); name them apart.")
            }
            // What is wrong with the folder is said before any program is started.
            let tree = try HostTree(share.host)
            if let program = try Self.program(for: share, configuration) {
                remotes.append(try Self.frontEnd(share, program, inbox))
            } else {
                folders.append(
                    try FolderServer(
                        tree, name: share.guest, isReadOnly: share.isReadOnly, inbox: inbox))
            }
        }
    }

    /// `virtiofsd` where it is wanted and works.
    private static func program(
        for share: Configuration.Share, _ configuration: Configuration
    ) throws(HullError) -> FileSystemProgram? {
        // It refuses no write, and a run that is to be repeated depends on nobody outside.
        let isPossible =
            !share.isReadOnly && configuration.clock == .host
            && share.guest.utf8.count <= nameBytes
        switch share.transport {
        case .nineP: return nil
        case .automatic:
            return isPossible ? FileSystemProgram.start(serving: share.host) : nil
        case .virtiofs:
            guard isPossible else {
                throw HullError(
                    .usage,
                    "\(share.guest) cannot be shared by virtiofs: that writes, follows the host's"
                        + " clock and takes names of up to \(nameBytes) bytes; leave out virtiofs.")
            }
            guard let program = FileSystemProgram.start(serving: share.host) else {
                throw HullError(
                    .host,
                    "virtiofsd is missing or may not do what it needs; install the package"
                        + " virtiofsd (in Debian 12 qemu-system-common), or leave out virtiofs.")
            }
            return program
        }
    }

    private static func frontEnd(
        _ share: Configuration.Share, _ program: FileSystemProgram, _ inbox: EventInbox
    ) throws(HullError) -> VhostFrontEnd {
        var name = Array(share.guest.utf8)
        name += [UInt8](repeating: 0, count: nameBytes - name.count)
        // One queue for requests beside the one for urgent ones.
        let plan = VhostFrontEnd.Plan(
            name: "virtiofsd for \(share.guest)", deviceID: 26, queueCount: 2, queueSize: 1024,
            configuration: name + [1, 0, 0, 0], reconnects: false)
        return try VhostFrontEnd(plan, inbox: inbox, complain: Remotes.complain) {
            program.connect()
        } ended: {
            program.end()
        }
    }

    func close() {
        for folder in folders { folder.close() }
        for remote in remotes { remote.close() }
    }
}
