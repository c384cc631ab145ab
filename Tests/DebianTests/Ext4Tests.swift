import Bits
import Foundation
import HostIO
import Hull
import TestKit
import Testing

private let hasChecker = FileManager.default.isExecutableFile(atPath: "/usr/sbin/e2fsck")

/// File systems that are written here, looked at by e2fsprogs.
@Suite(.enabled(if: hasChecker, "e2fsprogs is missing"))
struct Ext4Tests {

    private func withImage(
        megabytes: UInt64 = 384, _ fill: (inout Ext4Writer) throws -> Void,
        _ body: (String) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("image").path
            let image = try HostImageFile(creating: path, byteCount: megabytes << 20)
            var writer = try Ext4Writer(
                byteCount: megabytes << 20, label: "test", identifier: Array(1...16),
                time: 1_700_000_000
            ) { offset, bytes throws(HullError) in try image.write(bytes, at: offset) }
            try fill(&writer)
            try writer.finish()
            let check = try Toolchain.run("/usr/sbin/e2fsck", ["-fn", path])
            #expect(check.status == 0, "\(check.text)\(check.errors)")
            try body(path)
        }
    }

    private func debugfs(_ path: String, _ request: String) throws -> String {
        try Toolchain.run("/usr/sbin/debugfs", ["-R", request, path]).text
    }

    @Test func anEmptyOneIsClean() throws {
        try withImage { _ in
        } _: { path throws in
            #expect(try debugfs(path, "ls -p /").contains("lost+found"))
        }
    }

    @Test func ownersAndPermissionsAreAsTheyWere() throws {
        try withImage { writer in
            try writer.folder("usr", FileAttributes(0o755))
            try writer.symbolicLink("bin", to: "usr/bin", FileAttributes(0o777))
            try writer.folder("usr/bin", FileAttributes(0o755))
            try writer.file(
                "bin/su", FileAttributes(0o4755, user: 0, group: 70_000), Array("set".utf8)[...])
            try writer.hardLink("usr/bin/also", to: "bin/su")
            try writer.device(
                "console", FileAttributes(0o600), isBlock: false, major: 5, minor: 1)
            try writer.pipe("pipe", FileAttributes(0o644))
            try writer.symbolicLink(
                "long", to: String(repeating: "x/", count: 100), FileAttributes(0o777))
        } _: { path throws in
            let file = try debugfs(path, "stat /usr/bin/su")
            #expect(file.contains("Mode:  04755") && file.contains("Group: 70000"), "\(file)")
            #expect(file.contains("Links: 2"))
            #expect(try debugfs(path, "cat /usr/bin/also") == "set")
            #expect(try debugfs(path, "stat /console").contains("05:01"))
            #expect(try debugfs(path, "stat /bin").contains("\"usr/bin\""))
        }
    }

    @Test func largeFilesCrossGroups() throws {
        let content = (0..<150 << 20 / 8).flatMap { word in
            let mixed = UInt64(word) &* 0x9e37_79b9_7f4a_7c15
            return (0..<8).map { UInt8(truncatingIfNeeded: mixed >> UInt64($0 * 8)) }
        }
        try withImage { writer in
            try writer.file("large", FileAttributes(0o644), content[...])
            try writer.file("after", FileAttributes(0o644), Array("end".utf8)[...])
        } _: { path throws in
            let out = path + ".out"
            _ = try debugfs(path, "dump /large \(out)")
            #expect(try HostFile.read(out) == content)
            #expect(try debugfs(path, "cat /after") == "end")
        }
    }

    @Test func moreExtentsThanAnInodeHoldsGoIntoABlock() throws {
        try withImage(megabytes: 1024) { writer in
            try writer.file(
                "huge", FileAttributes(0o644), [UInt8](repeating: 7, count: 700 << 20)[...])
        } _: { path throws in
            #expect(try debugfs(path, "stat /huge").contains("(ETB0)"))
        }
    }

    @Test func manyFilesInOneFolder() throws {
        try withImage { writer in
            for number in 0..<3000 {
                try writer.file("f/name\(number)", FileAttributes(0o644), [1][...])
            }
            // The second of a name replaces the first.
            try writer.file("f/name7", FileAttributes(0o600), Array("new".utf8)[...])
        } _: { path throws in
            #expect(try debugfs(path, "cat /f/name7") == "new")
            #expect(try debugfs(path, "ls -p /f").split(separator: "\n").count == 3002)
        }
    }

    @Test func whatDoesNotFitIsASentence() throws {
        #expect(throws: HullError.self) {
            var writer = try Ext4Writer(
                byteCount: 128 << 20, label: "", identifier: Array(1...16), time: 0
            ) { _, _ throws(HullError) in }
            try writer.file(
                "large", FileAttributes(0o644), [UInt8](repeating: 7, count: 200 << 20)[...])
        }
    }
}
