/// What a client asks, read out of its message (9P2000.L; numbers as in Linux's `net/9p/9p.h`).
package enum Request: Sendable, Equatable {
    case version(limit: UInt32, name: [UInt8])
    case authenticate
    case attach(fid: UInt32, folder: [UInt8], user: UInt32)
    case flush(tag: UInt16)
    case walk(fid: UInt32, newFid: UInt32, names: [[UInt8]])
    case read(fid: UInt32, offset: UInt64, count: UInt32)
    case write(fid: UInt32, offset: UInt64, ArraySlice<UInt8>)
    case clunk(fid: UInt32)
    case remove(fid: UInt32)
    case fileSystem(fid: UInt32)
    case open(fid: UInt32, flags: UInt32)
    case create(fid: UInt32, name: [UInt8], flags: UInt32, mode: UInt32, group: UInt32)
    case makeLink(fid: UInt32, name: [UInt8], target: [UInt8], group: UInt32)
    case makeNode(fid: UInt32, name: [UInt8], mode: UInt32, group: UInt32)
    case rename(fid: UInt32, folder: UInt32, name: [UInt8])
    case readLink(fid: UInt32)
    case attributes(fid: UInt32)
    case change(fid: UInt32, FileChanges)
    case walkExtended(fid: UInt32, newFid: UInt32, name: [UInt8])
    case createExtended(fid: UInt32, name: [UInt8], count: UInt64, flags: UInt32)
    case readFolder(fid: UInt32, offset: UInt64, count: UInt32)
    case synchronise(fid: UInt32, dataOnly: Bool)
    case lock(fid: UInt32, FileLock)
    case findLock(fid: UInt32, FileLock, process: UInt32, client: [UInt8])
    case hardLink(folder: UInt32, fid: UInt32, name: [UInt8])
    case makeFolder(fid: UInt32, name: [UInt8], mode: UInt32, group: UInt32)
    case renameAt(folder: UInt32, name: [UInt8], newFolder: UInt32, newName: [UInt8])
    case removeAt(folder: UInt32, name: [UInt8], flags: UInt32)

    /// The type of the request; its answer's is one more.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case fileSystem = 8
        case open = 12
        case create = 14
        case makeLink = 16
        case makeNode = 18
        case rename = 20
        case readLink = 22
        case attributes = 24
        case change = 26
        case walkExtended = 30
        case createExtended = 32
        case readFolder = 40
        case synchronise = 50
        case lock = 52
        case findLock = 54
        case hardLink = 70
        case makeFolder = 72
        case renameAt = 74
        case removeAt = 76
        case version = 100
        case authenticate = 102
        case attach = 104
        case flush = 108
        case walk = 110
        case read = 116
        case write = 118
        case clunk = 120
        case remove = 122
    }

    /// A walk of more names than that is an error (walk(5), MAXWELEM).
    package static let walkLimit: UInt16 = 16

    /// Nil if the message is too short or longer than what it says.
    package init?(_ kind: Kind, _ body: ArraySlice<UInt8>) {
        var reader = MessageReader(body)
        guard let request = Self.read(kind, &reader), reader.isAtEnd else { return nil }
        self = request
    }

    private static func read(_ kind: Kind, _ from: inout MessageReader) -> Request? {
        switch kind {
        case .version, .authenticate, .attach, .flush, .walk: session(kind, &from)
        case .read, .write, .clunk, .remove, .open, .readFolder, .synchronise, .lock, .findLock:
            file(kind, &from)
        case .change: change(&from)
        default: name(kind, &from)
        }
    }

    private static func session(_ kind: Kind, _ from: inout MessageReader) -> Request? {
        switch kind {
        case .version:
            guard let limit = from.word(), let name = from.string() else { return nil }
            return .version(limit: limit, name: name)
        case .authenticate:
            guard from.word() != nil, from.string() != nil, from.string() != nil,
                from.word() != nil
            else { return nil }
            return .authenticate
        case .attach:
            guard let fid = from.word(), from.word() != nil, from.string() != nil,
                let folder = from.string(), let user = from.word()
            else { return nil }
            return .attach(fid: fid, folder: folder, user: user)
        case .flush: return from.half().map { .flush(tag: $0) }
        default:
            guard let fid = from.word(), let newFid = from.word(), let count = from.half(),
                count <= walkLimit
            else { return nil }
            var names: [[UInt8]] = []
            for _ in 0..<count {
                guard let name = from.string() else { return nil }
                names.append(name)
            }
            return .walk(fid: fid, newFid: newFid, names: names)
        }
    }

    private static func file(_ kind: Kind, _ from: inout MessageReader) -> Request? {
        guard let fid = from.word() else { return nil }
        switch kind {
        case .clunk: return .clunk(fid: fid)
        case .remove: return .remove(fid: fid)
        case .open: return from.word().map { .open(fid: fid, flags: $0) }
        case .synchronise:
            // Clients of before Linux 3.2 leave the flag out.
            let dataOnly = from.isAtEnd ? 0 : from.word()
            return dataOnly.map { .synchronise(fid: fid, dataOnly: $0 != 0) }
        case .lock, .findLock: return lock(kind, fid, &from)
        default: break
        }
        guard let offset = from.double(), let count = from.word() else { return nil }
        switch kind {
        case .read: return .read(fid: fid, offset: offset, count: count)
        case .readFolder: return .readFolder(fid: fid, offset: offset, count: count)
        default:
            return from.data(UInt64(count)).map { .write(fid: fid, offset: offset, $0) }
        }
    }

    private static func lock(_ kind: Kind, _ fid: UInt32, _ from: inout MessageReader) -> Request? {
        guard let type = from.byte().flatMap(FileLock.Kind.init) else { return nil }
        if kind == .lock, from.word() == nil { return nil }
        guard let start = from.double(), let count = from.double(), let process = from.word(),
            let client = from.string()
        else { return nil }
        let lock = FileLock(kind: type, start: start, count: count)
        return kind == .lock
            ? .lock(fid: fid, lock)
            : .findLock(fid: fid, lock, process: process, client: client)
    }

    private static func name(_ kind: Kind, _ from: inout MessageReader) -> Request? {
        guard let fid = from.word() else { return nil }
        switch kind {
        case .fileSystem: return .fileSystem(fid: fid)
        case .readLink: return .readLink(fid: fid)
        case .attributes: return from.double() != nil ? .attributes(fid: fid) : nil
        case .rename:
            guard let folder = from.word(), let name = from.string() else { return nil }
            return .rename(fid: fid, folder: folder, name: name)
        case .hardLink:
            guard let target = from.word(), let name = from.string() else { return nil }
            return .hardLink(folder: fid, fid: target, name: name)
        case .walkExtended:
            guard let newFid = from.word(), let name = from.string() else { return nil }
            return .walkExtended(fid: fid, newFid: newFid, name: name)
        default: break
        }
        guard let name = from.string() else { return nil }
        switch kind {
        case .create:
            guard let flags = from.word(), let mode = from.word(), let group = from.word()
            else { return nil }
            return .create(fid: fid, name: name, flags: flags, mode: mode, group: group)
        case .makeLink:
            guard let target = from.string(), let group = from.word() else { return nil }
            return .makeLink(fid: fid, name: name, target: target, group: group)
        case .makeNode:
            guard let mode = from.word(), from.word() != nil, from.word() != nil,
                let group = from.word()
            else { return nil }
            return .makeNode(fid: fid, name: name, mode: mode, group: group)
        case .makeFolder:
            guard let mode = from.word(), let group = from.word() else { return nil }
            return .makeFolder(fid: fid, name: name, mode: mode, group: group)
        case .renameAt:
            guard let folder = from.word(), let newName = from.string() else { return nil }
            return .renameAt(folder: fid, name: name, newFolder: folder, newName: newName)
        case .removeAt: return from.word().map { .removeAt(folder: fid, name: name, flags: $0) }
        case .createExtended:
            guard let count = from.double(), let flags = from.word() else { return nil }
            return .createExtended(fid: fid, name: name, count: count, flags: flags)
        default: return nil
        }
    }

    /// Tsetattr's `valid` (P9_ATTR_…).
    private struct Valid: OptionSet {
        let rawValue: UInt32
        static let mode = Self(rawValue: 1)
        static let user = Self(rawValue: 2)
        static let group = Self(rawValue: 4)
        static let size = Self(rawValue: 8)
        static let accessed = Self(rawValue: 0x10)
        static let modified = Self(rawValue: 0x20)
        static let accessedIsGiven = Self(rawValue: 0x80)
        static let modifiedIsGiven = Self(rawValue: 0x100)
    }

    private static func change(_ from: inout MessageReader) -> Request? {
        guard let fid = from.word(), let bits = from.word(), let mode = from.word(),
            let user = from.word(), let group = from.word(), let size = from.double(),
            let accessedSeconds = from.double(), let accessedNanoseconds = from.double(),
            let modifiedSeconds = from.double(), let modifiedNanoseconds = from.double()
        else { return nil }
        let valid = Valid(rawValue: bits)
        func time(_ isSet: Bool, _ isGiven: Bool, _ seconds: UInt64, _ nanoseconds: UInt64)
            -> FileChanges.Time?
        {
            guard isSet else { return nil }
            return isGiven ? .at(FileTime(seconds: seconds, nanoseconds: nanoseconds)) : .now
        }
        var changes = FileChanges()
        if valid.contains(.mode) { changes.mode = mode }
        if valid.contains(.user) { changes.user = user }
        if valid.contains(.group) { changes.group = group }
        if valid.contains(.size) { changes.size = size }
        changes.accessed = time(
            valid.contains(.accessed), valid.contains(.accessedIsGiven), accessedSeconds,
            accessedNanoseconds)
        changes.modified = time(
            valid.contains(.modified), valid.contains(.modifiedIsGiven), modifiedSeconds,
            modifiedNanoseconds)
        return .change(fid: fid, changes)
    }
}
