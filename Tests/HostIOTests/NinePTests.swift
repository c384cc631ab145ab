import Glibc
import HostIO
import NineP
import TestKit
import Testing

@Suite struct NinePTests {
    @Test func aFileIsMadeWrittenReadAndRemoved() throws {
        let folder = try SharedFolder()
        var client = try NinePClient(folder.shared)
        #expect(client.walk(0, 1, []).isOK)
        #expect(client.create(1, "new", mode: 0o640).isOK)
        #expect(client.write(1, Array("hello".utf8), at: 3).isOK)
        #expect(client.read(1) == [0, 0, 0] + Array("hello".utf8))
        #expect(client.read(1, 2, at: 4) == Array("el".utf8))
        #expect(client.attributes(1)?.size == 8)
        #expect(client.attributes(1).map { $0.mode & 0o7777 } == 0o640)
        // An open file outlives its name, and knows its status.
        #expect(client.remove("new").isOK)
        #expect(client.attributes(1)?.size == 8)
        #expect(client.read(1) == [0, 0, 0] + Array("hello".utf8))
        #expect(client.clunk(1).isOK)
        #expect(client.clunk(1).error == 9)
        #expect(!HostFolder.exists(folder.shared + "/new"))
    }

    @Test func foldersAreListedInPieces() throws {
        let folder = try SharedFolder()
        for index in 0..<300 { try HostFile.write("\(folder.shared)/inner/n\(index)", []) }
        var client = try NinePClient(folder.shared)
        #expect(client.walk(0, 1, ["inner"]).isOK)
        #expect(client.open(1).isOK)
        let expected = ((0..<300).map { "n\($0)" } + [".", "..", "deep"]).sorted()
        #expect(client.names(1) == expected)
        #expect(client.names(1, room: 60_000) == expected)
        // Room for no entry at all.
        #expect(client.names(1, room: 3) == [])
    }

    @Test func whatIsRenamedKeepsItsNumber() throws {
        let folder = try SharedFolder()
        try HostFile.write(folder.shared + "/inner/deep/leaf", Array("leaf".utf8))
        var client = try NinePClient(folder.shared)
        #expect(client.walk(0, 1, ["inner", "deep", "leaf"]).isOK)
        #expect(client.walk(0, 2, ["inner"]).isOK)
        #expect(client.rename("inner", to: "moved").isOK)
        #expect(client.attributes(1)?.size == 4)
        #expect(client.open(1).isOK)
        #expect(client.read(1) == Array("leaf".utf8))
        #expect(client.walk(2, 3, ["deep"]).isOK)
        #expect(client.steps(["inner"]) == 0)
        // A name that begins alike is another one.
        #expect(client.makeFolder(0, "move").isOK)
        #expect(client.rename("move", to: "x").isOK)
        #expect(client.attributes(2) != nil)
    }

    @Test func ownersAreMapped() throws {
        let folder = try SharedFolder()
        var client = try NinePClient(folder.shared)
        #expect(client.walk(0, 1, ["file"]).isOK)
        let known = client.attributes(1)
        let status = try #require(known)
        #expect(status.user == 0 && status.group == 0)
        // Files cannot be given away, and that is no error.
        #expect(client.change(1, valid: 6).isOK)
        #expect(client.attributes(1)?.user == 0)
        // No set-user-id bit for what a guest wrote.
        #expect(client.change(1, valid: 1, mode: 0o6755).isOK)
        #expect(client.attributes(1).map { $0.mode & 0o7777 } == 0o755)
        #expect(client.change(1, valid: 8, size: 3).isOK)
        #expect(try HostFile.read(folder.shared + "/file") == Array("con".utf8))
    }

    @Test func locksOfTwoClientsExcludeEachOther() throws {
        let folder = try SharedFolder()
        var one = try NinePClient(folder.shared)
        var other = try NinePClient(folder.shared)
        func lock(_ client: inout NinePClient, _ kind: UInt8) -> [UInt8] {
            Array(
                client.call(52) {
                    $0.word(1)
                    $0.byte(kind)
                    $0.word(0)
                    $0.double(0)
                    $0.double(0)
                    $0.word(1)
                    $0.string(Array("host".utf8))
                }.body)
        }
        for fid in [UInt32(1)] {
            #expect(one.walk(0, fid, ["file"]).isOK && one.open(fid, 2).isOK)
            #expect(other.walk(0, fid, ["file"]).isOK && other.open(fid, 2).isOK)
        }
        #expect(lock(&one, 1) == [0])
        #expect(lock(&other, 0) == [1])
        #expect(lock(&one, 2) == [0])
        #expect(lock(&other, 0) == [0])
    }

