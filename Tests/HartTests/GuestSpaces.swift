import Bits
import EngineKit
import GuestMemory
import Hart
import RISCV

/// A hart with H that runs single instructions in any mode, on Sv39 tables of both stages. What traps goes
/// to machine mode.
final class GuestSpaces {
    let rig: Rig
    var hart: Hart { rig.hart }
    private var free = Rig.base + 1 << 20
    /// Beyond RAM: an access fault.
    static let nowhere: UInt64 = 0x3000_0000

    private static let program: [Instruction] = [
        Instruction(.ld, rd: 10, rs1: 11), Instruction(.sd, rs1: 11, rs2: 12),
        Instruction(.sfence_vma), Instruction(.sfence_vma, rs1: 11),
        Instruction(.sfence_vma, rs2: 12), Instruction(.sfence_vma, rs1: 11, rs2: 12),
        Instruction(.hfence_vvma), Instruction(.hfence_vvma, rs1: 11),
        Instruction(.hfence_vvma, rs2: 12), Instruction(.hfence_vvma, rs1: 11, rs2: 12),
        Instruction(.hfence_gvma), Instruction(.hfence_gvma, rs1: 11),
        Instruction(.hfence_gvma, rs2: 12), Instruction(.hfence_gvma, rs1: 11, rs2: 12),
        Instruction(.hlv_d, rd: 10, rs1: 11), Instruction(.hsv_d, rs1: 11, rs2: 12),
        Instruction(.hlvx_wu, rd: 10, rs1: 11), Instruction(.cbo_zero, rs1: 11),
        Instruction(.cbo_clean, rs1: 11), Instruction(.amoadd_d, rd: 10, rs1: 11, rs2: 12),
    ]
    enum Step: Int {
        case load, store
        case fence, fencePage, fenceSpace, fencePageOfSpace
        case guestFence, guestFencePage, guestFenceSpace, guestFencePageOfSpace
        case stageFence, stageFencePage, stageFenceGuest, stageFencePageOfGuest
        case guestLoad, guestStore, guestLoadCode, zero, clean, add
        var pc: UInt64 { Rig.base + UInt64(rawValue) * 4 }
    }

    static let isa: ISA = {
        var isa = ISA.standard
        isa.insert(.h)
        return isa
    }()

    init(engine: EngineChoice = .interpreter) throws {
        let bytes = Self.program.flatMap { i in
            (0..<4).map { UInt8(truncatingIfNeeded: (i.encoding ?? 0) >> ($0 * 8)) }
        }
        rig = try Rig(bytes, isa: Self.isa, engine: engine)
        hart.csr.pmp.setAddress(15, ~0)
        hart.csr.pmp.setConfiguration(upper: true, 0x1f << 56)
        hart.csr.mtvec = Rig.base + 0x800
        hart.csr.menvcfg |= Environment.cbze | Environment.cbcfe
        hart.csr.henvcfg |= Environment.cbze | Environment.cbcfe
    }

    func page(_ count: UInt64 = 1) -> UInt64 {
        defer { free += 4096 * count }
        return free
    }
    func write(_ physical: UInt64, _ value: UInt64) {
        _ = rig.memory.store64(GuestPhysical(physical), value)
    }

    /// A value for `hgatp`; the guest sees the first GiB of RAM where it lies.
    func guest(vmid: UInt64) -> UInt64 {
        free = (free + 0x3fff) & ~0x3fff
        let hgatp = 8 << 60 | vmid << 44 | page(4) >> 12
        put(hgatp, Rig.base, Rig.base >> 2 | 0xdf, level: 2, isGuestStage: true)
        return hgatp
    }
    /// A value for `vsatp` whose tables lie in that first GiB; the program is mapped where it lies.
    func space(asid: UInt64) -> UInt64 {
        let vsatp = 8 << 60 | asid << 44 | page() >> 12
        map(vsatp, Rig.base, to: Rig.base, 0xcf)
        return vsatp
    }
    func map(
        _ vsatp: UInt64, _ address: UInt64, to guest: UInt64, _ flags: UInt64, level: Int = 0
    ) { put(vsatp, address, guest >> 2 | flags, level: level, isGuestStage: false) }
    func mapGuest(
        _ hgatp: UInt64, _ address: UInt64, to physical: UInt64, _ flags: UInt64 = 0xdf,
        level: Int = 0
    ) { put(hgatp, address, physical >> 2 | flags, level: level, isGuestStage: true) }

    private func put(
        _ root: UInt64, _ address: UInt64, _ entry: UInt64, level: Int, isGuestStage: Bool
    ) {
        var table = (root << 20) >> 8
        for step in [2, 1] where step > level {
            let mask: UInt64 = step == 2 && isGuestStage ? 2047 : 511
            let slot = table + (address >> UInt64(12 + 9 * step) & mask) * 8
            let old = rig.memory.load64(GuestPhysical(slot)) ?? 0
            if old == 0 {
                table = page()
                write(slot, table >> 2 | PTE.valid)
            } else {
                table = PTE.pageNumber(old) << 12
            }
        }
        let mask: UInt64 = level == 2 && isGuestStage ? 2047 : 511
        write(table + (address >> UInt64(12 + 9 * level) & mask) * 8, entry)
    }

    /// The world and the mode from here on.
    func enter(_ privilege: Privilege, isVirtual: Bool = false) {
        hart.csr.isVirtual = isVirtual
        hart.privilege = privilege
    }

    /// Runs one instruction with a1 and a2 as given; a0 afterwards, or nil where it trapped: the trap is
    /// in the registers of machine mode then, and the hart back in its mode.
    @discardableResult
    func step(_ step: Step, _ a1: UInt64 = 0, _ a2: UInt64 = 0) -> UInt64? {
        let (privilege, csr) = (hart.privilege, hart.csr)
        hart[x: 11] = a1
        hart[x: 12] = a2
        hart.pc = step.pc
        _ = rig.engine.run(hart, budget: 1)
        guard hart.pc != step.pc + 4 else { return hart[x: 10] }
        trap = (
            hart.csr.mcause, hart.csr.mtval, hart.csr.mtval2, hart.csr.mtinst,
            hart.csr.mstatus & Status.gva != 0
        )
        hart.csr = csr
        hart.privilege = privilege
        return nil
    }
    private(set) var trap:
        (
            cause: UInt64, value: UInt64, value2: UInt64, instruction: UInt64, isGuestAddress: Bool
        ) = (0, 0, 0, 0, false)
}
