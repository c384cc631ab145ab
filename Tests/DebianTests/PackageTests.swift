import Bits
import Foundation
import HostIO
import Hull
import TestKit
import Testing

@Suite struct TarTests {
    private var deepFolder: String {
        [String](repeating: String(repeating: "long", count: 20), count: 2).joined(separator: "/")
    }

    /// An archive that GNU tar made of a folder with everything in it.
    private func sample(_ options: [String] = [], link: Int = 150) throws -> [UInt8] {
        try withTemporaryFolder { folder in
            let root = folder.appendingPathComponent("root")
            let deep = root.appendingPathComponent(deepFolder)
            try FileManager.default.createDirectory(at: deep, withIntermediateDirectories: true)
            try Data("hello".utf8).write(to: deep.appendingPathComponent("file"))
            try FileManager.default.createSymbolicLink(
                atPath: root.appendingPathComponent("link").path,
                withDestinationPath: String(repeating: "t", count: link))
            let archive = folder.appendingPathComponent("a.tar").path
            let made = try Toolchain.run(
                "tar",
                options + ["--owner=9:7", "--group=9:8", "-C", root.path, "-cf", archive, "."])
            #expect(made.status == 0, "\(made.errors)")
            return try HostFile.read(archive)
        }
    }

    @Test(arguments: ["--format=gnu", "--format=pax", "--format=ustar"])
    func whatTarWroteIsRead(_ format: String) throws {
        // The oldest of them has no room for long targets of links.
        let link = format == "--format=ustar" ? 80 : 150
        let entries = try TarReader.entries(try sample([format], link: link)[...])
        let file = entries.first { $0.path.hasSuffix("file") }
        #expect(file?.path == deepFolder + "/file")
        #expect(
            entries.contains { $0.kind == .symbolicLink(to: String(repeating: "t", count: link)) })
        #expect(file.map { Array($0.content) } == Array("hello".utf8))
        #expect(file?.user == 7 && file?.group == 8)
        #expect(entries.first?.path == "" && entries.first?.kind == .folder)
    }

    @Test func damageIsASentence() throws {
        let archive = try sample()
        for count in [1000, 512, 0] {
            #expect(throws: HullError.self) { try TarReader.entries(archive[..<count]) }
        }
        for seed in 0..<400 {
            var damaged = archive
            var random = SplitMix(state: UInt64(seed))
            for _ in 0..<8 {
                damaged[Int(random.next() % 2048)] = UInt8(truncatingIfNeeded: random.next())
            }
            // An error or entries, and never a crash.
            _ = try? TarReader.entries(damaged[...])
        }
    }
}

private struct SplitMix {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

@Suite struct DpkgDatabaseTests {
    private func entry(_ path: String, _ text: String = "", _ permissions: UInt16 = 0o644)
        -> TarEntry
    {
        TarEntry(
            path: path, kind: .file, permissions: permissions, user: 0, group: 0, modified: 0,
            content: Array(text.utf8)[...])
    }

    @Test func dpkgReadsWhatIsWritten() throws {
        let package = DebianPackage(
            control: """
                Package: sample
                Version: 1.0
                Architecture: riscv64
                Multi-Arch: same
                Maintainer: nobody <nobody@example.org>
                Description: a sample
                 of a package

                """,
            members: [
                entry("conffiles", "/etc/sample\n"), entry("postinst", "#!/bin/sh\n", 0o755),
                entry("triggers", "# a comment\ninterest-noawait /usr/share/x\ninterest name\n"),
            ],
            files: [entry("etc/sample"), entry("usr/bin/sample")])
        var database = DpkgDatabase()
        let own = database.add(package)
        try withTemporaryFolder { folder in
            for (path, content) in database.files + own.map({ ($0.path, $0.content) }) {
                let file = folder.appendingPathComponent(path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(content).write(to: file)
            }
            let options = ["--admindir=\(folder.path)/var/lib/dpkg"]
            let shown = try Toolchain.run(
                "dpkg-query",
                options + [
                    "-W", "-f=${Package} ${Status} ${Conffiles}", "sample:riscv64",
                ])
            #expect(shown.text.contains("sample install ok unpacked"), "\(shown.errors)")
            #expect(shown.text.contains("/etc/sample newconffile"))
            let listed = try Toolchain.run("dpkg-query", options + ["-L", "sample:riscv64"])
            #expect(listed.text == "/etc/sample\n/usr/bin/sample\n", "\(listed.errors)")
            let triggers = try HostFile.read("\(folder.path)/var/lib/dpkg/triggers/File")
            #expect(triggers == Array("/usr/share/x sample:riscv64/noawait\n".utf8))
        }
        #expect(own.contains { $0.path.hasSuffix("sample:riscv64.postinst") && $0.isExecutable })
    }
}
