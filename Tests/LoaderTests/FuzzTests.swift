import Bits
import Foundation
import Loader
import TestKit
import Testing

/// What must hold for a plan, whatever the file was; nil when it does.
private func fault(in plan: LoadPlan) -> String? {
    var end: UInt64 = 0
    for segment in plan.segments {
        guard segment.file.lowerBound >= 0, segment.file.upperBound <= plan.bytes.count else {
            return "a segment outside the file"
        }
        let (next, overflow) = segment.address.rawValue.addingReportingOverflow(segment.count)
        if overflow || segment.count < segment.zeroFill { return "a segment that wraps around" }
        if segment.address.rawValue < end { return "segments that overlap" }
        end = next
    }
    for address in [0, plan.entry.rawValue, plan.end.rawValue, ~0] {
        _ = plan.symbols.name(at: address)
    }
    _ = plan.symbols.address(of: "message")
    return nil
}

private func faultOfPlan(_ input: [UInt8]) -> String? {
    do throws(HullError) {
        return fault(in: try plan(input, raw: input.count % 2 == 0))
    } catch {
        return error.message.isEmpty ? "an error without words" : nil
    }
}

@Suite struct FuzzTests {
    private static func corpus() throws -> [[UInt8]] {
        let pie = ["-pie", "--no-dynamic-linker", "-e", "_start", "-z", "norelro"]
        return [
            try Toolchain.link(bareMetalSource, linkerFlags: bareMetalLinkerFlags),
            try Toolchain.link(bareMetalSource, flags: ["-fPIE"], linkerFlags: pie),
            linuxImage(),
            zboot(try packed(linuxImage(), with: "gzip"), format: "gzip"),
        ]
    }
    /// More rounds in soak: `HULL_FUZZ_ROUNDS=10000000`.
    private static let rounds =
        ProcessInfo.processInfo.environment["HULL_FUZZ_ROUNDS"].flatMap(Int.init) ?? 30000

    @Test func changedImagesAreRefusedOrPlannedSoundly() throws {
        let corpus = try Self.corpus()
        // Headers and tables, where structure is: the first two pages and, for ELF, the last ones.
        #expect(
            fuzz(seed: 1, rounds: Self.rounds, corpus: corpus, hot: 0..<512) { input, _ in
                faultOfPlan(input)
            } == nil)
        #expect(
            fuzz(seed: 2, rounds: Self.rounds, corpus: corpus) { input, _ in faultOfPlan(input) }
                == nil)
    }

    /// The same fuzzer, pointed at a reader of program headers that trusts `p_filesz`.
    @Test func theFuzzerFindsAPlantedBug() throws {
        let corpus = try Self.corpus()
        let finding = fuzz(seed: 1, rounds: Self.rounds, corpus: corpus, hot: 0..<512) { input, _ in
            trustingSegments(input).contains { $0.upperBound > UInt64(input.count) }
                ? "a segment outside the file" : nil
        }
        let found = try #require(finding)
        // The real reader knows better about the very same input.
        #expect(faultOfPlan(found.input) == nil)
    }

    /// Where segments lie in the file, without a look at the file's length.
    private func trustingSegments(_ input: [UInt8]) -> [Range<UInt64>] {
        guard input.count > 64, input.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else { return [] }
        let count = Int(number(input[56..<58]))
        return (0..<count).compactMap { index in
            let at = 64 + 56 * index
            guard at + 56 <= input.count, number(input[at..<at + 4]) == 1 else { return nil }
            let offset = number(input[at + 8..<at + 16])
            let (end, overflow) = offset.addingReportingOverflow(number(input[at + 32..<at + 40]))
            return overflow || number(input[at + 8..<at + 16]) > input.count ? nil : offset..<end
        }
    }
}
