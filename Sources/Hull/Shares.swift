import Bits
import HostIO
import Journal

extension Configuration.Share {
    /// `HOST:GUEST`, then `:ro` or `:rw`. GUEST begins with a slash; HOST may hold colons.
    public init?(parsing text: String) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var isReadOnly = false
        if let last = parts.last, last == "ro" || last == "rw", parts.count > 2 {
            isReadOnly = last == "ro"
            parts.removeLast()
        }
        guard parts.count > 1, let guest = parts.popLast(), guest.hasPrefix("/"),
            !guest.contains(where: \.isWhitespace)
        else { return nil }
        let host = parts.joined(separator: ":")
        guard !host.isEmpty else { return nil }
        self.init(host, at: String(guest), isReadOnly: isReadOnly)
    }
}

extension Configuration {
    /// Starts the servers of the shared folders.
    func startShares(_ inbox: EventInbox) throws(HullError) -> [any ShareBackEnd] {
        var servers: [any ShareBackEnd] = []
        var names: Set<String> = []
        for share in shares {
            guard names.insert(share.guest).inserted else {
                throw HullError(
                    .usage, "Two folders are to be shared as \(share.guest); name them apart.")
            }
            servers.append(
                try FolderServer(
                    try HostTree(share.host), name: share.guest, isReadOnly: share.isReadOnly,
                    inbox: inbox))
        }
        return servers
    }
}
