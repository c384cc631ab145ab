import Bits
import GuestMemory
import Hart
import RISCV
import TestKit
import Testing
import Translator

/// Random streams of floating-point instructions, over few registers so that results meet: those that
/// live in the host's and others, boxed, badly boxed, all rounding modes, reserved ones too.
@Suite("Both engines give streams of floating-point instructions the same registers and flags")
struct FloatStreamTests {
    private static let base: UInt64 = 0x8000_0000
    private static let data = base + 0x1_0000
    private static let handler = base + 0x8000
    private static let length = 40
    private static let extensions: [ISAExtension] = [.f, .d, .zfh, .zfhmin, .zfa]
    private static let rows = allRows.filter { extensions.contains($0.needs) && !$0.isCompressed }
    /// What makes and reads integers between them.
    private static let integerRows = allRows.filter {
        [.add, .addw, .addiw, .sllw, .xor].contains($0.opcode) && !$0.isCompressed
    }
    /// In the host's registers and in the state block.
    private static let registers: [UInt32] = [0, 1, 4, 5, 8, 10, 15, 18, 31]

    @Test(.enabled(if: Translator.isAvailable), arguments: Effort.seeds)
    func streamsAgree(seed: UInt64) throws {
        let interpreted = try Machine { Interpreter(memory: $0) }
        var options = TranslatorOptions()
        // Regions of little more than the room for one unit: the cache is full after a few rounds.
        options.cacheBytes = 8 * 144 << 10
        let translated = try Machine { try #require(Translator(memory: $0, options: options)) }
        for round in 0..<Effort.rounds(150) {
            var numbers = SeededNumbers(seed: seed &* 0x10_0000 &+ UInt64(round))
            let words = (0..<Self.length).map { _ in Self.instruction(&numbers) }
            for machine in [interpreted, translated] {
                var same = numbers
                machine.run(words, &same)
            }
            let differences = translated.hart.differences(from: interpreted.hart)
            let sameMemory = translated.contents == interpreted.contents
            guard differences.isEmpty && sameMemory else {
                Issue.record(
                    """
                    seed \(seed), round \(round): \(differences), memory \(sameMemory), code \
                    \(words.map { Disassembler().text($0) })
                    """)
                return
            }
        }
    }

    /// One row with random operands; a load or store goes to the data that sp points at.
    private static func instruction(_ numbers: inout SeededNumbers) -> UInt32 {
        func pick(_ numbers: inout SeededNumbers) -> UInt32 {
            registers[Int(numbers.next() % UInt64(registers.count))]
        }
        var row = rows[Int(numbers.next() % UInt64(rows.count))]
        if numbers.next() & 7 == 0 {
            row = integerRows[Int(numbers.next() % UInt64(integerRows.count))]
        }
        let modes: [UInt32] = [7, 7, 7, 7, 7, 7, 0, 1, 2, 3, 4, 5]
        var operands = pick(&numbers) << 7 | pick(&numbers) << 20
        if row.form == .load || row.form == .store {
            operands |= 2 << 15 | UInt32(numbers.next() % 4) << 25
        } else {
            operands |= pick(&numbers) << 15 | pick(&numbers) << 27
            operands |= modes[Int(numbers.next() % UInt64(modes.count))] << 12
        }
        return row.match | operands & ~row.mask
    }

    /// Numbers that mean something in one format or another.
    private static func value(_ numbers: inout SeededNumbers) -> UInt64 {
        let doubles: [UInt64] = [
            0, 1 << 63, 0x3ff0_0000_0000_0000, 0xbff8_0000_0000_0000, 0x7ff0_0000_0000_0000,
            0xfff0_0000_0000_0000, 0x7ff8_0000_0000_0000, 0x7ff0_0000_0000_0001, 1,
            0x7fef_ffff_ffff_ffff, 0x41df_ffff_ffe0_0000, 0xc1e0_0000_0010_0000,
            0x43e0_0000_0000_0000, 0x41f0_0000_0000_0000, 0x4005_bf0a_8b14_5769,
        ]
        let singles: [UInt64] = [
            0, 0x8000_0000, 0x3f80_0000, 0xbfc0_0000, 0x7f80_0000, 0x7fc0_0000, 0x7f80_0001, 1,
            0x7f7f_ffff, 0x4f00_0000, 0xcf00_0001, 0x5f00_0000, 0x4f80_0000, 0x3eaa_aaab,
        ]
        let bits = numbers.next()
        switch numbers.next() % 8 {
        case 0: return bits
        case 1: return bits >> (numbers.next() % 64)
        case 2, 3: return doubles[Int(bits % UInt64(doubles.count))]
        case 4: return singles[Int(bits % UInt64(singles.count))] | 0xffff_ffff << 32
        case 5: return bits | 0xffff_ffff << 32
        case 6: return 0x3f00_0000_0000_0000 | bits >> 8
        default: return bits | ~0xffff
        }
    }

    /// A hart with 1 MB of RAM on one engine.
    private final class Machine: Bus {
        let memory: GuestMemory
        let engine: any Engine
        private(set) lazy var hart = Hart(id: 0, isa: .standard, memory: memory, bus: self)

        init(_ make: (GuestMemory) throws -> any Engine) throws {
            memory = try GuestMemory(
                ram: GuestRange(start: GuestPhysical(base), count: 1 << 20))
            engine = try make(memory)
            // Trapping instructions are passed over.
            install([0x3410_22f3, 0x0042_8293, 0x3412_9073, 0x3020_0073], at: handler)
        }

        private func install(_ words: [UInt32], at address: UInt64) {
            let bytes = words.flatMap { word in
                (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
            }
            _ = memory.install(GuestPhysical(address), bytes)
        }

        /// Runs the stream and stays in a loop behind it.
        func run(_ words: [UInt32], _ numbers: inout SeededNumbers) {
            let loop: UInt32 = 0x0000_006f
            install(words + [loop], at: base)
            engine.invalidate(GuestRange(start: GuestPhysical(base), count: 4096))
            let values = (0..<64).flatMap { _ in
                let value = FloatStreamTests.value(&numbers)
                return (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
            }
            _ = memory.install(GuestPhysical(data), values)
            for index in 1..<32 { hart[x: index] = FloatStreamTests.value(&numbers) }
            for index in 0..<32 { hart[f: index] = FloatStreamTests.value(&numbers) }
            hart[x: 2] = data
            var csr = hart.csr
            csr.mtvec = handler
            csr.fflags = 0
            csr.frm = [0, 0, 0, 1, 2, 3, 4][Int(numbers.next() % 7)]
            csr.mstatus = csr.mstatus & ~Status.fs | (numbers.next() % 3 + 1) << 13
            hart.csr = csr
            hart.pc = base
            _ = engine.run(hart, budget: 240)
        }
        var contents: [UInt64?] {
            (0..<80).map { memory.load64(GuestPhysical(data + 8 * $0)) }
        }

        func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? {
            nil
        }
        func store(
            _ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart
        ) -> Bool { false }
        func time(for hart: Hart) -> UInt64 { 0 }
        func seed(for hart: Hart) -> UInt16? { nil }
    }
}
