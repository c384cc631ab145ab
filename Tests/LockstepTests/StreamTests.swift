import EngineKit
import GuestMemory
import Hart
import RISCV
import StreamKit
import TestKit
import Testing
import Translator

/// Random programs on the interpreter and the translator, side by side.
@Suite struct StreamTests {
    /// In a soak the streams of each part go on until so many instructions were compared.
    private static let instructions = UInt64(Effort.rounds(200_000, share: 2) * 20)

    /// In a process of its own: the testing library takes a backtrace of each trap.
    @Test(arguments: [UInt64(0), 1]) func enginesDoTheSame(_ part: UInt64) throws {
        let first = Effort.seeds[0] &* 1_000_000 &+ part
        let run = try Toolchain.runBuilt(
            "StreamHunt", ["from", "\(first)", "by", "2", "for", "\(Self.instructions)"])
        #expect(run.status == 0, "\(run.text)")
        print(run.text)
    }

    /// The comparison finds what is wrong, soon.
    @Test(arguments: [
        PlantedFault.Kind.result(.addi), .result(.ld), .result(.divw), .result(.clmulh),
        .result(.amocas_d), .result(.fmadd_h), .result(.fcvt_lu_s), .result(.lr_w),
        .result(.czero_nez), .result(.fli_d), .decoded(.xor, as: .or), .decoded(.addw, as: .sub),
        .flags(.fdiv_d), .flags(.fcvt_w_s), .flags(.feq_h), .staleCode, .staleTranslation, .budget,
    ])
    func plantedFaultsAreFound(_ fault: PlantedFault.Kind) throws {
        var hunt = Hunt { PlantedFault(fault, $0) }
        let report = try hunt.run(seeds: 0..<1000, shrinks: false)
        #expect(report != nil)
    }

    /// And what is wrong in the translator, in each of its parts. Fences are for several harts.
    @Test(
        .enabled(if: Translator.isAvailable),
        arguments: TranslatorFault.allCases.filter { $0 != .fence })
    func faultsOfTheTranslatorAreFound(_ fault: TranslatorFault) throws {
        var options = TranslatorOptions()
        options.fault = fault
        let faulty = options
        var hunt = Hunt { (memory: GuestMemory) -> any Engine in
            if let translator = Translator(memory: memory, options: faulty) { return translator }
            return Interpreter(memory: memory)
        }
        let report = try hunt.run(seeds: 0..<100, shrinks: false)
        #expect(report != nil)
    }

    /// What is reported names the instruction.
    @Test func differencesAreMadeSmall() throws {
        var hunt = Hunt { PlantedFault(.result(.andn), $0) }
        let report = try #require(try hunt.run(seeds: 0..<100))
        let lines = "\(report)".split(separator: "\n")
        let ran = try #require(lines.firstIndex { $0.contains("the last ran:") })
        #expect(lines[ran + 1].contains("andn"), "\(report)")
    }

    /// Streams run every instruction that there is.
    @Test func everyInstructionIsRun() throws {
        var coverage = Coverage()
        for seed in UInt64(0)..<40 { try coverage.add(seed: seed) }
        // Those that always trap, or retire as exits only.
        let others: Set<Opcode> = [
            .illegal, .ecall, .ebreak, .mnret,
        ]
        var isa = ISA.standard
        isa.insert(.h)
        var missing: [String] = []
        for row in allRows
        where isa.has(row.needs) && isa.has(row.also) && !others.contains(row.opcode)
            && coverage.counts[row.opcode] == nil
        { missing.append("\(row.mnemonic)") }
        #expect(missing == [])
        let all = coverage.counts.values.reduce(0, +)
        #expect(coverage.compressed > all / 12)
    }
}
