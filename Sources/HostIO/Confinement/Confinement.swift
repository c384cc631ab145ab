import Bits
import CHost
import Glibc

/// What the program gives up before the guest's first instruction.
///
/// Capabilities, files and system calls belong to a thread, so each thread gives up its own: those
/// that start after `begin()` do so by themselves, and the first one when it is ready to run.
package enum Confinement {
    /// Threads that start from here on confine themselves.
    package static func begin() throws(HullError) {
        guard hull_filter_is_available() else {
            throw HullError(
                .host,
                "This host has no filters for system calls (seccomp), so a guest that broke out would"
                    + " have the program's rights. Use --no-confinement to run all the same.")
        }
        hull_refusals_install()
        hull_confinement_begin()
    }

    /// Whether the calling thread has given up what it does not need.
    static var isEntered: Bool { hull_thread_is_confined() }

    /// Keeps for the calling thread what its kind needs, and these rights to files (nil: all that its
    /// system calls reach). There is no way back.
    package static func enter(_ kind: ThreadKind, _ rights: FileRights? = FileRights())
        throws(HullError)
    {
        // SAFETY: the copy is never freed, since a signal's handler may ask for it at any time.
        unsafe hull_thread_set_kind(strdup(kind.rawValue))
        for (what, outcome) in [
            ("new privileges", hull_give_up_privileges()),
            ("capabilities", hull_give_up_capabilities()),
        ] where outcome != 0 {
            throw HullError(
                .host, "The \(what) of the thread \(kind.rawValue) cannot be given up.",
                cause: HostCall.reason(outcome))
        }
        try rights?.enter()
        try kind.filter.install()
    }

    /// For a thread that has just started: one that cannot be confined must not run. What its starter
    /// gave up it does not have; then its own list is all that is missing.
    static func enterIfBegun(
        _ kind: ThreadKind, _ rights: FileRights?, isStartedConfined: Bool
    ) {
        guard hull_confinement_has_begun() else { return }
        do throws(HullError) {
            guard isStartedConfined else {
                return try enter(kind, rights ?? (kind.opensFiles ? nil : FileRights()))
            }
            // SAFETY: as above.
            unsafe hull_thread_set_kind(strdup(kind.rawValue))
            try kind.filter.install()
        } catch {
            HostFile.writeAll(2, Array("hull: \(error.description)\n".utf8))
            exit(1)
        }
    }
}

extension DebugEndpoint {
    /// What a debugger's socket needs at its end.
    package var fileRights: FileRights {
        guard case .unix(let path) = self else { return FileRights() }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        return FileRights([folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder: .removeFile]
        )
    }
}
