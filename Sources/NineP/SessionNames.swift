/// Names that come, go and change.
extension Session {
    mutating func changeNames(_ request: Request, _ answer: Answer) throws(FileError) -> [UInt8] {
        switch request {
        case .create(let number, let name, let flags, let mode, let group):
            return try create(number, name, OpenFlags(rawValue: flags), mode, group, answer)
        case .makeFolder(let number, let name, let mode, let group):
            let (path, owner) = try place(number, name, group)
            try tree.makeFolder(path, mode: mode, owner)
            return try identity(path, answer)
        case .makeLink(let number, let name, let target, let group):
            let (path, owner) = try place(number, name, group)
            // Linux takes no longer one (PATH_MAX), nor one with a zero byte in it.
            guard !target.isEmpty, target.count < 4096, !target.contains(0) else { throw .invalid }
            try tree.makeLink(path, to: target, owner)
            return try identity(path, answer)
        case .makeNode(let number, let name, let mode, let group):
            let (path, owner) = try place(number, name, group)
            try tree.makeNode(path, mode: mode, owner)
            return try identity(path, answer)
        case .hardLink(let folder, let number, let name):
            let existing = try fid(number).path
            try tree.makeHardLink(try fid(folder).path.appending(name), to: existing)
            return answer.empty
        case .rename(let number, let folder, let name):
            try move(try fid(number).path, to: try fid(folder).path.appending(name))
            return answer.empty
        case .renameAt(let folder, let name, let newFolder, let newName):
            try move(
                try fid(folder).path.appending(name),
                to: try fid(newFolder).path.appending(newName))
            return answer.empty
        case .removeAt(let folder, let name, let flags):
            let path = try fid(folder).path.appending(name)
            try tree.remove(path, isFolder: flags & Self.removeFolder != 0)
            return answer.empty
        case .remove(let number):
            // "The clunk occurs even if the remove fails" (remove(5)).
            let path = try fid(number).path
            fids[number] = nil
            guard !path.isRoot else { throw .notPermitted }
            let isFolder = try tree.status(path).identity.kind == .folder
            try tree.remove(path, isFolder: isFolder)
            return answer.empty
        default: throw .unsupported
        }
    }

    /// AT_REMOVEDIR.
    private static var removeFolder: UInt32 { 0x200 }

    private func place(_ number: UInt32, _ name: [UInt8], _ group: UInt32) throws(FileError) -> (
        FilePath, FileOwner
    ) {
        let folder = try fid(number)
        return (try folder.path.appending(name), FileOwner(user: folder.user, group: group))
    }
    private func identity(_ path: FilePath, _ answer: Answer) throws(FileError) -> [UInt8] {
        var writer = answer.writer
        writer.identity(try tree.status(path).identity)
        return writer.finished()
    }

    /// The number that meant the folder means the new file afterwards.
    private mutating func create(
        _ number: UInt32, _ name: [UInt8], _ flags: OpenFlags, _ mode: UInt32, _ group: UInt32,
        _ answer: Answer
    ) throws(FileError) -> [UInt8] {
        var file = try fid(number)
        guard case .none = file.use else { throw .badDescriptor }
        let (path, owner) = try place(number, name, group)
        let handle = try tree.create(path, flags, mode: mode, owner)
        let status = try tree.status(handle)
        file.path = path
        file.use = .open(handle)
        fids[number] = file
        var writer = answer.writer
        writer.identity(status.identity)
        writer.word(0)
        return writer.finished()
    }

    /// Numbers that mean what was moved, or what lies in it, go with it.
    private mutating func move(_ old: FilePath, to new: FilePath) throws(FileError) {
        guard !old.isRoot, !new.isRoot else { throw .notPermitted }
        try tree.rename(old, to: new)
        for (number, file) in fids {
            if let path = file.path.moved(from: old, to: new) { fids[number]?.path = path }
        }
    }
}
