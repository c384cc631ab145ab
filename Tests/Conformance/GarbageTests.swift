import Bits
import EngineKit
import GuestMemory
import Hart
import Loader
import RISCV
import Testing
import TestKit

/// Guests that execute garbage: noise that is mostly valid instructions, in every mode, under wild page
/// tables, with handlers that are noise as well. The run ends when its budget is spent and the hart
/// holds only values that the specification allows.
@Suite struct GarbageTests {
    /// Runs one guest; what is wrong afterwards, or nil.
    private static func problem(
        seed: UInt64, on engine: EngineChoice = .interpreter, plant: (Hart) -> Void = { _ in }
    ) throws -> String? {
        var random = SeededNumbers(seed: seed)
        let start: UInt64 = 0x8000_0000
        let size: UInt64 = 256 << 10
        // First handlers that skip what trapped, so that the modes below machine mode go on.
        var image: [UInt8] = []
        for word: UInt32 in [
            0x3410_22f3, 0x0042_8293, 0x3412_9073, 0x3020_0073,  // of mepc, then mret
            0x1410_22f3, 0x0042_8293, 0x1412_9073, 0x1020_0073,  // of sepc, then sret
        ] {
            for shift in UInt32(0)..<4 {
                image.append(UInt8(truncatingIfNeeded: word >> (8 * shift)))
            }
        }
        image.reserveCapacity(Int(size))
        while image.count < Int(size) { append(&image, &random) }
        let board = try TestBoard(
            isa: ConformanceTests.isa,
            program: LoadPlan(
                image, LoadOptions(name: "noise", acceptsRaw: true)
            ) { _, _, _ throws(HullError) in throw HullError(.format, "noise is not packed") },
            engine: engine)
        let hart = board.hart
        for register in 1..<32 {
            // Mostly addresses, so that loads and stores find something.
            hart[x: register] =
                random.next() % 4 == 0 ? random.next() : start + random.next() % size & ~7
        }
        var csr = hart.csr
        let context = CSRContext()
        for number in [CSR.mtvec, CSR.stvec, CSR.mepc, CSR.sepc] {
            csr.store(number, start + random.next() % size & ~3 | random.next() & 1, context)
        }
        if random.next() % 4 != 0 {
            csr.store(CSR.mtvec, start, context)
            csr.store(CSR.stvec, start + 16, context)
        }
        for number in [
            CSR.mstatus, CSR.medeleg, CSR.mideleg, CSR.mie, CSR.menvcfg, CSR.senvcfg,
            CSR.mcounteren, CSR.scounteren, CSR.stimecmp, CSR.mstateen0,
        ] { csr.store(number, random.next(), context) }
        csr.store(CSR.pmpaddr0 + 15, ~0, context)
        csr.store(CSR.pmpcfg2, 0x1f << 56, context)
        if random.next() % 2 == 0 {
            let root = start >> 12 + random.next() % 64
            csr.store(CSR.satp, (8 + random.next() % 3) << 60 | root, context)
            // For Sv39 this gigapage is RAM where it lies; all else is noise.
            let leaf = start >> 2 | 0xcf | random.next() & 0x10
            _ = board.memory.store64(GuestPhysical(root << 12 | 16), leaf)
        }
        fillGuest(&csr, &random)
        hart.csr = csr
        hart.privilege = [.user, .supervisor, .machine][Int(random.next() % 3)]
        if hart.privilege == .machine { hart.csr.isVirtual = false }
        board.runAtMost(5_000)
        plant(hart)
        return fault(in: hart)
    }

    /// The hypervisor's registers; half of the harts start in a guest.
    private static func fillGuest<Numbers: RandomNumberGenerator>(
        _ csr: inout CSRFile, _ random: inout Numbers
    ) {
        let context = CSRContext()
        for number in [
            CSR.hstatus, CSR.hedeleg, CSR.hideleg, CSR.hie, CSR.hvip, CSR.henvcfg,
            CSR.hcounteren, CSR.htimedelta, CSR.vsstatus, CSR.vstimecmp, CSR.hstateen0,
        ] { csr.store(number, random.next(), context) }
        csr.store(CSR.vstvec, csr.mtvec, context)
        csr.store(CSR.vsepc, csr.mepc, context)
        if random.next() % 4 == 0 { csr.store(CSR.vsatp, csr.satp, context) }
        if random.next() % 4 == 0 { csr.store(CSR.hgatp, csr.satp, context) }
        csr.isVirtual = random.next() % 2 == 0
    }

    /// One parcel or instruction: a row with random operands, or nothing but noise.
    private static func append(_ image: inout [UInt8], _ random: inout SeededNumbers) {
        let noise = UInt32(truncatingIfNeeded: random.next())
        let row = allRows[Int(random.next() % UInt64(allRows.count))]
        let bits =
            switch random.next() % 16 {
            case 0, 1: noise
            case 2: UInt32(0x73)  // ecall
            default: row.match | noise & ~row.mask
            }
        for shift in UInt32(0)..<(bits & 3 == 3 ? 4 : 2) {
            image.append(UInt8(truncatingIfNeeded: bits >> (8 * shift)))
        }
    }

    private static func fault(in hart: Hart) -> String? {
        let csr = hart.csr
        if hart[x: 0] != 0 { return "x0 is not zero" }
        let virtual = Status.mpv | Status.gva
        if csr.mstatus & ~(Status.writable | virtual) != 0 || csr.mstatus.bits(12, 11) == 2 {
            return "mstatus holds \(csr.mstatus)"
        }
        if csr.mtvec & 2 != 0 || csr.stvec & 2 != 0 { return "a vector's mode is reserved" }
        for root in [csr.satp, csr.vsatp, csr.hgatp] where ![0, 8, 9, 10].contains(root >> 60) {
            return "satp or its like holds \(root)"
        }
        if csr.mideleg & ~0x2222 != 0x444 || csr.medeleg & ~0xf0_b7fe != 0 { return "delegation" }
        if csr.hideleg & ~0x444 != 0 || csr.hedeleg & ~0xb1fe != 0 { return "a guest's delegation" }
        if csr.isVirtual && hart.privilege == .machine { return "machine mode in a guest" }
        if csr.frm > 7 || csr.fflags > 31 { return "fcsr" }
        if hart.pc & 1 != 0 { return "pc is odd: \(hart.pc)" }
        return nil
    }

    static let guests: Range<UInt64> = 0..<100

    @Test(arguments: EngineChoice.allCases) func garbageEnds(_ engine: EngineChoice) throws {
        for seed in Self.guests {
            #expect(try Self.problem(seed: seed, on: engine) == nil, "seed \(seed)")
        }
    }

    /// The guests get far enough for a bug in rare code to show: page faults of each kind, illegal
    /// instructions, calls. Each breaks something here, and is seen to.
    @Test func plantedBugsAreFound() throws {
        var missed: Set = [2, 3, 8, 9, 12, 13, 15]
        for seed in 0..<UInt64(300) where !missed.isEmpty {
            for cause in missed {
                let found = try Self.problem(seed: seed) { hart in
                    if hart.statistics.traps[cause] != 0 { hart.csr.stvec |= 2 }
                }
                if found != nil { missed.remove(cause) }
            }
        }
        #expect(missed.isEmpty)
    }
}
