import Bits
import GuestMemory
import RISCV

/// Whole-instruction calls: what changes the mode, the CSRs or the tables.
extension Hart {
    /// Executes one; true where the hart must go on through the resume slot (`pc` is set then).
    @inline(never)
    package static func system(_ hart: Unmanaged<Hart>, _ i: Instruction, at pc: UInt64)
        throws(Trap) -> Bool
    {
        try hart.borrow { hart throws(Trap) in try hart.system(i, at: pc) }
    }
    @inline(__always)
    private func system(_ i: Instruction, at pc: UInt64) throws(Trap) -> Bool {
        switch i.opcode {
        case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci:
            return try accessCSR(i, at: pc)
        case .ecall:
            return try environmentCall(at: pc)
        case .ebreak:
            throw Trap(.breakpoint, value: pc)
        case .mret:
            let before = state.pointee.csr.isVirtual
            state.pointee.pc = try state.pointee.csr.mret(privilege: &state.pointee.privilege)
            return changedMode(before)
        case .sret:
            let before = state.pointee.csr.isVirtual
            state.pointee.pc = try state.pointee.csr.sret(privilege: &state.pointee.privilege)
            return changedMode(before)
        case .wfi, .wrs_nto, .wrs_sto:
            return try wait(i, at: pc)
        case .fence_i:
            // Stores to decoded pages are seen as they happen; those of harts that run at the same time
            // may be on their way.
            guard let peers else { return false }
            peers.instructionFence(by: self)
            return resume(at: pc &+ i.length)
        case .pause:
            peers?.spin(self)
            return false
        case .sfence_vma, .sinval_vma:
            try state.pointee.csr.permitTranslationFence(state.pointee.privilege)
            fence(i)
            return resume(at: pc &+ i.length)
        case .sfence_w_inval, .sfence_inval_ir:
            try state.pointee.csr.permitInvalidationFence(state.pointee.privilege)
            return false
        case .cbo_zero, .cbo_clean, .cbo_flush, .cbo_inval:
            try cacheBlock(i)
            return false
        case .amocas_q:
            try compareAndSwapQuad(i)
            return false
        case .hfence_vvma, .hfence_gvma, .hinval_vvma, .hinval_gvma:
            try guestFence(i)
            return resume(at: pc &+ i.length)
        case .xhole_get, .xhole_put:
            return exchangeStatus(i, after: pc &+ i.length)
        default:
            try guestAccess(i)
            return false
        }
    }

    private func exchangeStatus(_ i: Instruction, after pc: UInt64) -> Bool {
        let operand = self[x: i.rs1]
        let isRead = i.opcode == .xhole_get
        let seen = state.pointee.csr.seenStatus(state.pointee.privilege)
        self[x: i.rd] = isRead ? seen & operand : seen
        if isRead { return false }
        let effects = state.pointee.csr.putStatus(operand, state.pointee.privilege)
        return effects.isEmpty ? false : apply(effects, after: pc)
    }

    private func fence(_ i: Instruction) {
        let asid = i.rs2 == 0 ? nil : self[x: i.rs2] & 0xffff
        let scope: FenceScope =
            state.pointee.csr.isVirtual
            ? .guest(vmid: state.pointee.csr.vmid, asid: asid) : .native(asid: asid)
        flush(scope, page: i.rs1 == 0 ? nil : self[x: i.rs1])
    }

    func resume(at pc: UInt64) -> Bool {
        state.pointee.pc = pc
        return true
    }
    /// After a change of what can be delivered.
    private func noteInterrupts() {
        let privilege = state.pointee.privilege
        if state.pointee.csr.pendingInterrupt(privilege: privilege) != nil {
            state.pointee.attention.insert(.interrupts)
        }
    }
    private func changedMode(_ wasVirtual: Bool) -> Bool {
        noteInterrupts()
        updateTranslation()
        if state.pointee.csr.isVirtual != wasVirtual { refreshFloatState() }
        return true
    }

    private func environmentCall(at pc: UInt64) throws(Trap) -> Bool {
        switch state.pointee.privilege {
        case .user: throw Trap(.ecallFromU)
        case .machine: throw Trap(.ecallFromM)
        case .supervisor:
            if state.pointee.csr.isVirtual { throw Trap(.ecallFromVS) }
            guard exitsOnFirmwareCall else { throw Trap(.ecallFromS) }
            requestExit(.firmwareCall)
            return resume(at: pc &+ 4)
        }
    }

