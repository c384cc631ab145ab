import FoundationEssentials
import Hull
import TestKit
import Testing

/// `hull image`, beside qemu-img.
@Suite(.enabled(if: Toolchain.has("qemu-img"), "qemu-img is not installed"))
struct ImageTests {
    private func hull(_ arguments: [String], fails: Bool = false) throws -> ProcessOutcome {
        let outcome = try Toolchain.runBuilt("hull", ["image"] + arguments)
        #expect((outcome.status != 0) == fails, "\(arguments): \(outcome.errors)\(outcome.text)")
        return outcome
    }
    private func qemu(_ arguments: [String]) throws {
        let outcome = try Toolchain.run("qemu-img", arguments)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)\(outcome.text)")
    }
    private func same(_ one: String, _ other: String) throws { try qemu(["compare", one, other]) }

    @Test func createAndInfo() throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
            _ = try hull(["create", path("base.img"), "3M"])
            _ = try hull([
                "create", "-f", "qcow2", "-b", "base.img", "--cluster-size", "4K",
                path("top.qcow2"),
            ])
            try qemu(["check", path("top.qcow2")])
            let text = try hull(["info", path("top.qcow2")]).text
            #expect(text.contains("format: qcow2\n"))
            #expect(text.contains("virtual size: 3 MiB (3145728 bytes)\n"))
            #expect(text.contains("cluster size: 4096\n"))
            #expect(text.contains("backing file: base.img (raw)\n"))
            let json = try hull(["info", "--json", path("top.qcow2")]).text
            #expect(json.contains("\"virtual-size\": 3145728"))
            #expect(json.contains("\"backing-filename\": \"base.img\""))
            // What is there is not replaced by accident.
            let refused = try hull(["create", path("base.img"), "1M"], fails: true)
            #expect(refused.errors.contains("is there already"))
            let circle = path("circle.qcow2")
            try qemu([
                "create", "-f", "qcow2", "-u", "-b", "circle.qcow2", "-F", "qcow2", circle, "1M",
            ])
            let round = try hull(["convert", circle, path("x")], fails: true)
            #expect(round.errors.contains("run in a circle"), "\(round.errors)")
            #expect(try hull(["info", circle]).text.contains("circle.qcow2"))
        }
    }

    @Test(arguments: [
        [], ["-c"], ["-c", "--compression", "zstd"], ["--qcow2-version", "2", "-c"],
    ])
    func convertBothWays(_ options: [String]) throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
            var bytes = [UInt8](repeating: 0, count: 3 << 20)
            for index in 700_000..<1_500_000 { bytes[index] = UInt8(index >> 12 & 255) }
            for index in 2_000_000..<2_100_000 { bytes[index] = UInt8.random(in: 0...255) }
            try Data(bytes).write(to: folder.appendingPathComponent("raw"))
            _ = try hull(["convert", "-O", "qcow2", path("raw"), path("image")] + options)
            try qemu(["check", path("image")])
            try same(path("raw"), path("image"))
            _ = try hull(["convert", "-O", "raw", path("image"), path("back")])
            #expect(Array(try Data(contentsOf: folder.appendingPathComponent("back"))) == bytes)
            let refused = try hull(
                ["convert", "-O", "raw", path("raw"), path("raw"), "--force"], fails: true)
            #expect(refused.errors.contains("into itself"))
        }
    }

    @Test func snapshotsResizeAndCommit() throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
            func io(_ commands: [String], _ name: String) throws {
                let outcome = try Toolchain.run(
                    "qemu-io", commands.flatMap { ["-c", $0] } + [path(name)])
                #expect(outcome.status == 0 && !outcome.text.contains("failed"), "\(outcome.text)")
            }
            _ = try hull(["create", "-f", "qcow2", path("image"), "2M"])
            try io(["write -P 1 0 1M"], "image")
            _ = try hull(["snapshot", "-c", "one", path("image")])
            try qemu(["check", path("image")])
            try io(["write -P 2 512k 1M", "read -P 1 0 512k"], "image")
            #expect(try hull(["snapshot", path("image")]).text.contains("  1   one"))
            _ = try hull(["resize", path("image"), "+62M"])
            try qemu(["check", path("image")])
            try io(["read -P 2 1M 512k", "read -P 0 1536k 60M"], "image")
            _ = try hull(["resize", path("image"), "1M"], fails: true)
            _ = try hull(["resize", path("image"), "1M", "--shrink"])
            try qemu(["check", path("image")])
            _ = try hull(["snapshot", "-a", "one", path("image")])
            try qemu(["check", path("image")])
            try io(["read -P 1 0 1M", "read -P 0 1M 1M"], "image")
            _ = try hull(["snapshot", "-d", "one", path("image")])
            try qemu(["check", path("image")])
            try io(["read -P 1 0 1M", "write -P 5 0 64k"], "image")

            _ = try hull(["create", "-f", "qcow2", "-b", "image", path("top"), "4M"])
            try io(["write -P 7 64k 64k", "write -z 256k 64k", "write -P 8 3M 64k"], "top")
            try qemu(["convert", "-O", "raw", path("top"), path("wanted")])
            _ = try hull(["commit", path("top")])
            for name in ["image", "top"] {
                try qemu(["check", path(name)])
                try same(path("wanted"), path(name))
            }
            #expect(try hull(["info", path("top")]).text.contains("virtual size: 4 MiB"))
        }
    }
}
