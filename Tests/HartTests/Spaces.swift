import Bits
import EngineKit
import GuestMemory
import Hart
import RISCV

/// A hart in S-mode with Sv39 tables to map things in, and one instruction of each kind to step.
final class Spaces {
    let rig: Rig
    var hart: Hart { rig.hart }
    /// Where the next page of a page table comes from.
    private var free = Rig.base + 1 << 20

    static let read: UInt64 = PTE.read
    static let readWrite = PTE.read | PTE.write
    static let all = readWrite | PTE.execute
    static let user = PTE.user
    static let global = PTE.global

    enum Step: UInt64 {
        case load = 0
        case store = 4
        case fenceAll = 8
        case fenceSpace = 12
        case fencePage = 16
        case fencePageOfSpace = 20
    }

    init(engine: EngineChoice = .interpreter) throws {
        let program: [UInt32] = [
            0x0005_b503,  // ld a0, 0(a1)
            0x00c5_b023,  // sd a2, 0(a1)
            0x1200_0073,  // sfence.vma
            0x12c0_0073,  // sfence.vma x0, a2
            0x1205_8073,  // sfence.vma a1
            0x12c5_8073,  // sfence.vma a1, a2
        ]
        rig = try Rig(
            program.flatMap { word in
                (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
            }, engine: engine)
        rig.hart.csr.pmp.setAddress(0, ~0)
        rig.hart.csr.pmp.setConfiguration(upper: false, 0x1f)
        rig.hart.csr.mtvec = Rig.base + 0x800
        rig.hart.privilege = .supervisor
    }

    func page() -> UInt64 {
        defer { free += 4096 }
        return free
    }
    func write(_ physical: UInt64, _ value: UInt64) {
        _ = rig.memory.store64(GuestPhysical(physical), value)
    }

    /// A new address space in which the program is mapped where it lies.
    func space(asid: UInt64, program: UInt64 = Spaces.all) -> UInt64 {
        let satp = 8 << 60 | asid << 44 | page() >> 12
        map(satp, Rig.base, to: Rig.base, program)
        return satp
    }
    /// Maps a page of 4 KiB, or of 2 MiB at level 1.
    func map(
        _ satp: UInt64, _ address: UInt64, to physical: UInt64, _ flags: UInt64, level: Int = 0
    ) {
        var table = (satp << 20) >> 8
        for step in [2, 1] where step > level {
            let slot = GuestPhysical(table + (address >> UInt64(12 + 9 * step) & 511) * 8)
            let entry = rig.memory.load64(slot) ?? 0
            if entry == 0 {
                table = page()
                _ = rig.memory.store64(slot, table >> 2 | PTE.valid)
            } else {
                table = PTE.pageNumber(entry) << 12
            }
        }
        let index = address >> UInt64(12 + 9 * level) & 511
        let leaf = PTE.valid | PTE.accessed | PTE.dirty | flags
        write(table + index * 8, physical >> 2 | leaf)
    }

    /// Runs one instruction with a1 and a2 as given; a0 afterwards, or nil where it trapped.
    @discardableResult
    func step(_ step: Step, _ a1: UInt64 = 0, _ a2: UInt64 = 0) -> UInt64? {
        let privilege = hart.privilege
        hart[x: 11] = a1
        hart[x: 12] = a2
        hart.pc = Rig.base + step.rawValue
        _ = rig.engine.run(hart, budget: 1)
        guard hart.pc == Rig.base + step.rawValue + 4 else {
            hart.privilege = privilege
            return nil
        }
        return hart[x: 10]
    }
}
