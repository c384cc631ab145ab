/// One client's talk with the server of a folder: which of its numbers ("fids") mean which files. Each
/// message leads to one answer; whatever a client sends, nothing but the folder is reached.
package struct Session<Tree: FileTree> {
    let tree: Tree
    let isReadOnly: Bool
    var fids: [UInt32: Fid<Tree>] = [:]
    /// The longest message that was agreed on.
    var messageLimit = sessionMessageLimit
    /// The longest answer that the client has room for.
    var answerLimit = 0

    package init(_ tree: Tree, isReadOnly: Bool) {
        self.tree = tree
        self.isReadOnly = isReadOnly
    }

    /// How many numbers a client may give out.
    static var fidLimit: Int { 1 << 18 }
    private static var smallestMessage: UInt32 { 4096 }

    /// The answer to a message, or nil where the client has no room even for an error.
    package mutating func answer(_ message: [UInt8], limit: Int) -> [UInt8]? {
        answerLimit = min(limit, Int(messageLimit))
        var reader = MessageReader(message[...])
        // Seven bytes, or the client will not know what it is about.
        guard let count = reader.word(), let type = reader.byte(), let tag = reader.half() else {
            return error(.invalid, tag: .max, limit)
        }
        guard Int(count) == message.count, let kind = Request.Kind(rawValue: type),
            let request = Request(kind, message[MessageWriter.headerBytes...])
        else {
            let isKnown = Request.Kind(rawValue: type) != nil
            return error(isKnown ? .invalid : .unsupported, tag: tag, limit)
        }
        do throws(FileError) {
            let result = try respond(request, Answer(type: type &+ 1, tag: tag))
            guard result.count <= answerLimit else { throw .messageTooLong }
            return result
        } catch {
            return self.error(error, tag: tag, limit)
        }
    }

    /// Rlerror.
    private func error(_ error: FileError, tag: UInt16, _ limit: Int) -> [UInt8]? {
        var writer = MessageWriter(7, tag: tag)
        writer.word(error.code)
        let bytes = writer.finished()
        return bytes.count <= limit ? bytes : nil
    }

    private mutating func respond(_ request: Request, _ answer: Answer) throws(FileError) -> [UInt8]
    {
        if isReadOnly, request.changesFiles { throw .readOnly }
        switch request {
        case .version(let limit, let name): return try version(limit, name, answer)
        case .authenticate: throw .unsupported
        case .attach(let fid, let folder, let user): return try attach(fid, folder, user, answer)
        // Requests are carried out one after the other: what is to be cancelled has been answered.
        case .flush: return answer.empty
        case .walk(let fid, let newFid, let names): return try walk(fid, newFid, names, answer)
        case .read(let fid, let offset, let count): return try read(fid, offset, count, answer)
        case .write(let fid, let offset, let bytes): return try write(fid, offset, bytes, answer)
        case .clunk(let fid): return try clunk(fid, answer)
        case .open(let fid, let flags): return try open(fid, flags, answer)
        case .readFolder(let fid, let offset, let count):
            return try readFolder(fid, offset, count, answer)
        case .synchronise(let fid, let dataOnly):
            try tree.synchronise(try openFile(fid), dataOnly: dataOnly)
            return answer.empty
        case .lock, .findLock: return try lock(request, answer)
        case .attributes(let fid): return try attributes(fid, answer)
        case .change(let fid, let changes):
            let file = try self.fid(fid)
            try tree.change(file.path, file.handle, changes)
            return answer.empty
        case .fileSystem(let fid): return try fileSystem(fid, answer)
        case .readLink(let fid):
            var writer = answer.writer
            writer.string(try tree.target(try self.fid(fid).path))
            return writer.finished()
        case .walkExtended(let fid, let newFid, let name):
            return try walkExtended(fid, newFid, name, answer)
        case .createExtended(let fid, let name, let count, let flags):
            return try createExtended(fid, name, count, flags, answer)
        default: return try changeNames(request, answer)
        }
    }

    // MARK: Fids

    func fid(_ number: UInt32) throws(FileError) -> Fid<Tree> {
        guard let fid = fids[number] else { throw .badDescriptor }
        return fid
    }
    func openFile(_ number: UInt32) throws(FileError) -> Tree.Handle {
        guard let handle = try fid(number).handle else { throw .badDescriptor }
        return handle
    }
    mutating func add(_ number: UInt32, _ fid: Fid<Tree>) throws(FileError) {
        guard fids[number] == nil else { throw .invalid }
        guard fids.count < Self.fidLimit else { throw .tooManyFiles }
        fids[number] = fid
    }

    private mutating func version(_ limit: UInt32, _ name: [UInt8], _ answer: Answer)
        throws(FileError) -> [UInt8]
    {
        guard limit >= Self.smallestMessage else { throw .messageTooLong }
        // A new session: nothing of the last one is left.
        fids.removeAll()
        messageLimit = min(limit, sessionMessageLimit)
        let known = Array("9P2000.L".utf8)
        var writer = answer.writer
        writer.word(messageLimit)
        writer.string(name == known ? known : Array("unknown".utf8))
        return writer.finished()
    }

    private mutating func attach(
        _ number: UInt32, _ folder: [UInt8], _ user: UInt32, _ answer: Answer
    ) throws(FileError) -> [UInt8] {
        guard folder.isEmpty || folder == [UInt8(ascii: "/")] else { throw .noSuchFile }
        let status = try tree.status(FilePath())
        // Who says nothing is root.
        try add(number, Fid(path: FilePath(), user: user == .max ? 0 : user))
        var writer = answer.writer
        writer.identity(status.identity)
        return writer.finished()
    }

    private mutating func walk(
        _ number: UInt32, _ newNumber: UInt32, _ names: [[UInt8]], _ answer: Answer
    ) throws(FileError) -> [UInt8] {
        let start = try fid(number)
        var path = start.path
        var found: [FileIdentity] = []
        for name in names {
            do throws(FileError) {
                path = name == Array("..".utf8) ? path.parent : try path.appending(name)
                found.append(try tree.status(path).identity)
            } catch {
                // The first name that leads nowhere is an error; a later one ends the walk.
                if found.isEmpty { throw error }
                break
            }
        }
        if found.count == names.count {
            if number == newNumber { fids[number] = nil }
            try add(newNumber, Fid(path: path, user: start.user))
        }
        var writer = answer.writer
        writer.half(UInt16(truncatingIfNeeded: found.count))
        for identity in found { writer.identity(identity) }
        return writer.finished()
    }

    private mutating func clunk(_ number: UInt32, _ answer: Answer) throws(FileError) -> [UInt8] {
        let fid = try fid(number)
        fids[number] = nil
        if case .attributeDraft(let draft) = fid.use {
            guard draft.value.count == draft.count else { throw .invalid }
            if draft.value.isEmpty {
                try tree.removeAttribute(fid.path, draft.name)
            } else {
                try tree.setAttribute(fid.path, draft.name, draft.value, flags: draft.flags)
            }
        }
        return answer.empty
    }
}

