import Glibc
import HostIO
import NineP
import Testing

/// A client that speaks the protocol itself, so that it can say what no kernel would.
struct NinePClient {
    var session: Session<HostTree>
    /// The longest answer that there is room for.
    var limit = 64 << 10

    /// Attached: fid 0 is the shared folder.
    init(_ folder: String, isReadOnly: Bool = false, walksByName: Bool = false) throws {
        session = Session(
            try HostTree(folder, walksByName: walksByName, ownership: .mapped),
            isReadOnly: isReadOnly)
        let version = call(100) {
            $0.word(65536)
            $0.string(Array("9P2000.L".utf8))
        }
        #expect(version.isOK)
        #expect(attach(0).isOK)
    }

    struct Reply {
        let type: UInt8
        let body: ArraySlice<UInt8>
        var isOK: Bool { type != 7 }
        /// The errno of an Rlerror.
        var error: UInt32? {
            var reader = MessageReader(body)
            return type == 7 ? reader.word() : nil
        }
    }

    static func message(_ type: UInt8, _ fill: (inout MessageWriter) -> Void) -> [UInt8] {
        var writer = MessageWriter(type, tag: 5)
        fill(&writer)
        return writer.finished()
    }

    mutating func call(_ type: UInt8, _ fill: (inout MessageWriter) -> Void = { _ in }) -> Reply {
        answer(to: Self.message(type, fill))
    }

    mutating func answer(to message: [UInt8]) -> Reply {
        guard let answer = session.answer(message, limit: limit), answer.count >= 7 else {
            Issue.record("no answer")
            return Reply(type: 7, body: [0, 0, 0, 0])
        }
        var reader = MessageReader(answer[...])
        #expect(reader.word() == UInt32(answer.count))
        return Reply(type: answer[4], body: answer[7...])
    }

    // MARK: Messages

