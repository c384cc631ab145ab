import Bits
import DiskImage
import FoundationEssentials
import HostIO
import TestKit
import Testing

/// Images that `qemu-img` and `qemu-io` write are read here, and the other way round.
@Suite(.enabled(if: Toolchain.has("qemu-img"), "qemu-img is not installed"))
struct QemuTests {
    static let size = 5 << 20

    /// Ranges of bytes with random content, and the rest zeros.
    static func content(seed: UInt64, size: Int = QemuTests.size) -> [UInt8] {
        var numbers = SeededNumbers(seed: seed)
        var bytes = [UInt8](repeating: 0, count: size)
        for _ in 0..<12 {
            let start = Int.random(in: 0..<size / 512, using: &numbers) * 512
            let end = min(start + Int.random(in: 1..<300, using: &numbers) * 512, size)
            let isRandom = Bool.random(using: &numbers)
            for index in start..<end {
                bytes[index] =
                    isRandom ? UInt8.random(in: 0...255, using: &numbers) : UInt8(index >> 14 & 255)
            }
        }
        return bytes
    }

    static func run(_ program: String, _ arguments: [String]) throws {
        let outcome = try Toolchain.run(program, arguments)
        #expect(outcome.status == 0, "\(program) \(arguments): \(outcome.errors)\(outcome.text)")
    }

    /// All bytes, as a machine reads them.
    static func bytes(_ path: String, snapshot: String? = nil) throws -> [UInt8] {
        var opening = ImageOpening(path)
        opening.isReadOnly = true
        opening.snapshot = snapshot
        let drive = try ImageFile(opening).drive()
        let outcome = drive.perform(
            .init(device: 0, tag: 0, operation: .read, offset: 0, count: drive.byteCount))
        #expect(outcome.status == .ok)
        return outcome.data
    }

    /// The same by qemu-img.
    static func bytesByQemu(_ path: String, in folder: URL) throws -> [UInt8] {
        let raw = folder.appendingPathComponent("by-qemu").path
        try run("qemu-img", ["convert", "-O", "raw", path, raw])
        return Array(try Data(contentsOf: URL(fileURLWithPath: raw)))
    }

    @Test(arguments: [
        ["compat=0.10"], ["compat=1.1"], ["compat=1.1,lazy_refcounts=on"],
        ["compat=1.1,refcount_bits=1"], ["compat=1.1,refcount_bits=64"],
        ["cluster_size=512"], ["cluster_size=4096,preallocation=metadata"], ["cluster_size=2M"],
        ["compat=0.10", "-c"], ["compat=1.1", "-c"], ["compression_type=zstd", "-c"],
        ["cluster_size=4096,compression_type=zstd", "-c"],
    ])
    func imagesOfQemuReadEqual(_ options: [String]) throws {
        try withTemporaryFolder { folder in
            let raw = folder.appendingPathComponent("raw").path
            let image = folder.appendingPathComponent("image.qcow2").path
            let content = Self.content(seed: UInt64(options[0].count))
            try Data(content).write(to: URL(fileURLWithPath: raw))
            try Self.run(
                "qemu-img",
                ["convert", "-f", "raw", "-O", "qcow2", "-o", options[0]] + options.dropFirst()
                    + [raw, image])
            #expect(try Self.bytes(image) == content)
            try Self.writeHere(image, content, in: folder)
        }
    }

