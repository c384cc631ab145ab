import EngineKit
import Foundation
import Hart
import TestKit
import Testing

/// Prints how fast the hot loop runs; what it checks is the result and the count of instructions.
@Suite struct MicrobenchmarkTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Benchmarks/micro")

    /// The loop as flat bytes, made by the toolchain's own clang and linker.
    static func program() throws -> [UInt8] {
        try Toolchain.link(
            try String(contentsOf: folder.appendingPathComponent("hotloop.c"), encoding: .utf8),
            language: "c", flags: ["-O2", "-ffunction-sections"],
            linkerFlags: [
                "-T", folder.appendingPathComponent("hotloop.ld").path, "--oformat=binary",
            ])
    }

    @Test(arguments: EngineChoice.allCases) func hotLoop(_ engine: EngineChoice) throws {
        let rig = try Rig(Self.program(), engine: engine)
        let start = clock()
        var turns = 0
        while rig.engine.run(rig.hart, budget: 100_000) == .budget, turns < 10_000 { turns += 1 }
        let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
        let rate = Double(rig.hart.retired) / seconds / 1e6
        print(
            "hot loop: \(rig.hart.retired) instructions in",
            String(format: "%.2f s of CPU time, %.0f million a second", seconds, rate))
        // 40 · 6542 primes + fib(27) + the CRC of 0..<5000000, from the same source on the host.
        #expect(rig.stored == 5_101_194_086_582_001_921)
    }
}