    mutating func attach(_ fid: UInt32, user: UInt32 = 0) -> Reply {
        call(104) {
            $0.word(fid)
            $0.word(.max)
            $0.string([])
            $0.string([])
            $0.word(user)
        }
    }
    mutating func walk(_ fid: UInt32, _ newFid: UInt32, _ names: [String]) -> Reply {
        call(110) {
            $0.word(fid)
            $0.word(newFid)
            $0.half(UInt16(names.count))
            for name in names { $0.string(Array(name.utf8)) }
        }
    }
    /// How many names a walk went through.
    mutating func steps(_ names: [String], to newFid: UInt32 = 90) -> Int {
        let reply = walk(0, newFid, names)
        guard reply.isOK else { return 0 }
        var reader = MessageReader(reply.body)
        let count = Int(reader.half() ?? 0)
        if count == names.count { _ = clunk(newFid) }
        return count
    }
    mutating func clunk(_ fid: UInt32) -> Reply { call(120) { $0.word(fid) } }
    mutating func open(_ fid: UInt32, _ flags: UInt32 = 0) -> Reply {
        call(12) {
            $0.word(fid)
            $0.word(flags)
        }
    }
    mutating func create(_ fid: UInt32, _ name: String, _ flags: UInt32 = 2, mode: UInt32 = 0o644)
        -> Reply
    {
        call(14) {
            $0.word(fid)
            $0.string(Array(name.utf8))
            for number in [flags, mode, 0] { $0.word(number) }
        }
    }
    mutating func write(_ fid: UInt32, _ bytes: [UInt8], at offset: UInt64 = 0) -> Reply {
        call(118) {
            $0.word(fid)
            $0.double(offset)
            $0.word(UInt32(bytes.count))
            $0.data(bytes)
        }
    }
    mutating func read(_ fid: UInt32, _ count: UInt32 = 4096, at offset: UInt64 = 0) -> [UInt8]? {
        let reply = call(116) {
            $0.word(fid)
            $0.double(offset)
            $0.word(count)
        }
        var reader = MessageReader(reply.body)
        guard reply.isOK, let got = reader.word() else { return nil }
        return reader.data(UInt64(got)).map(Array.init)
    }
    mutating func makeLink(_ fid: UInt32, _ name: String, to target: String) -> Reply {
        call(16) {
            $0.word(fid)
            $0.string(Array(name.utf8))
            $0.string(Array(target.utf8))
            $0.word(0)
        }
    }
    mutating func makeFolder(_ fid: UInt32, _ name: String) -> Reply {
        call(72) {
            $0.word(fid)
            $0.string(Array(name.utf8))
            $0.word(0o755)
            $0.word(0)
        }
    }
    mutating func makeNode(_ fid: UInt32, _ name: String, mode: UInt32) -> Reply {
        call(18) {
            $0.word(fid)
            $0.string(Array(name.utf8))
            for number in [mode, 1, 3, 0] { $0.word(number) }
        }
    }
    mutating func rename(_ name: String, to newName: String, in fid: UInt32 = 0) -> Reply {
        call(74) {
            $0.word(fid)
            $0.string(Array(name.utf8))
            $0.word(fid)
            $0.string(Array(newName.utf8))
        }
    }
    mutating func hardLink(_ fid: UInt32, as name: String, in folder: UInt32 = 0) -> Reply {
        call(70) {
            $0.word(folder)
            $0.word(fid)
            $0.string(Array(name.utf8))
        }
    }
    mutating func remove(_ name: String, isFolder: Bool = false, in fid: UInt32 = 0) -> Reply {
        call(76) {
            $0.word(fid)
            $0.string(Array(name.utf8))
            $0.word(isFolder ? 0x200 : 0)
        }
    }
    mutating func change(_ fid: UInt32, valid: UInt32, mode: UInt32 = 0, size: UInt64 = 0) -> Reply
    {
        call(26) {
            $0.word(fid)
            for number in [valid, mode, 12, 12] { $0.word(number) }
            for number in [size, 1, 2, 3, 4] { $0.double(number) }
        }
    }
    /// Mode, user, group and size.
    mutating func attributes(_ fid: UInt32) -> (
        mode: UInt32, user: UInt32, group: UInt32, size: UInt64
    )? {
        let reply = call(24) {
            $0.word(fid)
            $0.double(0x7ff)
        }
        var reader = MessageReader(reply.body)
        guard reply.isOK, reader.double() != nil, reader.data(13) != nil, let mode = reader.word(),
            let user = reader.word(), let group = reader.word(), reader.data(16) != nil,
            let size = reader.double()
        else { return nil }
        return (mode, user, group, size)
    }
    /// All names of an open folder, read with little room at a time.
    mutating func names(_ fid: UInt32, room: UInt32 = 512) -> [String] {
        var names: [String] = []
        var offset: UInt64 = 0
        while true {
            let reply = call(40) {
                $0.word(fid)
                $0.double(offset)
                $0.word(room)
            }
            var reader = MessageReader(reply.body)
            guard reply.isOK, let count = reader.word(), count > 0 else { return names.sorted() }
            while reader.data(13) != nil, let next = reader.double(), reader.byte() != nil,
                let name = reader.string()
            {
                names.append(String(decoding: name, as: UTF8.self))
                offset = next
            }
        }
    }
}

/// A folder to share with a secret beside it, and links that lead there.
final class SharedFolder {
    let base: String
    var shared: String { base + "/shared" }

    init() throws {
        var template = Array("/tmp/hull-test-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template) != nil
        try #require(made)
        let name = template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        base = String(decoding: name, as: UTF8.self)
        for folder in ["", "/inner", "/inner/deep"] { try HostFolder.create(shared + folder) }
        try HostFolder.create(base + "/outside")
        try HostFile.write(base + "/secret", Array("secret".utf8))
        try HostFile.write(base + "/outside/file", Array("secret".utf8))
        try HostFile.write(shared + "/file", Array("content".utf8))
        for (name, target) in [
            ("up", ".."), ("absolute", base), ("etc", "/etc"), ("direct", "../secret"),
            ("magic", "/proc/self/root"), ("loop", "loop"), ("near", "inner"),
        ] { unsafe _ = symlink(target, "\(shared)/\(name)") }
    }
    deinit { try? HostFolder.remove(base) }

    /// Everything outside is as it was.
    var outsideIsUntouched: Bool {
        (try? HostFile.read(base + "/secret")) == Array("secret".utf8)
            && (try? HostFile.read(base + "/outside/file")) == Array("secret".utf8)
            && HostFolder.names(base) == ["outside", "secret", "shared"]
            && HostFolder.names(base + "/outside") == ["file"]
    }
}