    private func wait(_ i: Instruction, at pc: UInt64) throws(Trap) -> Bool {
        // Zawrs: a stall may end at any time. Ours end at once, so that TW never finds them too long.
        if i.opcode != .wfi {
            peers?.spin(self)
            return false
        }
        try state.pointee.csr.permitWaiting(state.pointee.privilege)
        if !canWake { requestExit(.waitForInterrupt) }
        state.pointee.attention.insert(.interrupts)
        return resume(at: pc &+ 4)
    }

    private func accessCSR(_ i: Instruction, at pc: UInt64) throws(Trap) -> Bool {
        guard let access = CSRInstruction(i) else { throw .illegal }
        let operand = access.isImmediate ? UInt64(access.source) : self[x: access.source]
        let (operation, writes) = (access.operation, access.writes)
        if let (old, effects) = state.pointee.csr.accessQuickly(
            i.csr, operation, operand, writes: writes, privilege: state.pointee.privilege)
        {
            self[x: i.rd] = old
            return effects.isEmpty ? false : apply(effects, after: pc &+ 4)
        }
        var context = CSRContext(cycle: state.pointee.retired, instret: state.pointee.retired)
        if CSR.needsContext(i.csr) {
            context.time = bus.time(for: self)
            context.walkReads = state.pointee.walkReads
            if i.csr == CSR.seed && writes { context.entropy = bus.seed(for: self) }
        }
        let isFloat = i.csr >= CSR.fflags && i.csr <= CSR.fcsr
        if isFloat { collectFloatFlags() }
        let (old, effects) = try state.pointee.csr.access(
            i.csr, operation, operand, writes: writes, privilege: state.pointee.privilege,
            context: context)
        self[x: i.rd] = old
        if isFloat && writes { updateFloatRounding() }
        if CSR.isProtection(i.csr) && writes { flushTranslations() }
        return effects.isEmpty ? false : apply(effects, after: pc &+ 4)
    }

    private func apply(_ effects: CSREffects, after pc: UInt64) -> Bool {
        if effects.contains(.floatState) { refreshFloatState() }
        if effects.contains(.timer) {
            advance(to: bus.time(for: self))
            requestExit(.timer)
        }
        if effects.contains(.interrupts) { noteInterrupts() }
        if effects.contains(.translation) { updateTranslation() }
        let goesOn = !effects.contains(.translation) && state.pointee.attention.rawValue == 0
        return goesOn ? false : resume(at: pc)
    }

    /// Zicbom and Zicboz on 64-byte blocks. RAM is coherent, so all but `cbo.zero` only check.
    private func cacheBlock(_ i: Instruction) throws(Trap) {
        let privilege = state.pointee.privilege
        switch i.opcode {
        case .cbo_zero: try state.pointee.csr.permitCacheZero(privilege)
        case .cbo_inval: _ = try state.pointee.csr.cacheInvalidationFlushes(privilege)
        default: try state.pointee.csr.permitCacheClean(privilege)
        }
        let address = self[x: i.rs1] & ~63
        let isZero = i.opcode == .cbo_zero
        if isZero, let host = cachedHost(address, isStore: true) {
            host.initializeMemory(as: UInt64.self, repeating: 0, count: 8)
            return
        }
        let result: Translation
        do throws(Trap) {
            result = try translate(address, count: 64, isZero ? .store : .load)
        } catch {
            // A cache-block management instruction faults as a store (CMO specification, §2.5.2).
            var trap = error
            trap.cause = isZero ? error.cause : error.cause.asStore
            trap.value = self[x: i.rs1]
            // So does the guest-physical address follow rs1, not the block, where it is the data's.
            if error.isGuestPageFault && trap.instruction == 0 {
                trap.value2 = trap.value2 & ~0x3ff | (trap.value & 0xfff) &>> 2
            }
            throw trap
        }
        guard isZero else { return }
        guard memory.fill(GuestRange(start: result.physical, count: 64), with: 0) else {
            throw Trap(.storeAccessFault, value: self[x: i.rs1])
        }
        wroteMemory(result.physical)
        fillData(address, result, .store)
    }
}

extension Trap {
    fileprivate var isGuestPageFault: Bool {
        cause == .loadGuestPageFault || cause == .storeGuestPageFault
    }
}

extension ExceptionCause {
    fileprivate var asStore: ExceptionCause {
        switch self {
        case .loadPageFault: .storePageFault
        case .loadAccessFault: .storeAccessFault
        case .loadGuestPageFault: .storeGuestPageFault
        default: self
        }
    }
}
