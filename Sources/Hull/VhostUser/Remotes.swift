import Bits
import HostIO
import Journal

extension Configuration.Remote {
    /// `blk,socket=PATH`; PATH may hold commas.
    public init?(parsing text: String) {
        let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])),
            parts[1].hasPrefix("socket="), parts[1].count > 7
        else { return nil }
        self.init(kind, socket: String(parts[1].dropFirst(7)))
    }
}

/// Devices that other processes serve.
enum Remotes {
    static func start(_ configuration: Configuration, _ inbox: EventInbox) throws(HullError)
        -> [any RemoteBackEnd]
    {
        var result: [any RemoteBackEnd] = []
        for remote in configuration.remotes {
            result.append(
                try VhostFrontEnd(plan(remote), inbox: inbox, complain: complain) {
                    VhostConnection.connect(to: remote.socket)
                })
        }
        return result
    }

    private static func plan(_ remote: Configuration.Remote) -> VhostFrontEnd.Plan {
        switch remote.kind {
        case .block:
            // The length of virtio-blk's configuration up to write_zeroes (virtio 1.2 §5.2.4).
            VhostFrontEnd.Plan(
                name: "The drive behind \(remote.socket)", deviceID: 2, queueCount: 1,
                configurationBytes: 60, reconnects: true)
        }
    }

    /// While a machine runs, its console may be the terminal.
    static let complain: @Sendable (String) -> Void = { text in
        HostFile.writeAll(2, Array("hull: \(text)\r\n".utf8))
    }
}
