import Bits
import Glibc

/// `virtiofsd`: a program of the host that serves a folder over vhost-user. It ends when its connection
/// does, whatever becomes of us.
///
/// SAFETY: `connection` is used while a machine is made, and by the one thread of its front end afterwards.
package final class FileSystemProgram: @unchecked Sendable {
    /// Which of the two programs of that name it is: their options differ.
    private enum Kind { case written(inC: String), inRust(String) }

    /// Where Debian puts it: with `qemu-system-common` up to 12, in a package of its own since.
    private static let places: [Kind] = [
        .inRust("/usr/libexec/virtiofsd"), .inRust("/usr/lib/virtiofsd"),
        .written(inC: "/usr/lib/qemu/virtiofsd"),
    ]

    private let identifier: pid_t
    /// Nil once somebody has taken it.
    private var connection: VhostConnection?

    private init(_ identifier: pid_t, _ connection: VhostConnection) {
        self.identifier = identifier
        self.connection = connection
    }

    /// How it may be started, the tightest way first.
    private static func commands(for folder: String) -> [(program: String, arguments: [String])] {
        let isRoot = geteuid() == 0
        return places.flatMap { kind -> [(String, [String])] in
            switch kind {
            case .inRust(let path):
                guard HostFolder.exists(path) else { return [] }
                let rest = ["--fd=3", "--shared-dir=\(folder)", "--log-level=off"]
                return (isRoot ? ["namespace", "chroot"] : ["namespace"]).map {
                    (path, rest + ["--sandbox=\($0)"])
                }
            case .written(let path):
                guard HostFolder.exists(path) else { return [] }
                // No time for which a name or a status is believed: what the host changes is seen.
                let rest = [
                    "--fd=3", "-f", "-o", "source=\(folder)", "-o", "log_level=err", "-o",
                    "cache=auto", "-o", "timeout=0", "-o", "xattr",
                ]
                // An ordinary user is root in a namespace of users, and there alone.
                return isRoot
                    ? ["namespace", "chroot"].map { (path, rest + ["-o", "sandbox=\($0)"]) }
                    : [("unshare", ["-r", "--", path] + rest + ["-o", "sandbox=namespace"])]
            }
        }
    }

    /// Starts one that works, or none: then 9P does.
    package static func start(serving folder: String) -> FileSystemProgram? {
        // Commas separate its options, and it has no way to write one.
        guard let folder = try? HostFolder.absolute(folder), !folder.contains(",") else {
            return nil
        }
        for (program, arguments) in commands(for: folder) {
            if let started = try? start(program, arguments) { return started }
        }
        return nil
    }

    private static func start(_ program: String, _ arguments: [String]) throws(HullError)
        -> FileSystemProgram?
    {
        let place = try HostFolder.temporary()
        defer { try? HostFolder.remove(place) }
        let listener = try DeviceSocket.listen(place + "/socket")
        let identifier: pid_t
        do throws(HullError) {
            identifier = try ChildProcess(program, arguments).start(passing: listener)
        } catch {
            Glibc.close(listener)
            throw error
        }
        Glibc.close(listener)
        guard let connection = VhostConnection.connect(to: place + "/socket") else {
            end(identifier)
            return nil
        }
        // One that may not do what it needs ends at once, and one that works says what it can.
        do throws(VhostConnection.Failure) {
            _ = try connection.askNumber(.getFeatures)
        } catch {
            end(identifier)
            return nil
        }
        return FileSystemProgram(identifier, connection)
    }

    /// Its connection; there is one only.
    package func connect() -> VhostConnection? {
        defer { connection = nil }
        return connection
    }

    private static func end(_ identifier: pid_t) {
        kill(identifier, SIGKILL)
        _ = waitpid(identifier, nil, 0)
    }
    /// Its connection has been closed, and so it ends; for one that does not there is another way.
    package func end() {
        for _ in 0..<200 {
            if waitpid(identifier, nil, WNOHANG) != 0 { return }
            usleep(5000)
        }
        Self.end(identifier)
    }
}