/// The longest message that is agreed to: Linux asks for at most 500 KiB.
package let sessionMessageLimit: UInt32 = (1 << 20) + 24

/// What a client's number means.
struct Fid<Tree: FileTree> {
    struct AttributeDraft {
        var name: [UInt8]
        var count: Int
        var flags: UInt32
        var value: [UInt8] = []
    }
    enum Use {
        case none
        case open(Tree.Handle)
        case attribute([UInt8])
        case attributeDraft(AttributeDraft)
    }
    var path: FilePath
    /// As whom the client attached.
    var user: UInt32
    var use = Use.none

    var handle: Tree.Handle? {
        if case .open(let handle) = use { handle } else { nil }
    }
}

/// The head of an answer.
struct Answer {
    let type: UInt8
    let tag: UInt16
    var writer: MessageWriter { MessageWriter(type, tag: tag) }
    var empty: [UInt8] { writer.finished() }
}

extension Request {
    /// What a folder that is shared read-only refuses.
    fileprivate var changesFiles: Bool {
        switch self {
        case .open(_, let flags): OpenFlags(rawValue: flags).writes
        case .write, .remove, .create, .makeLink, .makeNode, .rename, .change, .createExtended,
            .hardLink, .makeFolder, .renameAt, .removeAt:
            true
        default: false
        }
    }
}
