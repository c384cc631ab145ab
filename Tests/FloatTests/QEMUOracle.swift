import Foundation
import RISCV
import TestKit

/// `vectors.S` under the user-mode QEMU of a newer Debian, fetched once through apt into the cache.
struct QEMUOracle: Sendable {
    static let whyNot = "it could not be fetched, or clang does not assemble for riscv64"
    let qemu: URL
    let program: [UInt8]

    init?() {
        let cache = Self.cache.appendingPathComponent("qemu-user")
        qemu = cache.appendingPathComponent("qemu-riscv64")
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        guard let linked = try? Self.link([], []) else { return nil }
        program = linked
        if FileManager.default.isExecutableFile(atPath: qemu.path) { return }
        guard environment("HULL_OFFLINE") != "1" else { return nil }

        // The package holds forty emulators: keep one.
        let folder = cache.appendingPathComponent("fetch-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = here.deletingLastPathComponent().appendingPathComponent("Guests/debian-guest")
        guard
            let fetching = try? Toolchain.run(
                "env",
                [
                    "SUITE=trixie", "ARCH=amd64", "timeout", "600", script.path, folder.path,
                    "qemu-user",
                ]), fetching.status == 0
        else { return nil }
        let fetched = folder.appendingPathComponent("root/usr/bin/qemu-riscv64")
        // Another test may have been faster: then its copy serves.
        try? FileManager.default.moveItem(at: fetched, to: qemu)
        guard FileManager.default.isExecutableFile(atPath: qemu.path) else { return nil }
    }

    /// `vectors.S`, assembled and linked.
    static func link(_ flags: [String], _ linkerFlags: [String]) throws -> [UInt8] {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("vectors.S")
        return try Toolchain.link(
            try String(contentsOf: source, encoding: .utf8),
            flags: ["-march=rv64gc_zfh_zfa", "-mabi=lp64d"] + flags, linkerFlags: linkerFlags)
    }

    static var cache: URL {
        if let folder = environment("XDG_CACHE_HOME"), folder.hasPrefix("/") {
            return URL(fileURLWithPath: folder).appendingPathComponent("hull")
        }
        return FileManager.default.homeDirectoryForCurrentUser
            .appendingPathComponent(".cache/hull")
    }

    /// Runs records of stub, rounding mode and three operands.
    func run(_ records: [[UInt64]]) throws -> [FloatResult] {
        let output = try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("vectors")
            try Data(program).write(to: file)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: file.path)
            return try Toolchain.run(
                "env", [qemu.path, "-cpu", "max", file.path], input: Self.bytes(records)
            ).output
        }
        func word(_ at: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(output[at + $1]) << UInt64(8 * $1) }
        }
        return (0..<output.count / 16).map { index in
            FloatResult(
                word(16 * index),
                FloatFlags(rawValue: UInt8(truncatingIfNeeded: word(16 * index + 8))))
        }
    }

    static func bytes(_ records: [[UInt64]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.count * 40)
        for word in records.joined() {
            for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * shift))) }
        }
        return bytes
    }
}
