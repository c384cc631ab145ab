import Bits
import GuestMemory
import RISCV

/// The interpreter: pre-decoded slots and one flat switch over the clauses. The oracle for every other
/// engine.
package final class Interpreter: Engine {
    @exclusivity(unchecked) private var pages = DecodedPages()
    private let memory: GuestMemory
    @exclusivity(unchecked) private var harts: [Unmanaged<Hart>] = []
    /// The hart that ran last, which is known already.
    @exclusivity(unchecked) private var latest: UnsafeMutableRawPointer?
    private let isInner: Bool

    /// An inner interpreter belongs to an engine that says which written pages to forget: it does not
    /// listen to the harts itself, and leaves the pages' flags to that engine.
    package init(memory: GuestMemory, isInner: Bool = false) {
        self.memory = memory
        self.isInner = isInner
    }

    package func run(_ hart: Hart, budget: UInt64) -> Exit {
        hart.state.pointee.attention.insert(.interrupts)
        let savedFloat = hart.beginFloat()
        defer { hart.endFloat(savedFloat) }
        return runInSession(hart, budget: budget)
    }

    /// The same where the caller has lent MXCSR to the guest, and has seen to `attention`.
    package func runInSession(_ hart: Hart, budget: UInt64) -> Exit {
        if latest != Unmanaged.passUnretained(hart).toOpaque() { adopt(hart) }
        let state = hart.state
        defer { hart.refreshFloatState() }
        state.pointee.resumeSlot = pages.resumeSlot
        state.pointee.retiredLimit = state.pointee.retired &+ budget
        var execution = Execution(
            hart: Unmanaged.passUnretained(hart), state: state,
            x: UnsafeMutableRawPointer(state).assumingMemoryBound(to: UInt64.self),
            slot: pages.resumeSlot, next: pages.resumeSlot, bias: 0, remaining: budget)
        while true {
            do throws(Trap) {
                try dispatch(&execution)
                execution.synchronise()
                if execution.slot != pages.resumeSlot {
                    state.pointee.pc = execution.pc(of: execution.slot)
                }
                guard state.pointee.attention.contains(.exit) else { return .budget }
                state.pointee.attention.remove(.exit)
                return state.pointee.pendingExit
            } catch {
                let isFetch = execution.slot == pages.resumeSlot
                let pc = isFetch ? state.pointee.pc : execution.pc(of: execution.slot)
                hart.take(error, at: pc)
                // A trapping instruction spends budget but does not retire.
                execution.remaining &-= 1
                state.pointee.retiredLimit &-= 1
                execution.slot = pages.resumeSlot
            }
        }
    }

    private func adopt(_ hart: Hart) {
        let unmanaged = Unmanaged.passUnretained(hart)
        latest = unmanaged.toOpaque()
        if harts.contains(where: { $0.toOpaque() == latest }) { return }
        harts.append(unmanaged)
        if isInner { return }
        hart.onCodeWrite = { [unowned self] page in forget(page: page) }
    }

    /// Forgets what was decoded from a page.
    package func forget(page: GuestPhysical) { pages.invalidate(page: page.rawValue) }

    package func invalidate(_ range: GuestRange) {
        guard memory.hasCode(in: range) else { return }
        for page in memory.codePages(in: range) {
            if !isInner { memory.clearHasCode(page) }
            forget(page: page)
        }
    }

    /// At a resume slot: exits, interrupts, then the slot of `pc`. nil: leave the loop.
    @inline(never)
    func resume(_ hart: Unmanaged<Hart>) throws(Trap) -> UnsafePointer<Instruction>? {
        try hart.borrow { hart throws(Trap) in try resume(hart) }
    }
    @inline(__always)
    private func resume(_ hart: Hart) throws(Trap) -> UnsafePointer<Instruction>? {
        let state = hart.state
        if state.pointee.attention.rawValue != 0 && !hart.attend() { return nil }
        let pc = state.pointee.pc
        let index = TableLayout.fetchIndex(pc)
        let entry = state.pointee.fetchTLB[index]
        let page: UnsafePointer<Instruction>
        if entry.tag == pc & ~0xfff {
            page = UnsafePointer(bitPattern: UInt(entry.value)).unsafelyUnwrapped
        } else {
            guard let found = try fetch(hart, pc) else { return try single(hart, at: pc) }
            page = found
        }
        return page + Int(truncatingIfNeeded: (pc & 0xfff) &>> 1)
    }

    /// The slots of a page; nil where PMP divides it, so that no answer holds for all of it.
    private func fetch(_ hart: Hart, _ pc: UInt64) throws(Trap) -> UnsafePointer<Instruction>? {
        let set = hart.pool.pointee.fetch
        if let known = set.pointee.recall(.fetch, page: pc & ~0xfff) {
            return UnsafePointer(bitPattern: UInt(known))
        }
        hart.statistics.fetchMisses &+= 1
        let result = try hart.translate(pc, count: 2, .fetch)
        let physical = result.physical.rawValue & ~0xfff
        guard let host = memory.host(GuestPhysical(physical), count: 4096) else {
            throw Trap(.instructionAccessFault, value: pc)
        }
        guard result.permissions.allow(.fetch) else { return nil }
        let (slots, evicted) = pages.page(physical, host: host)
        if evicted {
            for hart in harts { hart._withUnsafeGuaranteedRef { $0.flushFetches(of: slots) } }
        }
        hart.fillFetch(pc, slots: slots, result)
        return UnsafePointer(slots)
    }

    /// One instruction of a page whose every instruction has to be checked, in the scratch page.
    private func single(_ hart: Hart, at pc: UInt64) throws(Trap) -> UnsafePointer<Instruction> {
        var bits = UInt32(try hart.fetchParcel(pc))
        if bits & 3 == 3 { bits |= UInt32(try hart.fetchParcel(pc &+ 2)) << 16 }
        pages.scratch.pointee = Self.decode(bits, hart)
        return UnsafePointer(pages.scratch)
    }

    /// Decodes what a slot stands for, in place. From now on stores to its page are watched.
    @inline(never)
    func decode(_ hart: Hart, _ slot: UnsafePointer<Instruction>) {
        let (physical, parcels, index) = pages.origin(of: slot)
        let page = GuestPhysical(physical)
        if !memory.pageFlags(page).contains(.hasCode) { hart.statistics.pagesDecoded &+= 1 }
        hart.watchCode(page: page, also: harts)
        let low = UInt32(parcels[index])
        let target = UnsafeMutablePointer(mutating: slot)
        if hart.isBreakpointOffset(index * 2) {
            target.pointee = Instruction(.debugStop)
            return
        }
        if index == DecodedPages.slotsPerPage - 1
            || (low & 3 == 3 && index == DecodedPages.slotsPerPage - 2)
        {
            target.pointee = Instruction(.straddle)
            return
        }
        let bits = low & 3 == 3 ? low | UInt32(parcels[index + 1]) << 16 : low
        target.pointee = Self.decode(bits, hart)
    }

    private static func decode(_ bits: UInt32, _ hart: Hart) -> Instruction {
        hart.decoder.decode(bits) ?? Instruction(.illegal, isCompressed: bits & 3 != 3)
    }

    /// A stop slot: nil where the hart stands on its breakpoint; else the instruction behind it.
    func debugStop(_ hart: Hart, _ slot: UnsafePointer<Instruction>, at pc: UInt64) throws(Trap)
        -> UnsafePointer<Instruction>?
    {
        guard hart.debug.breakpoints.contains(pc), hart.debug.skipped != pc else {
            hart.debug.skipped = nil
            return try straddle(hart, slot, at: pc)
        }
        hart.state.pointee.pc = pc
        hart.requestExit(.debugStop)
        return nil
    }

    package func debugChanged(_ hart: Hart) {
        pages.invalidateAll()
        hart.flushTranslations()
    }

    /// The instruction at a page's end, set up to run in the scratch page, which knows no neighbours.
    @inline(never)
    func straddle(_ hart: Hart, _ slot: UnsafePointer<Instruction>, at pc: UInt64) throws(Trap)
        -> UnsafePointer<Instruction>
    {
        let (_, parcels, index) = pages.origin(of: slot)
        let low = UInt32(parcels[index])
        var bits = low
        if low & 3 == 3 {
            if index < DecodedPages.slotsPerPage - 1 {
                bits |= UInt32(parcels[index + 1]) << 16
            } else {
                bits |= UInt32(try hart.fetchParcel(pc &+ 2)) << 16
            }
        }
        pages.scratch.pointee = Self.decode(bits, hart)
        return UnsafePointer(pages.scratch)
    }
}

