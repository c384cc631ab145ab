import Bits
import GuestMemory
import Hart
import RISCV

extension StreamRig {
    /// Does one step; `isSecond` says which of two rigs this is. Returns the exit of a run.
    func perform(_ step: Step, isSecond: Bool) -> Exit? {
        switch step {
        case .enter(let entry): enter(entry)
        case .run(let budget): return engine.run(hart, budget: budget)
        case .lines(let mask, let on): hart.setLines(mask, on)
        case .time: hart.advance(to: time(for: hart))
        case .flush(let both): if both || isSecond { hart.flushTranslations() }
        case .forget(let page, let both):
            if both || isSecond {
                engine.invalidate(GuestRange(start: GuestPhysical(page), count: 4096))
            }
        case .write(let address, let bytes):
            _ = memory.write(GuestPhysical(address), bytes)
            engine.invalidate(
                GuestRange(start: GuestPhysical(address), count: UInt64(bytes.count)))
        case .remap(let change): return remap(change)
        case .breakpoints(let list):
            if hart.debug.breakpoints != list {
                hart.debug.breakpoints = list
                hart.debug.skipped = nil
                engine.debugChanged(hart)
            }
        }
        return nil
    }

    private func enter(_ entry: Entry) {
        for register in 1..<32 { hart[x: register] = entry.x[register] }
        for register in 0..<32 { hart[f: register] = entry.f[register] }
        hart.privilege = entry.privilege
        hart.csr = entry.csr
        hart.pc = entry.pc
        hart.exitsOnFirmwareCall = entry.exitsOnFirmwareCall
        // PMP may have changed.
        hart.flushTranslations()
    }

    /// The store and the fences, as instructions of machine mode.
    private func remap(_ change: Remap) -> Exit? {
        _ = memory.store64(GuestPhysical(change.entry), change.value)
        guard hart.csr.pmp == Self.open, hart.debug.breakpoints.isEmpty else {
            hart.flushTranslations()
            return nil
        }
        let (pc, privilege, csr) = (hart.pc, hart.privilege, hart.csr)
        let (a, b) = (hart[x: 10], hart[x: 11])
        var exit: Exit?
        for (fence, hgatp) in fences(change) {
            exit = run(fence, hgatp.map { (csr, $0) } ?? (csr, csr.hgatp), change)
        }
        hart[x: 10] = a
        hart[x: 11] = b
        hart.pc = pc
        hart.privilege = privilege
        hart.csr = csr
        return exit
    }

    /// The fences, and whose guest they are about.
    private func fences(_ change: Remap) -> [(Opcode, hgatp: UInt64?)] {
        if change.isGuestStage { return [(.hfence_gvma, nil)] }
        return [(.sfence_vma, nil)] + change.guests.map { (.hfence_vvma, $0) }
    }

    private func run(_ opcode: Opcode, _ registers: (CSRFile, hgatp: UInt64), _ change: Remap)
        -> Exit
    {
        let fence = Instruction(
            opcode, rs1: change.byAddress ? 10 : 0, rs2: change.byIdentifier ? 11 : 0)
        let bits = fence.encoding ?? 0
        if memory.load32(GuestPhysical(Place.stub)) != bits {
            _ = memory.store32(GuestPhysical(Place.stub), bits)
            engine.invalidate(GuestRange(start: GuestPhysical(Place.stub), count: 4))
        }
        var quiet = registers.0
        quiet.mie = 0
        quiet.isVirtual = false
        quiet.hgatp = registers.hgatp
        hart.csr = quiet
        hart.privilege = .machine
        hart.pc = Place.stub
        hart[x: 10] = opcode == .hfence_gvma ? change.virtual >> 2 : change.virtual
        hart[x: 11] = change.identifier
        return engine.run(hart, budget: 1)
    }

    /// PMP that allows everything.
    private static let open: PMP = {
        var csr = CSRFile(isa: .standard)
        csr.store(CSR.pmpaddr0 + 15, ~0, CSRContext())
        csr.store(CSR.pmpcfg2, 0x1f << 56, CSRContext())
        return csr.pmp
    }()
}
