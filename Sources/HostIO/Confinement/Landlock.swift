import Bits
import CHost
import Glibc

/// What a thread may still do with files, by the kernel's Landlock, where it has that (landlock(7)).
package struct FileRights: Sendable, Equatable {
    /// What may be done below a path.
    package struct Access: OptionSet, Sendable {
        package let rawValue: UInt64
        package init(rawValue: UInt64) { self.rawValue = rawValue }
        package static let execute = Self(rawValue: 1 << 0)
        package static let write = Self(rawValue: 1 << 1)
        package static let read = Self(rawValue: 1 << 2)
        package static let list = Self(rawValue: 1 << 3)
        package static let removeFolder = Self(rawValue: 1 << 4)
        package static let removeFile = Self(rawValue: 1 << 5)
        package static let makeDevice = Self(rawValue: 1 << 6 | 1 << 11)
        package static let makeFolder = Self(rawValue: 1 << 7)
        package static let makeFile = Self(rawValue: 1 << 8)
        package static let makeSocket = Self(rawValue: 1 << 9)
        package static let makePipe = Self(rawValue: 1 << 10)
        package static let makeLink = Self(rawValue: 1 << 12)
        /// To link and rename between folders.
        package static let refer = Self(rawValue: 1 << 13)
        package static let truncate = Self(rawValue: 1 << 14)
        package static let deviceControl = Self(rawValue: 1 << 15)

        /// All that a server of a folder does: nothing is run.
        package static let serve: Access = [
            .write, .read, .list, .removeFolder, .removeFile, .makeDevice, .makeFolder, .makeFile,
            .makeSocket, .makePipe, .makeLink, .refer, .truncate,
        ]

        package static let names: [(Access, String)] = [
            (.execute, "execute"), (.write, "write"), (.read, "read"), (.list, "list"),
            (.removeFolder, "remove folders"), (.removeFile, "remove files"),
            (.makeDevice, "make devices"), (.makeFolder, "make folders"),
            (.makeFile, "make files"), (.makeSocket, "make sockets"), (.makePipe, "make pipes"),
            (.makeLink, "make links"), (.refer, "move"), (.truncate, "truncate"),
            (.deviceControl, "control devices"),
        ]
        package var text: String {
            Self.names.filter { isSuperset(of: $0.0) }.map(\.1).joined(separator: ", ")
        }
    }

    package var paths: [String: Access] = [:]
    package init(_ paths: [String: Access] = [:]) { self.paths = paths }

    /// The version of the kernel's Landlock; 0 where there is none.
    package static var version: Int { Int(hull_landlock_version()) }

    /// All accesses that this version knows how to refuse.
    static func handled(_ version: Int) -> UInt64 {
        switch version {
        case ..<1: 0
        case 1: 0x1fff
        case 2: 0x3fff
        case 3, 4: 0x7fff
        default: 0xffff
        }
    }

    /// Gives up all other files, TCP from version 4 on, and from version 6 on abstract sockets and
    /// signals to other processes.
    package func enter() throws(HullError) {
        let version = Self.version
        guard version > 0 else { return }
        let order = paths.sorted { $0.key < $1.key }
        // SAFETY: the copies live until they are freed below, after the only call that reads them.
        let texts = unsafe order.map { unsafe strdup($0.key) }
        defer { for index in order.indices { unsafe free(texts[index]) } }
        let rights = unsafe zip(texts, order).map { text, right in
            unsafe hull_landlock_right(path: text, access: right.value.rawValue)
        }
        let outcome = unsafe hull_landlock_enter(
            Self.handled(version), version >= 4 ? 3 : 0, version >= 6 ? 3 : 0, rights, rights.count)
        guard outcome == 0 else {
            throw HullError(
                .host, "The host's Landlock refused its rules.", cause: HostCall.reason(outcome))
        }
    }
}
