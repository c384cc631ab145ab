import Bits
import GuestMemory
import RISCV

/// Instructions of the hypervisor extension, and what it is told of traps.
extension Hart {
    func guestFence(_ i: Instruction) throws(Trap) {
        let privilege = state.pointee.privilege
        let named = i.rs2 == 0 ? nil : self[x: i.rs2]
        if i.opcode == .hfence_vvma || i.opcode == .hinval_vvma {
            try state.pointee.csr.permitGuestFence(privilege)
            flush(
                .guest(vmid: state.pointee.csr.vmid, asid: named),
                page: i.rs1 == 0 ? nil : self[x: i.rs1])
        } else {
            try state.pointee.csr.permitGuestPhysicalFence(privilege)
            // Tables are kept by guest-virtual page: one guest-physical page may be any of them.
            flush(.guestStage(vmid: named))
        }
    }

    /// `hlv`, `hlvx` and `hsv`: an access as the guest would make it (§18.3.1).
    func guestAccess(_ i: Instruction) throws(Trap) {
        guard let access = GuestAccess(i.opcode) else { throw .illegal }
        try state.pointee.csr.permitGuestAccess(state.pointee.privilege)
        var mode = state.pointee.csr.guestAccessMode
        mode.readsCode = access.readsCode
        let address = self[x: i.rs1]
        if access.isStore {
            try store(access.width, address, self[x: i.rs2], in: mode)
        } else {
            let value = try load(access.width, address, in: mode)
            self[x: i.rd] = access.isSigned ? value.signExtended(from: access.width.bits) : value
        }
    }

    private func load(_ width: AccessWidth, _ address: UInt64, in mode: AccessMode)
        throws(Trap) -> UInt64
    {
        if Self.crossesPage(address, width) { return try loadBytes(width, address, in: mode) }
        let result = try translate(address, count: width.bytes, .load, mode)
        if let value = memory.load(result.physical, width: width) { return value }
        // Devices hold no code.
        if mode.readsCode { throw .ofGuest(.loadAccessFault, address) }
        guard Self.isAligned(address, width) else {
            throw .ofGuest(.loadMisaligned, address)
        }
        statistics.deviceLoads &+= 1
        let loaded = HostFloat.suspended { bus.load(result.physical, width, from: self) }
        guard let value = loaded else { throw .ofGuest(.loadAccessFault, address) }
        return value
    }
    /// Over a page's end; both pages must be RAM.
    private func loadBytes(_ width: AccessWidth, _ address: UInt64, in mode: AccessMode)
        throws(Trap) -> UInt64
    {
        var value: UInt64 = 0
        for index in UInt64(0)..<width.bytes {
            let result = try translate(address &+ index, count: 1, .load, mode)
            guard let byte = memory.load8(result.physical) else {
                throw .ofGuest(.loadMisaligned, address)
            }
            value |= UInt64(byte) &<< (index &* 8)
        }
        return value
    }

    private func store(
        _ width: AccessWidth, _ address: UInt64, _ value: UInt64, in mode: AccessMode
    ) throws(Trap) {
        if Self.crossesPage(address, width) {
            return try storeBytes(width, address, value, in: mode)
        }
        let result = try translate(address, count: width.bytes, .store, mode)
        if memory.store(result.physical, value, width: width) {
            return wroteMemory(result.physical)
        }
        guard Self.isAligned(address, width) else {
            throw .ofGuest(.storeMisaligned, address)
        }
        statistics.deviceStores &+= 1
        let isStored = HostFloat.suspended { bus.store(result.physical, width, value, from: self) }
        guard isStored else { throw .ofGuest(.storeAccessFault, address) }
    }
    /// The same for a store: nothing is written where one of the pages cannot be.
    private func storeBytes(
        _ width: AccessWidth, _ address: UInt64, _ value: UInt64, in mode: AccessMode
    ) throws(Trap) {
        let boundary = (address | 0xfff) &+ 1
        let firstCount = boundary &- address
        let first = try translate(address, count: firstCount, .store, mode)
        let second = try translate(boundary, count: width.bytes &- firstCount, .store, mode)
        guard memory.writableHost(first.physical, count: firstCount) != nil,
            memory.writableHost(second.physical, count: width.bytes &- firstCount) != nil
        else { throw .ofGuest(.storeMisaligned, address) }
        for index in UInt64(0)..<width.bytes {
            let at =
                index < firstCount
                ? first.physical + index : second.physical + (index &- firstCount)
            _ = memory.store8(at, UInt8(truncatingIfNeeded: value &>> (index &* 8)))
        }
        wroteMemory(first.physical)
        wroteMemory(second.physical)
    }

    /// What goes beside the cause and value of a trap.
    func details(of trap: Trap, at pc: UInt64) -> TrapDetails {
        // Data may be a guest's though the hart is in no guest (MPRV with MPV).
        let isInGuest =
            state.pointee.csr.isVirtual || (trap.cause.isOfData && mode(of: .load).isVirtual)
        let isAddress = isInGuest && trap.cause.valueIsAddress
        var details = TrapDetails(
            value2: trap.value2, instruction: trap.instruction,
            isGuestAddress: trap.isGuestAddress || isAddress)
        let isData = trap.cause == .loadGuestPageFault || trap.cause == .storeGuestPageFault
        guard isData, trap.instruction == 0,
            let instruction = decoder.decode(UInt32(truncatingIfNeeded: instructionBits(at: pc)))
        else { return details }
        let start = self[x: instruction.rs1] &+ instruction.addressOffset
        details.instruction = instruction.transformed(offset: trap.value &- start) ?? 0
        return details
    }
}

extension Trap {
    fileprivate static func ofGuest(_ cause: ExceptionCause, _ address: UInt64) -> Trap {
        var trap = Trap(cause, value: address)
        trap.isGuestAddress = true
        return trap
    }
}

extension ExceptionCause {
    /// Misaligned addresses, access, page and guest-page faults, and breakpoints (§18.6.3).
    fileprivate var valueIsAddress: Bool {
        switch self {
        case .illegalInstruction, .virtualInstruction, .ecallFromU, .ecallFromS, .ecallFromVS,
            .ecallFromM:
            false
        default: true
        }
    }
    fileprivate var isOfData: Bool {
        switch self {
        case .loadMisaligned, .loadAccessFault, .loadPageFault, .loadGuestPageFault,
            .storeMisaligned, .storeAccessFault, .storePageFault, .storeGuestPageFault:
            true
        default: false
        }
    }
}
