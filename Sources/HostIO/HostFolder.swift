import Bits
import Glibc

/// Folders of the host, for caches.
package enum HostFolder {
    /// Makes a folder and those above it that are missing.
    package static func create(_ path: String) throws(HullError) {
        var above = path.hasPrefix("/") ? "/" : ""
        for name in path.split(separator: "/") {
            above += above.isEmpty || above.hasSuffix("/") ? String(name) : "/" + name
            // SAFETY: the path is a string that lives through the call; so below.
            if unsafe mkdir(above, 0o755) != 0 && errno != EEXIST {
                throw HostFile.cannot("created", above)
            }
        }
    }

    /// The path from the root on, without links.
    package static func absolute(_ path: String) throws(HullError) -> String {
        // SAFETY: realpath's result is a C string of its own, freed once it is copied.
        guard let resolved = unsafe realpath(path, nil) else {
            throw HostFile.cannot("found", path)
        }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    package static func exists(_ path: String) -> Bool {
        // SAFETY: as above.
        unsafe access(path, F_OK) == 0
    }

    /// The size of a file; nil when there is none.
    package static func size(_ path: String) -> UInt64? {
        var status = stat()
        // SAFETY: the call fills a local.
        guard unsafe stat(path, &status) == 0 else { return nil }
        return UInt64(max(0, status.st_size))
    }

    /// The names of what lies in a folder, sorted; nothing when it cannot be read.
    package static func names(_ path: String) -> [String] {
        // SAFETY: the stream is closed once; each entry is copied before the next call.
        guard let stream = unsafe opendir(path) else { return [] }
        defer { unsafe _ = closedir(stream) }
        var result: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != "." && name != ".." { result.append(name) }
        }
        return result.sorted()
    }

    package static func rename(_ old: String, to new: String) throws(HullError) {
        // SAFETY: both paths live through the call.
        guard unsafe Glibc.rename(old, new) == 0 else {
            throw HostFile.cannot("renamed to \(new)", old)
        }
    }

    /// Says who may do what with a file.
    package static func protect(_ path: String, _ permissions: UInt32) throws(HullError) {
        // SAFETY: the path lives through the call.
        guard unsafe chmod(path, permissions) == 0 else {
            throw HostFile.cannot("protected", path)
        }
    }

    /// Removes a folder with all that lies in it.
    package static func remove(_ path: String) throws(HullError) {
        guard exists(path) else { return }
        let outcome = try ChildProcess("rm", ["-rf", "--", path]).run()
        guard outcome.status == 0 else {
            throw HullError(.host, "\(path) cannot be removed", cause: outcome.errors)
        }
    }

    /// Runs `body` while no other process does so under the same lock file.
    package static func locked<Result>(
        _ path: String, waiting: () -> Void, _ body: () throws(HullError) -> Result
    ) throws(HullError) -> Result {
        // SAFETY: the path lives through the call.
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw HostFile.cannot("opened", path) }
        // Closing the file unlocks it, and so does the end of the process.
        defer { close(file) }
        if flock(file, LOCK_EX | LOCK_NB) != 0 {
            waiting()
            while flock(file, LOCK_EX) != 0 {
                guard errno == EINTR else { throw HostFile.cannot("locked", path) }
            }
        }
        return try body()
    }

    /// Where this user's caches lie: `$XDG_CACHE_HOME`, else `~/.cache` (XDG base directories).
    package static func caches() throws(HullError) -> String {
        // SAFETY: the values are copied at once.
        let (named, home) = unsafe (getenv("XDG_CACHE_HOME"), getenv("HOME"))
        // A relative path is invalid there and to be ignored.
        if let path = unsafe named.map({ unsafe String(cString: $0) }), path.hasPrefix("/") {
            return path
        }
        if let path = unsafe home.map({ unsafe String(cString: $0) }), path.hasPrefix("/") {
            return path + "/.cache"
        }
        throw HullError(
            .host, "neither XDG_CACHE_HOME nor HOME names a folder for caches; set one of them")
    }
}
