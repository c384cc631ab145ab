import Bits
import Glibc

/// Where the sockets of this user's running machines lie: `$XDG_RUNTIME_DIR/hull`, or
/// `/tmp/hull-UID`. Nobody else may look in.
///
/// A machine holds a lock on `NAME.lock` for as long as its process lives, however that ends: a name
/// whose lock is free belongs to nobody.
///
/// SAFETY: every pointer handed to the host is to a string or a local that lives through the call.
package struct RuntimeFolder: Sendable {
    package let path: String

    /// This user's. It is made where it is missing.
    package init() throws(HullError) {
        let user = geteuid()
        var base = "/tmp/hull-\(user)"
        // SAFETY: the value is copied at once.
        if let named = unsafe getenv("XDG_RUNTIME_DIR").map({ unsafe String(cString: $0) }),
            named.hasPrefix("/"), Self.status(named)?.st_uid == user
        {
            base = named + "/hull"
        }
        try self.init(at: base)
    }

    package init(at path: String) throws(HullError) {
        self.path = path
        if unsafe mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw HullError(
                .host, "The folder for control sockets, \(path), cannot be made.",
                cause: HostCall.reason())
        }
        guard let status = Self.status(path), status.st_mode & S_IFMT == S_IFDIR,
            status.st_uid == geteuid(), status.st_mode & 0o077 == 0
        else {
            throw HullError(
                .host,
                "\(path) must be a folder that belongs to this user and is closed to others; remove"
                    + " it, or say chmod 700 \(path).")
        }
    }

    /// What lies there itself, links not followed.
    private static func status(_ path: String) -> stat? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status : nil
    }

    package func socket(_ name: String) -> String { "\(path)/\(name).sock" }
    package func log(_ name: String) -> String { "\(path)/\(name).log" }

    /// The machines that run, by name. Sockets that dead ones left behind are removed.
    package func names() -> [String] {
        HostFolder.names(path).filter { $0.hasSuffix(".sock") }.map { String($0.dropLast(5)) }
            .sorted()
            .filter { name in
                // Whoever gets the lock sees that nobody has it.
                guard let claim = try? NameClaim(name, self) else { return true }
                claim.release()
                return false
            }
    }

    /// The process that has a name.
    package func owner(of name: String) -> Int? { NameClaim.owner(name, self) }

    /// The name if nobody has it, else the name with a number behind it.
    package func claim(like name: String) throws(HullError) -> NameClaim {
        for number in 1...10_000 {
            let tried = number == 1 ? name : "\(name)-\(number)"
            if let claim = try NameClaim(tried, self) { return claim }
        }
        throw HullError(.host, "Ten thousand machines have names like \(name); choose another.")
    }

    /// Exactly this name.
    package func claim(_ name: String) throws(HullError) -> NameClaim {
        // Somebody who looks whether it is free holds it for a moment.
        for _ in 0..<5 {
            if let claim = try NameClaim(name, self) { return claim }
            usleep(20_000)
        }
        let owner = NameClaim.owner(name, self).map { " (process \($0))" } ?? ""
        throw HullError(
            .usage,
            "A machine named \(name) runs already\(owner). Choose another --name, or end that one:"
                + " hull stop \(name)")
    }
}

/// A name that belongs to this process until it is released or the process ends.
///
/// SAFETY: as in `RuntimeFolder`.
package final class NameClaim: Sendable {
    package let name: String
    package let folder: RuntimeFolder
    private let lock: Int32

    private static func path(_ name: String, _ folder: RuntimeFolder) -> String {
        "\(folder.path)/\(name).lock"
    }

    /// nil: somebody has it.
    init?(_ name: String, _ folder: RuntimeFolder) throws(HullError) {
        let path = Self.path(name, folder)
        while true {
            let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard file >= 0 else { throw HostFile.cannot("opened", path) }
            guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
                close(file)
                return nil
            }
            // Its last owner may have removed it between our two calls.
            var opened = stat()
            var there = stat()
            if unsafe fstat(file, &opened) == 0, unsafe lstat(path, &there) == 0,
                opened.st_ino == there.st_ino, opened.st_dev == there.st_dev
            {
                lock = file
                break
            }
            close(file)
        }
        self.name = name
        self.folder = folder
        // What a dead machine left behind.
        unsafe _ = unlink(folder.socket(name))
        _ = ftruncate(lock, 0)
        HostFile.writeAll(lock, Array("\(getpid())\n".utf8))
    }

    /// The process that has a name.
    static func owner(_ name: String, _ folder: RuntimeFolder) -> Int? {
        guard let bytes = try? HostFile.read(path(name, folder), limitBytes: 64) else { return nil }
        return Int(String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" })
    }

    /// Nothing of it is left. Once only.
    package func release() {
        unsafe _ = unlink(folder.socket(name))
        unsafe _ = unlink(Self.path(name, folder))
        close(lock)
    }
}
