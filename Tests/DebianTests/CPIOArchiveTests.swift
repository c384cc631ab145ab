import Foundation
import Hull
import TestKit
import Testing

@Suite struct CPIOArchiveTests {
    /// Reads an archive back by the format's text: a header of thirteen hexadecimal fields, the name,
    /// the content, each padded to four bytes.
    private func entries(of archive: [UInt8]) throws -> [(
        name: String, mode: Int, content: [UInt8], fields: [Int]
    )] {
        var at = 0
        var result: [(String, Int, [UInt8], [Int])] = []
        while true {
            #expect(archive[at..<at + 6].elementsEqual("070701".utf8) && at % 4 == 0)
            let fields = try (0..<13).map { index in
                let text = String(
                    decoding: archive[at + 6 + 8 * index..<at + 14 + 8 * index], as: UTF8.self)
                return try #require(Int(text, radix: 16))
            }
            let name = String(decoding: archive[at + 110..<at + 109 + fields[11]], as: UTF8.self)
            #expect(archive[at + 109 + fields[11]] == 0)
            let start = (at + 110 + fields[11] + 3) & ~3
            guard name != "TRAILER!!!" else { return result }
            result.append((name, fields[1], Array(archive[start..<start + fields[6]]), fields))
            at = (start + fields[6] + 3) & ~3
        }
    }

    @Test func whatIsWrittenCanBeReadBack() throws {
        var archive = CPIOArchive()
        archive.folder("dev")
        archive.characterDevice("dev/console", major: 5, minor: 1)
        archive.file("odd", [1, 2, 3])
        archive.file("init", Array("#!/bin/sh\n".utf8), isExecutable: true)
        let bytes = archive.finished()
        let read = try entries(of: bytes)
        #expect(bytes.count % 512 == 0)
        #expect(read.map(\.name) == ["dev", "dev/console", "odd", "init"])
        #expect(read.map(\.mode) == [0o40755, 0o20600, 0o100644, 0o100755])
        #expect(read[2].content == [1, 2, 3])
        #expect(read[1].fields[9] == 5 && read[1].fields[10] == 1)
        #expect(Set(read.map { $0.fields[0] }).count == 4)
    }

    @Test func modulesAreListedInLoadOrder() throws {
        let archive = DebianGuest.initialFileSystem(
            busybox: [0x7f], modules: ["crc16": [2], "ext4": [3]],
            orders: ["ext4": ["crc16", "ext4"]])
        let read = try entries(of: archive)
        let order = try #require(read.first { $0.name == "lib/modules/ext4.order" })
        #expect(String(decoding: order.content, as: UTF8.self) == "crc16\next4\n")
        #expect(read.first { $0.name == "lib/modules/ext4.ko" }?.content == [3])
        #expect(read.first { $0.name == "sbin/modprobe" }?.mode == 0o100755)
        let program = try #require(read.first { $0.name == "init" })
        #expect(
            program.mode == 0o100755 && program.content.starts(with: "#!/bin/busybox sh\n".utf8))
        #expect(read.first { $0.name == "bin/busybox" }?.mode == 0o100755)
    }
}
