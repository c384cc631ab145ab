import Foundation
import Hull
import TestKit
import Testing

/// What people see of the translator.
@Suite struct TranslatorTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let example = root.appendingPathComponent("Examples/IsPrime")
    private static let program = example.appendingPathComponent("isPrime.elf").path

    @Test func theExampleIsBuiltFromItsSources() throws {
        try withTemporaryFolder { folder in
            let build = Self.example.appendingPathComponent("build.sh").path
            let outcome = try Toolchain.run("sh", [build, folder.path])
            try #require(outcome.status == 0, "\(outcome.errors)")
            let built = try Data(contentsOf: folder.appendingPathComponent("isPrime.elf"))
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: Self.program)) == built,
                "run Examples/IsPrime/build.sh Examples/IsPrime")
        }
    }

    @Test func aFunctionIsShownUnitByUnit() throws {
        let dump = try Toolchain.runBuilt(
            "hull", ["tu", "dump", Self.program, "--function", "isPrime"])
        #expect(dump.status == 0, "\(dump.errors)")
        #expect(dump.text.hasPrefix("TU 1  0x8000002a <isPrime>"))
        for part in [
            "bge a0, a2, 0x80000034 <isPrime+0xa>", "a3 = multiply.word a2, a2", ", a draft:",
            "branch 0x80000040 if greaterOrEqual a1, a3", "not chained yet",
            "a register says where to",
        ] {
            #expect(dump.text.contains(part), "\(part)")
        }
        #expect(!dump.text.contains("<main"))
    }

    /// The second call runs what the first one left.
    @Test func aSecondCallTranslatesNothing() throws {
        let dump = try Toolchain.runBuilt(
            "hull", ["tu", "dump", Self.program, "--function", "isPrime", "--call", "49"])
        #expect(dump.status == 0, "\(dump.errors)")
        let lines = dump.text.split(separator: "\n")
        #expect(lines[0].hasPrefix("first call: isPrime(49) = 0 in 42 instructions; "))
        #expect(!lines[0].contains("units translated: 0,"))
        #expect(lines[1].contains("isPrime(49) = 0 in 42 instructions; units translated: 0, "))
        #expect(lines[1].contains("generated code entered: 1,"))
        #expect(dump.text.contains("chained to TU"))
    }

    @Test func unknownFunctionsAreSaid() throws {
        let dump = try Toolchain.runBuilt(
            "hull", ["tu", "dump", Self.program, "--function", "isEven"])
        #expect(dump.status == 64 && dump.errors.contains("isEven is neither an address"))
    }

    @Test func eachDecisionIsALine() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("trace").path
            var configuration = Configuration(image: Self.program)
            configuration.firmware = .none
            configuration.memoryBytes = 16 << 20
            configuration.engine = .translator
            configuration.trace = [.translation]
            configuration.traceFile = file
            #expect(try VirtualMachine(configuration).run() == 0)
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            #expect(
                lines.contains { $0.hasPrefix("translated M 0x80000034 <isPrime+0xa>, 8 instr") })
            #expect(lines.contains { $0.hasSuffix(" to 0x8000004a <isPrime+0x20>") })
        }
    }

    /// A line for each piece of code: start, size, name, as `perf` reads them.
    @Test func theProfileNamesFunctionsOfTheGuest() throws {
        let path = "/tmp/perf-\(ProcessInfo.processInfo.processIdentifier).map"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var configuration = Configuration(image: Self.program)
        configuration.firmware = .none
        configuration.memoryBytes = 16 << 20
        configuration.engine = .translator
        configuration.writesProfile = true
        let machine = try VirtualMachine(configuration)
        #expect(try machine.run() == 0)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 5)
        for line in lines {
            let fields = line.split(separator: " ", maxSplits: 2)
            #expect(fields.count == 3, "\(line)")
            #expect(fields.prefix(2).allSatisfy { UInt64($0, radix: 16) ?? 0 > 0 }, "\(line)")
        }
        #expect(lines.contains { $0.hasSuffix(" isPrime [M]") })
        try withExtendedLifetime(machine) { try Self.expectAnonymous(String(lines[0])) }
        #expect(lines.contains { $0.hasSuffix(" hull: between units") })
    }

    /// `perf` asks its map only about memory that has no file of its own.
    private static func expectAnonymous(_ line: String) throws {
        let start = try #require(UInt64(line.prefix { $0 != " " }, radix: 16))
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        let mapping = maps.split(separator: "\n").first { mapping in
            let ends = mapping.prefix { $0 != " " }.split(separator: "-")
                .compactMap { UInt64($0, radix: 16) }
            return ends.count == 2 && ends[0] <= start && start < ends[1]
        }
        #expect(mapping?.contains("r-xs") == true && mapping?.contains("/dev/zero") == true)
    }

    @Test func statisticsTellOfTheTranslator() throws {
        let run = try Toolchain.runBuilt(
            "hull",
            [
                "boot", Self.program, "--bios", "none", "--engine", "translator", "--stats",
                "--tu-max", "1", "--translation-cache", "8M",
            ])
        #expect(run.status == 0, "\(run.errors)")
        for part in [
            "translation units", "jumps chained", "interpreted: sw", "TLB misses of loads",
        ] {
            #expect(run.errors.contains(part), "\(part)")
        }
        // One instruction in each unit.
        let lines = run.errors.split(separator: "\n").filter {
            $0.contains("translation units") || $0.contains("instructions in them")
        }
        #expect(lines.count == 2)
        #expect(Set(lines.map { $0.split(separator: " ").last }).count == 1)
    }

    @Test(arguments: [["--tu-max", "0"], ["--tu-max", "1000"], ["--translation-cache", "1M"]])
    func optionsOutOfRangeAreRefused(_ options: [String]) throws {
        let run = try Toolchain.runBuilt("hull", ["boot", Self.program] + options)
        #expect(run.status == 64 && run.errors.contains("takes a"))
    }

    /// A host that cannot run generated code: an error where it was asked for, else a sentence.
    @Test func withoutGeneratedCodeTheInterpreterRuns() throws {
        var configuration = Configuration()
        configuration.engine = .translator
        let choice = try EngineChoice(configuration, hostRunsCode: false)
        #expect(choice.engine == .interpreter)
        #expect(choice.notice?.hasSuffix("The interpreter runs instead.") == true)
        #expect(try EngineChoice(configuration, hostRunsCode: true).notice == nil)
        configuration.requiresEngine = true
        #expect(throws: (any Error).self) {
            try EngineChoice(configuration, hostRunsCode: false)
        }
        configuration.engine = .interpreter
        #expect(try EngineChoice(configuration, hostRunsCode: false).notice == nil)
    }
}
