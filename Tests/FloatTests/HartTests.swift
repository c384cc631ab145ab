import Bits
import EngineKit
import GuestMemory
import Hart
import RISCV
import TestKit
import Testing

/// The clauses on a hart, with the host's units and flags left in MXCSR: `vectors.S` again, and what
/// it cannot show.
@Suite struct FloatHartTests {
    static let base: UInt64 = 0x8000_0000
    static let input = base + 1 << 20

    /// Runs bytes of code at `base` until a store to the finisher.
    static func run(
        on engine: EngineChoice, _ code: [UInt8], isa: ISA = .standard,
        _ prepare: (Hart, GuestMemory) -> Void = { _, _ in }
    ) throws -> (hart: Hart, memory: GuestMemory, traps: [UInt64]) {
        let memory = try GuestMemory(ram: GuestRange(start: GuestPhysical(base), count: 32 << 20))
        let bus = Finisher()
        let hart = Hart(id: 0, isa: isa, memory: memory, bus: bus)
        _ = memory.install(GuestPhysical(base), code)
        hart.pc = base
        prepare(hart, memory)
        var traps: [UInt64] = []
        hart.onTrap = { cause, _, _ in traps.append(cause) }
        let exit = withExtendedLifetime(bus) {
            engine.make(memory).run(hart, budget: 1 << 28)
        }
        #expect(exit == .requested)
        return (hart, memory, traps)
    }

    @Test(
        .enabled(if: Toolchain.has("clang"), "no clang"), arguments: EngineChoice.allCases)
    func operationsAgree(_ engine: EngineChoice) throws {
        let code = try QEMUOracle.link(
            ["-Wa,--defsym,BARE=1"], ["-Ttext=0x80000000", "--oformat=binary"])
        for operation in FloatOperation.allCases {
            let vectors = Vector.registers(operation, vectorCount / 4)
            var results: [FloatResult] = []
            for start in stride(from: 0, to: vectors.count, by: 1 << 17) {
                let some = vectors[start..<min(start + 1 << 17, vectors.count)]
                let bytes = QEMUOracle.bytes(some.map(\.record))
                let output = Self.input + UInt64(bytes.count)
                let (_, memory, traps) = try Self.run(on: engine, code) { hart, memory in
                    _ = memory.install(GuestPhysical(Self.input), bytes)
                    hart[x: 10] = Self.input
                    hart[x: 11] = output
                    hart[x: 12] = output
                }
                #expect(traps == [])
                let words = (0..<some.count * 2).map {
                    memory.load64(GuestPhysical(output + 8 * UInt64($0))) ?? 0
                }
                results += (0..<some.count).map {
                    FloatResult(
                        words[2 * $0],
                        FloatFlags(rawValue: UInt8(truncatingIfNeeded: words[2 * $0 + 1])))
                }
            }
            #expect(Vector.differences(vectors, results, "hart") == [])
        }
    }