    /// Writes to an image of QEMU's, and has QEMU look at it.
    static func writeHere(_ image: String, _ content: [UInt8], in folder: URL) throws {
        var content = content
        try autoreleasing {
            let drive = try ImageFile(ImageOpening(image)).drive()
            var numbers = SeededNumbers(seed: 7)
            for round in 0..<60 {
                let first = Int.random(in: 0..<content.count / 512, using: &numbers)
                let count = min(
                    Int.random(in: 1..<200, using: &numbers), content.count / 512 - first)
                let range = first * 512..<(first + count) * 512
                let bytes = [UInt8](repeating: UInt8(round + 1), count: range.count)
                let isZero = round % 7 == 0
                let outcome = drive.perform(
                    .init(
                        device: 0, tag: 0, operation: isZero ? .writeZeroes : .write,
                        offset: UInt64(range.lowerBound), count: UInt64(range.count),
                        data: isZero ? [] : bytes))
                #expect(outcome.status == .ok)
                content.replaceSubrange(
                    range, with: isZero ? [UInt8](repeating: 0, count: range.count) : bytes)
            }
            #expect(
                drive.perform(
                    .init(device: 0, tag: 0, operation: .flush, offset: 0, count: 0)
                ).status == .ok)
        }
        try run("qemu-img", ["check", image])
        #expect(try bytesByQemu(image, in: folder) == content)
        #expect(try bytes(image) == content)
    }

    private static func autoreleasing(_ body: () throws -> Void) rethrows { try body() }

    @Test(arguments: [9, 12, 16, 21], [UInt32(0), 4, 6])
    func imagesMadeHereAreSound(_ clusterBits: Int, _ refcountOrder: UInt32) throws {
        try withTemporaryFolder { folder in
            let image = folder.appendingPathComponent("image.qcow2").path
            var choice = QcowChoice(byteCount: UInt64(Self.size))
            choice.clusterBits = clusterBits
            choice.refcountOrder = refcountOrder
            _ = try QcowImage.create(choice, in: try FileStorage(creating: image))
            try Self.run("qemu-img", ["check", image])
            try Self.writeHere(
                image, [UInt8](repeating: 0, count: Self.size), in: folder)
        }
    }

    @Test func chainsAndSnapshotsOfQemuAreRead() throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
            let base = Self.content(seed: 5, size: 3 << 20)
            try Data(base).write(to: URL(fileURLWithPath: path("base.img")))
            try Self.run(
                "qemu-img",
                [
                    "create", "-f", "qcow2", "-b", "base.img", "-F", "raw", path("middle.qcow2"),
                    "4M",
                ])
            try Self.run(
                "qemu-io",
                ["-c", "write -P 17 1M 300k", "-c", "write -z 2M 64k", path("middle.qcow2")])
            try Self.run("qemu-img", ["snapshot", "-c", "first", path("middle.qcow2")])
            try Self.run("qemu-io", ["-c", "write -P 18 1100k 64k", path("middle.qcow2")])
            try Self.run(
                "qemu-img",
                [
                    "create", "-f", "qcow2", "-b", "middle.qcow2", "-F", "qcow2", path("top.qcow2"),
                    "5M",
                ])
            try Self.run("qemu-io", ["-c", "write -P 19 4090k 64k", path("top.qcow2")])
            var expected = base + [UInt8](repeating: 0, count: 1 << 20)
            for index in 0..<300 << 10 { expected[1 << 20 + index] = 17 }
            for index in 0..<64 << 10 { expected[2 << 20 + index] = 0 }
            #expect(try Self.bytes(path("middle.qcow2"), snapshot: "first") == expected)
            for index in 0..<64 << 10 { expected[1100 << 10 + index] = 18 }
            #expect(try Self.bytes(path("middle.qcow2")) == expected)
            expected += [UInt8](repeating: 0, count: 1 << 20)
            for index in 0..<64 << 10 { expected[4090 << 10 + index] = 19 }
            #expect(try Self.bytes(path("top.qcow2")) == expected)
            try Self.writeHere(path("top.qcow2"), expected, in: folder)
            // The snapshot's clusters are shared, and stay as they were.
            let before = try Self.bytes(path("middle.qcow2"), snapshot: "first")
            try Self.writeHere(
                path("middle.qcow2"), try Self.bytes(path("middle.qcow2")), in: folder)
            #expect(try Self.bytes(path("middle.qcow2"), snapshot: "first") == before)
        }
    }

    /// QEMU with lazy reference counts that was killed leaves its image so.
    @Test func countsThatWereLeftBehindAreMadeGood() throws {
        try withTemporaryFolder { folder in
            let image = folder.appendingPathComponent("image.qcow2").path
            try Self.run(
                "qemu-img", ["create", "-f", "qcow2", "-o", "lazy_refcounts=on", image, "5M"])
            _ = try Toolchain.run(
                "qemu-io", ["-c", "write -P 3 1M 200k", "-c", "flush", "-c", "abort", image])
            let header = try QcowImage.header(of: try FileStorage(image, readOnly: true))
            #expect(header.incompatible & QcowHeader.Incompatible.dirty != 0)
            var expected = [UInt8](repeating: 0, count: Self.size)
            for index in 0..<200 << 10 { expected[1 << 20 + index] = 3 }
            #expect(try Self.bytes(image) == expected)
            try Self.writeHere(image, expected, in: folder)
            let after = try QcowImage.header(of: try FileStorage(image, readOnly: true))
            #expect(after.incompatible & QcowHeader.Incompatible.dirty == 0)
        }
    }
}
