/// Open files: their bytes, entries, locks and attributes.
extension Session {
    mutating func open(_ number: UInt32, _ flags: UInt32, _ answer: Answer) throws(FileError)
        -> [UInt8]
    {
        var file = try fid(number)
        guard case .none = file.use else { throw .badDescriptor }
        var wanted = OpenFlags(rawValue: flags)
        wanted.remove([.create, .exclusive])
        let handle = try tree.open(file.path, wanted)
        let status = try tree.status(handle)
        file.use = .open(handle)
        fids[number] = file
        var writer = answer.writer
        writer.identity(status.identity)
        // How much the client moves at once: as much as a message holds.
        writer.word(0)
        return writer.finished()
    }

    func read(_ number: UInt32, _ offset: UInt64, _ count: UInt32, _ answer: Answer)
        throws(FileError) -> [UInt8]
    {
        let fieldBytes = MessageWriter.headerBytes + 4
        let count = min(Int(count), answerLimit - fieldBytes)
        guard count >= 0 else { throw .messageTooLong }
        let file = try fid(number)
        var bytes: [UInt8]
        switch file.use {
        case .open(let handle):
            bytes = try tree.read(handle, offset, count, headroom: fieldBytes)
        case .attribute(let value):
            let start = Int(min(offset, UInt64(value.count)))
            bytes = [UInt8](repeating: 0, count: fieldBytes)
            bytes += value[start..<(start + min(count, value.count - start))]
        default: throw .badDescriptor
        }
        let got = bytes.count - fieldBytes
        var writer = MessageWriter(adopting: bytes, answer.type, tag: answer.tag)
        writer.patch(MessageWriter.headerBytes, UInt64(got), 4)
        return writer.finished()
    }

    mutating func write(
        _ number: UInt32, _ offset: UInt64, _ bytes: ArraySlice<UInt8>, _ answer: Answer
    ) throws(FileError) -> [UInt8] {
        var file = try fid(number)
        let count: Int
        switch file.use {
        case .open(let handle): count = try tree.write(handle, offset, bytes)
        case .attributeDraft(var draft):
            guard offset == UInt64(draft.value.count),
                bytes.count <= draft.count - draft.value.count
            else { throw .outOfRange }
            draft.value += bytes
            file.use = .attributeDraft(draft)
            fids[number] = file
            count = bytes.count
        default: throw .badDescriptor
        }
        var writer = answer.writer
        writer.word(UInt32(truncatingIfNeeded: count))
        return writer.finished()
    }

    func readFolder(_ number: UInt32, _ offset: UInt64, _ count: UInt32, _ answer: Answer)
        throws(FileError) -> [UInt8]
    {
        let handle = try openFile(number)
        let fieldBytes = MessageWriter.headerBytes + 4
        let limit = fieldBytes + min(Int(count), answerLimit - fieldBytes)
        var writer = MessageWriter(answer.type, tag: answer.tag, capacity: max(limit, 64))
        writer.word(0)
        var next = offset
        filling: while true {
            let entries = try tree.entries(handle, from: next)
            guard !entries.isEmpty else { break }
            for entry in entries {
                guard writer.bytes.count + 24 + entry.name.count <= limit else { break filling }
                writer.identity(entry.identity)
                writer.double(entry.next)
                writer.byte(entry.type)
                writer.string(entry.name)
                next = entry.next
            }
        }
        writer.patch(MessageWriter.headerBytes, UInt64(writer.bytes.count - fieldBytes), 4)
        return writer.finished()
    }

    func attributes(_ number: UInt32, _ answer: Answer) throws(FileError) -> [UInt8] {
        let file = try fid(number)
        // An open file may have lost its name.
        let status: FileStatus
        if let handle = file.handle {
            status = try tree.status(handle)
        } else {
            status = try tree.status(file.path)
        }
        var writer = MessageWriter(answer.type, tag: answer.tag, capacity: 160)
        writer.double(0x7ff)  // P9_GETATTR_BASIC
        writer.identity(status.identity)
        for value in [status.mode, status.user, status.group] { writer.word(value) }
        for value in [
            status.links, status.device, status.size, status.blockBytes, status.blocks,
            status.accessed.seconds, status.accessed.nanoseconds, status.modified.seconds,
            status.modified.nanoseconds, status.changed.seconds, status.changed.nanoseconds,
            // The time of birth, the generation and the version of data are not told.
            0, 0, 0, 0,
        ] { writer.double(value) }
        return writer.finished()
    }

    func fileSystem(_ number: UInt32, _ answer: Answer) throws(FileError) -> [UInt8] {
        let status = try tree.fileSystem(try fid(number).path)
        var writer = MessageWriter(answer.type, tag: answer.tag, capacity: 80)
        writer.word(0x0102_1997)  // V9FS_MAGIC
        writer.word(status.blockBytes)
        for value in [
            status.blocks, status.freeBlocks, status.availableBlocks, status.files,
            status.freeFiles, 0,
        ] { writer.double(value) }
        writer.word(status.longestName)
        return writer.finished()
    }

    func lock(_ request: Request, _ answer: Answer) throws(FileError) -> [UInt8] {
        var writer = answer.writer
        switch request {
        case .lock(let number, let lock):
            // P9_LOCK_SUCCESS, or P9_LOCK_BLOCKED: the client tries again.
            writer.byte(try tree.lock(try openFile(number), lock) ? 0 : 1)
        case .findLock(let number, let lock, let process, let client):
            let found = try tree.findLock(try openFile(number), lock)
            writer.byte(found.kind.rawValue)
            writer.double(found.start)
            writer.double(found.count)
            writer.word(process)
            writer.string(client)
        default: throw .unsupported
        }
        return writer.finished()
    }

    // MARK: Extended attributes

    /// `XATTR_SIZE_MAX` of Linux.
    private static var longestAttribute: UInt64 { 64 << 10 }

    mutating func walkExtended(
        _ number: UInt32, _ newNumber: UInt32, _ name: [UInt8], _ answer: Answer
    ) throws(FileError) -> [UInt8] {
        let file = try fid(number)
        var value: [UInt8]
        if name.isEmpty {
            value = try tree.attributeNames(file.path)
        } else {
            value = try tree.attribute(file.path, name)
        }
        if number == newNumber { fids[number] = nil }
        try add(newNumber, Fid(path: file.path, user: file.user, use: .attribute(value)))
        var writer = answer.writer
        writer.double(UInt64(value.count))
        return writer.finished()
    }

    mutating func createExtended(
        _ number: UInt32, _ name: [UInt8], _ count: UInt64, _ flags: UInt32, _ answer: Answer
    ) throws(FileError) -> [UInt8] {
        var file = try fid(number)
        guard case .none = file.use else { throw .badDescriptor }
        guard count <= Self.longestAttribute else { throw .messageTooLong }
        guard !name.isEmpty, name.count < 256 else { throw .outOfRange }
        file.use = .attributeDraft(.init(name: name, count: Int(count), flags: flags))
        fids[number] = file
        return answer.empty
    }
}