    /// An encoding, by the row of an opcode.
    static func encode(
        _ opcode: Opcode, rd: Int = 0, rs1: Int = 0, rs2: Int = 0, immediate: Int = 0
    )
        throws -> UInt32
    {
        let row = try #require(allRows.first { $0.opcode == opcode })
        return row.encode(
            Instruction(opcode, rd: rd, rs1: rs1, rs2: rs2, immediate: immediate))
    }
    /// Runs instructions with FS set to `fs` and dynamic rounding `frm`; the end is a store.
    static func run(
        on engine: EngineChoice, _ instructions: [UInt32], fs: UInt64 = 1, frm: UInt64 = 0,
        f: [UInt64] = []
    ) throws -> (hart: Hart, memory: GuestMemory, traps: [UInt64]) {
        let end = [UInt32(0x0010_0337), try encode(.sd, rs1: 6)]  // lui t1, 0x100
        let code = (instructions + end).flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
        return try run(on: engine, code) { hart, memory in
            // Trapping instructions are passed over.
            let handler: [UInt32] = [0x3410_22f3, 0x0042_8293, 0x3412_9073, 0x3020_0073]
            for (index, word) in handler.enumerated() {
                let bytes = (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
                _ = memory.install(GuestPhysical(Self.input + 4 * UInt64(index)), bytes)
            }
            var csr = hart.csr
            csr.mtvec = Self.input
            csr.mstatus = csr.mstatus & ~Status.fs | fs << 13
            csr.frm = frm
            hart.csr = csr
            for (index, value) in f.enumerated() { hart[f: index] = value }
        }
    }
    static let one: UInt64 = 0x3ff0_0000_0000_0000
    static let three: UInt64 = 0x4008_0000_0000_0000

    /// A mode in the instruction rules over `frm`, whichever units compute it; flags gather.
    @Test(arguments: EngineChoice.allCases) func roundingModesInInstructions(_ engine: EngineChoice)
        throws
    {
        let up = 0x3fd5_5555_5555_5556 as UInt64
        let down = up - 1
        let expected = [down, down, down, up, down]
        for frm in UInt64(0)...4 {
            var code = try (0...4).map {
                try Self.encode(.fdiv_d, rd: 8 + $0, rs1: 0, rs2: 1, immediate: $0)
            }
            code.append(try Self.encode(.fdiv_d, rd: 16, rs1: 0, rs2: 1, immediate: 7))
            let (hart, _, traps) = try Self.run(
                on: engine, code, frm: frm, f: [Self.one, Self.three])
            #expect(traps == [])
            #expect((8..<13).map { hart[f: $0] } == expected)
            #expect(hart[f: 16] == expected[Int(frm)])
            #expect(hart.csr.fflags == 1)
            #expect(hart.csr.frm == frm)
        }
    }

    /// Each conversion to an integer with a mode of its own, under every other mode.
    @Test(arguments: EngineChoice.allCases) func conversionsRoundAsTold(_ engine: EngineChoice)
        throws
    {
        let minusTwoAndAHalf: UInt64 = 0xc004_0000_0000_0000
        let expected: [Int64] = [-2, -2, -3, -2, -3]
        for frm in UInt64(0)...4 {
            let code = try (0...4).flatMap {
                [
                    try Self.encode(.fcvt_w_d, rd: 10 + $0, rs1: 0, immediate: $0),
                    try Self.encode(.fcvt_l_d, rd: 20 + $0, rs1: 0, immediate: $0),
                ]
            }
            let (hart, _, traps) = try Self.run(on: engine, code, frm: frm, f: [minusTwoAndAHalf])
            #expect(traps == [])
            #expect((10..<15).map { Int64(bitPattern: hart[x: $0]) } == expected)
            #expect((20..<25).map { Int64(bitPattern: hart[x: $0]) } == expected)
            #expect(hart.csr.fflags == 1)
        }
    }

    @Test(arguments: EngineChoice.allCases) func reservedRoundingModesAreIllegal(
        _ engine: EngineChoice
    ) throws {
        let add = try [5, 6, 7].map { try Self.encode(.fadd_d, rd: 8, immediate: $0) }
        let valid = try Self.encode(.fadd_d, rd: 9, rs1: 1, rs2: 1, immediate: 0)
        let compare = try Self.encode(.feq_d, rd: 10, rs1: 1, rs2: 1)
        let exact = try Self.encode(.fcvt_d_w, rd: 11, rs1: 10, immediate: 7)
        for frm in UInt64(5)...7 {
            let (hart, _, traps) = try Self.run(
                on: engine, add + [valid, compare, exact], frm: frm, f: [Self.one, Self.one])
            #expect(traps == [2, 2, 2, 2])
            #expect(hart[f: 8] == 0)
            #expect(hart[f: 9] == 0x4000_0000_0000_0000)
            #expect(hart[f: 11] == 0)
            #expect(hart[x: 10] == 1)
        }
        let (_, _, traps) = try Self.run(on: engine, add, frm: 0)
        #expect(traps == [2, 2])
    }

    /// Every instruction of F, D, Zfh and Zfa needs FS on, and only those that write make it dirty.
    @Test(arguments: EngineChoice.allCases) func floatStateIsGuarded(_ engine: EngineChoice) throws
    {
        let float = ISAExtension.f
        let rows = allRows.filter {
            [float, .d, .zfh, .zfhmin, .zfa].contains($0.needs) && !$0.isCompressed
        }
        #expect(rows.count == 118)
        for row in rows {
            let base = row.form == .load || row.form == .store ? 2 : 1
            let bits = row.encode(
                Instruction(row.opcode, rd: 8, rs1: base, rs2: 3, immediate: 0))
            let off = try Self.run(on: engine, [0x0000_0117, bits], fs: 0)  // auipc sp, 0
            #expect(off.traps == [2], "\(row.mnemonic)")
            #expect(off.hart.csr.mstatus & Status.fs == 0)
            #expect(off.hart[f: 8] == 0)
            let on = try Self.run(on: engine, [0x0000_0117, bits], fs: 1)
            #expect(on.traps == [], "\(row.mnemonic)")
            let isDirty = on.hart.csr.mstatus & Status.fs == Status.fs
            let onlyReads = [
                Opcode.fsw, .fsd, .fsh, .fmv_x_w, .fmv_x_d, .fmv_x_h,
            ].contains(row.opcode)
            #expect(isDirty == !onlyReads, "\(row.mnemonic)")
        }
    }

    /// Flags that the host holds are seen by reads, and a write of `fflags` forgets them.
    @Test(arguments: EngineChoice.allCases) func flagsAreReadAndCleared(_ engine: EngineChoice)
        throws
    {
        let inexact = try Self.encode(.fdiv_d, rd: 8, rs1: 0, rs2: 1, immediate: 7)
        let byZero = try Self.encode(.fdiv_d, rd: 8, rs1: 0, rs2: 2, immediate: 7)
        let read = { (rd: Int) in try Self.encode(.csrrs, rd: rd, immediate: 1) }
        let clear = try Self.encode(.csrrw, rd: 11, immediate: 1)
        let (hart, _, _) = try Self.run(
            on: engine, [inexact, try read(10), byZero, clear, try read(12), inexact],
            f: [Self.one, Self.three, 0])
        #expect(hart[x: 10] == 1)
        #expect(hart[x: 11] == 9)
        #expect(hart[x: 12] == 0)
        #expect(hart.csr.fflags == 1)
    }
}

/// What the host computes for a device is not seen in the guest's flags.
extension FloatHartTests {
    @Test(arguments: EngineChoice.allCases)
    func devicesLeaveFlagsAlone(_ engine: EngineChoice) throws {
        let (hart, _, traps) = try Self.run(on: engine, [], frm: 2)
        #expect(traps == [])
        #expect(hart.csr.fflags == 0)
    }
}

/// What is no boxed value counts as a NaN, whose sign can be changed too; it takes nothing with it.
extension FloatHartTests {
    @Test(arguments: EngineChoice.allCases)
    func signsOfUnboxedValues(_ engine: EngineChoice) throws {
        var code: [UInt32] = []
        for (rd, opcode) in zip(8..., [Opcode.fsgnj_s, .fsgnjn_s, .fsgnjx_s, .fsgnj_h]) {
            // The second sum reads what the first one, which it overwrites, made.
            code.append(try Self.encode(.addi, rd: 31, rs1: 0, immediate: rd))
            code.append(try Self.encode(opcode, rd: rd, rs1: 1, rs2: 1))
            code.append(try Self.encode(opcode, rd: rd + 8, rs1: 1, rs2: 2))
            code.append(try Self.encode(.add, rd: 31, rs1: 31, rs2: 30))
            code.append(try Self.encode(.addi, rd: rd, rs1: 31, immediate: 1))
        }
        let (hart, _, traps) = try Self.run(on: engine, code, f: [0, 0, ~0 << 16 | 0x8000])
        #expect(traps == [])
        #expect(
            (8..<12).map { hart[f: $0] } == [
                0xffff_ffff_7fc0_0000, 0xffff_ffff_ffc0_0000, 0xffff_ffff_7fc0_0000,
                0xffff_ffff_ffff_7e00,
            ])
        #expect(
            (16..<20).map { hart[f: $0] } == [
                0xffff_ffff_ffc0_0000, 0xffff_ffff_7fc0_0000, 0xffff_ffff_ffc0_0000,
                0xffff_ffff_ffff_fe00,
            ])
        #expect((8..<12).map { hart[x: $0] } == [9, 10, 11, 12])
    }
}

/// A bus with one register, whose store ends the run.
private final class Finisher: Bus {
    private(set) var third = 0.0
    func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? { nil }
    func store(_ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart)
        -> Bool
    {
        guard address.rawValue == 0x10_0000 else { return false }
        // Inexact.
        third = Double(value | 1) / 3
        hart.requestExit()
        return true
    }
    func time(for hart: Hart) -> UInt64 { 0 }
    func seed(for hart: Hart) -> UInt16? { nil }
}