extension Hart {
    /// Two bytes of code; the faults are those of a fetch.
    func fetchParcel(_ address: UInt64) throws(Trap) -> UInt16 {
        let result = try translate(address, count: 2, .fetch)
        guard let parcel = memory.load16(result.physical) else {
            throw Trap(.instructionAccessFault, value: address)
        }
        return parcel
    }

    /// The bits of the instruction at `pc`, for `mtval` of an illegal one.
    func instructionBits(at pc: UInt64) -> UInt64 {
        guard let low = try? fetchParcel(pc) else { return 0 }
        guard low & 3 == 3, let high = try? fetchParcel(pc &+ 2) else { return UInt64(low) }
        return UInt64(high) &<< 16 | UInt64(low)
    }

    /// What `attention` asks for before the next instruction: false where the run has to end, else the
    /// interrupt that can be delivered is taken.
    package func attend() -> Bool {
        if state.pointee.attention.contains(.exit) { return false }
        state.pointee.attention.remove(.interrupts)
        if !debug.masksInterrupts,
            let cause = state.pointee.csr.pendingInterrupt(privilege: state.pointee.privilege)
        {
            takeInterrupt(cause)
        }
        return true
    }

    package func take(_ trap: Trap, at pc: UInt64) {
        var value = trap.value
        if (trap.cause == .illegalInstruction || trap.cause == .virtualInstruction) && value == 0 {
            value = instructionBits(at: pc)
        }
        statistics.traps[Int(trap.cause.rawValue & 63)] &+= 1
        onTrap?(trap.cause.rawValue, value, pc)
        enter(
            cause: trap.cause.rawValue, value: value,
            details: isa.has(.h) ? details(of: trap, at: pc) : TrapDetails(), pc: pc)
    }

    func takeInterrupt(_ cause: UInt64) {
        statistics.interrupts[Int(cause & 63)] &+= 1
        onTrap?(cause, 0, state.pointee.pc)
        enter(cause: cause, value: 0, details: TrapDetails(), pc: state.pointee.pc)
    }

    private func enter(cause: UInt64, value: UInt64, details: TrapDetails, pc: UInt64) {
        let wasVirtual = state.pointee.csr.isVirtual
        state.pointee.pc = state.pointee.csr.takeTrap(
            cause: cause, value: value, details: details, pc: pc,
            privilege: &state.pointee.privilege)
        state.pointee.reservedAddress = HartState.noReservation
        updateTranslation()
        if wasVirtual && !state.pointee.csr.isVirtual { refreshFloatState() }
    }
}