    @Test func aReadOnlyFolderRefusesEachChange() throws {
        let folder = try SharedFolder()
        var client = try NinePClient(folder.shared, isReadOnly: true)
        #expect(client.walk(0, 1, ["file"]).isOK)
        for reply in [
            client.open(1, 1), client.open(1, 2), client.open(1, 0o1000), client.create(0, "x"),
            client.makeLink(0, "x", to: "file"), client.makeFolder(0, "x"),
            client.makeNode(0, "x", mode: 0o100644), client.rename("file", to: "x"),
            client.hardLink(1, as: "x"), client.remove("file"),
            client.remove("inner", isFolder: true), client.change(1, valid: 9),
            client.write(1, [1]), client.call(122) { $0.word(1) },
        ] { #expect(reply.error == 30) }
        #expect(client.open(1).isOK)
        #expect(client.read(1) == Array("content".utf8))
        #expect(try HostFile.read(folder.shared + "/file") == Array("content".utf8))
    }
}

/// Every way out that links, names and numbers offer, with both ways to resolve a path.
@Suite(.serialized) struct EscapeTests {
    @Test(arguments: [false, true])
    func noLinkAndNoNameLeadsOut(walksByName: Bool) throws {
        let folder = try SharedFolder()
        var client = try NinePClient(folder.shared, walksByName: walksByName)
        for link in ["up", "absolute", "etc", "magic", "near", "loop"] {
            // The link itself is there, and nothing behind it is.
            #expect(client.steps([link]) == 1)
            #expect(client.steps([link, "secret"]) == 1)
            #expect(client.steps([link, "passwd"]) == 1)
            #expect(client.steps([link, "deep"]) == 1)
            #expect(client.walk(0, 1, [link]).isOK)
            #expect(client.open(1).error != nil)
            #expect(client.create(1, "planted").error != nil)
            #expect(client.makeFolder(1, "planted").error != nil)
            #expect(client.makeLink(1, "planted", to: "x").error != nil)
            #expect(client.makeNode(1, "planted", mode: 0o100644).error != nil)
            #expect(client.remove("file", in: 1).error != nil)
            #expect(client.rename("outside", to: "planted", in: 1).error != nil)
            #expect(client.clunk(1).isOK)
        }
        for name in ["..", "../secret", "/etc", "inner/../..", "", ".", "a/b", "x\0y"] {
            #expect(client.create(0, name).error == 22)
            #expect(client.makeFolder(0, name).error == 22)
            #expect(client.makeLink(0, name, to: "x").error == 22)
            #expect(client.rename("file", to: name).error == 22)
            #expect(client.remove(name, isFolder: true).error == 22)
            if name != ".." { #expect(client.steps([name]) == 0) }
        }
        // Above the folder is the folder.
        #expect(client.steps(["..", "..", "..", "file"]) == 4)
        #expect(client.steps(["inner", "..", "..", "secret"]) == 3)
        #expect(folder.outsideIsUntouched)
    }

    @Test(arguments: [false, true])
    func aFolderThatBecomesALinkLeadsNowhere(walksByName: Bool) throws {
        let folder = try SharedFolder()
        var client = try NinePClient(folder.shared, walksByName: walksByName)
        #expect(client.walk(0, 1, ["inner"]).isOK)
        #expect(client.walk(0, 2, ["inner", "deep"]).isOK)
        // What a second guest, or the host, may do meanwhile.
        unsafe _ = rename(folder.shared + "/inner", folder.shared + "/other")
        unsafe _ = symlink("../outside", folder.shared + "/inner")
        #expect(client.walk(1, 3, ["file"]).error != nil)
        #expect(client.create(1, "planted").error != nil)
        #expect(client.remove("file", in: 1).error != nil)
        #expect(client.attributes(2) == nil)
        #expect(client.open(1).error != nil)
        #expect(folder.outsideIsUntouched)
    }

    @Test(arguments: [false, true])
    func writingThroughALinkIsRefused(walksByName: Bool) throws {
        let folder = try SharedFolder()
        var client = try NinePClient(folder.shared, walksByName: walksByName)
        #expect(client.walk(0, 1, ["direct"]).isOK)
        for flags: UInt32 in [0, 1, 2, 0o1001] { #expect(client.open(1, flags).error != nil) }
        #expect(client.change(1, valid: 8).error != nil)
        _ = client.change(1, valid: 1, mode: 0o777)
        _ = client.change(1, valid: 0x1b0)
        #expect(client.walk(0, 2, []).isOK)
        #expect(client.create(2, "direct", 0o1101).error != nil)
        // A second name for the link, not for what it leads to.
        #expect(client.hardLink(1, as: "again").isOK)
        #expect(client.walk(0, 3, ["again"]).isOK)
        #expect(client.attributes(3).map { $0.mode & S_IFMT } == S_IFLNK)
        var status = stat()
        let outcome = unsafe stat(folder.base + "/secret", &status)
        #expect(outcome == 0 && status.st_mode & 0o777 == 0o644 && status.st_mtim.tv_sec > 100)
        #expect(folder.outsideIsUntouched)
    }

    @Test func pipesAndDevicesAreNotOpened() throws {
        let folder = try SharedFolder()
        var client = try NinePClient(folder.shared)
        #expect(client.makeNode(0, "null", mode: S_IFCHR | 0o666).error == 1)
        #expect(client.makeNode(0, "disk", mode: S_IFBLK | 0o666).error == 1)
        #expect(client.makeNode(0, "pipe", mode: S_IFIFO | 0o666).isOK)
        #expect(client.walk(0, 1, ["pipe"]).isOK)
        for flags: UInt32 in 0...2 { #expect(client.open(1, flags).error == 1) }
        #expect(client.walk(0, 2, []).isOK)
        #expect(client.create(2, "pipe", 1).error == 1)
    }
}

@Suite struct NinePFuzzTests {
    /// What follows the head of a valid message: numbers by their width, and strings.
    private enum Field { case byte, half, word, double, name, data, fid }
    private static let layouts: [(UInt8, [Field])] = [
        (8, [.fid]), (12, [.fid, .word]), (14, [.fid, .name, .word, .word, .word]),
        (16, [.fid, .name, .name, .word]), (18, [.fid, .name, .word, .word, .word, .word]),
        (20, [.fid, .fid, .name]), (22, [.fid]), (24, [.fid, .double]),
        (26, [.fid, .word, .word, .word, .word] + [Field](repeating: .double, count: 5)),
        (30, [.fid, .fid, .name]), (32, [.fid, .name, .double, .word]),
        (40, [.fid, .double, .word]), (50, [.fid, .word]),
        (52, [.fid, .byte, .word, .double, .double, .word, .name]),
        (54, [.fid, .byte, .double, .double, .word, .name]), (70, [.fid, .fid, .name]),
        (72, [.fid, .name, .word, .word]), (74, [.fid, .name, .fid, .name]),
        (76, [.fid, .name, .word]), (100, [.word, .name]), (102, [.fid, .name, .name, .word]),
        (104, [.fid, .fid, .name, .name, .word]), (108, [.half]), (110, [.fid, .fid, .half]),
        (116, [.fid, .double, .word]), (118, [.fid, .double, .data]), (120, [.fid]),
        (122, [.fid]),
    ]
    private static let corpus: [[UInt8]] = (0..<6).flatMap { round in
        layouts.map { type, fields in
            NinePClient.message(type) { writer in
                var numbers = SeededNumbers(seed: UInt64(type) << 8 | UInt64(round))
                func small(_ bound: UInt64) -> UInt64 { numbers.next() % bound }
                for field in fields {
                    switch field {
                    case .byte: writer.byte(UInt8(small(3)))
                    case .half: writer.half(0)
                    case .word: writer.word([0, 2, 0o644, 0o100644, 4096][Int(small(5))])
                    case .double: writer.double(small(20))
                    case .fid: writer.word(UInt32(small(6)))
                    case .name:
                        let names = ["file", "inner", "up", "..", "new", "user.x", "../secret"]
                        writer.string(Array(names[Int(small(7))].utf8))
                    case .data:
                        writer.word(9)
                        writer.data([UInt8](repeating: 0x41, count: 9))
                    }
                }
            }
        }
    }

    /// Whatever a client says, it is answered, and nothing outside of the folder changes.
    @Test func aClientWithoutSenseHarmsNothing() throws {
        let folder = try SharedFolder()
        var client = try NinePClient(folder.shared)
        var answered = 0
        let finding = fuzz(seed: 9, rounds: Effort.rounds(20_000), corpus: Self.corpus) {
            broken, round in
            // Among the broken ones are whole ones, or a session would get nowhere. Mostly the length
            // is right, or little else would be looked at.
            var input = round % 3 == 0 ? Self.corpus[round / 3 % Self.corpus.count] : broken
            if round % 8 > 0, input.count >= 7 {
                for index in 0..<4 {
                    input[index] = UInt8(truncatingIfNeeded: input.count >> (index * 8))
                }
            }
            if round % 50 == 0, let fresh = try? NinePClient(folder.shared) {
                client = fresh
                _ = client.walk(0, 1, ["file"])
                _ = client.walk(0, 2, ["inner"])
            }
            let limit = [7, 10, 11, 64, 4096, 64 << 10][round / 5 % 6]
            guard let answer = client.session.answer(input, limit: limit) else {
                return limit < 11 ? nil : "no answer with room for \(limit) bytes"
            }
            answered += answer[4] == 7 ? 0 : 1
            return answer.count <= limit ? nil : "\(answer.count) bytes for \(limit)"
        }
        #expect(finding == nil)
        #expect(answered > 700, "\(answered)")
        #expect(folder.outsideIsUntouched)
    }
}
