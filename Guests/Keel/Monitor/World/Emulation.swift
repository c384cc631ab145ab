import Bits
import RISCV

/// Loads and stores that the monitor carries out in the guest's place: to devices, under MPRV, and
/// to memory that is watched.
extension World {
    /// The bits of the instruction at `pc`, by the guest's own page tables; the guest's own fault
    /// where it cannot be fetched. Its second half may lie on another page.
    mutating func fetch() throws(Trap) -> UInt32 {
        let low = try readCode(vcpu.pc)
        guard low & 3 == 3 else { return low }
        return low | (try readCode(vcpu.pc &+ 2)) &<< 16
    }

    private mutating func readCode(_ address: UInt64) throws(Trap) -> UInt32 {
        let physical = try translate(address, .fetch, count: 2)
        guard let half = ram.load(physical, .half) else {
            note(nobodyAt: physical)
            throw Trap(.instructionAccessFault, value: address)
        }
        return UInt32(truncatingIfNeeded: half)
    }

    /// The walk of an access that does not leave its page, with the virtual PMP's word.
    private mutating func translate(_ address: UInt64, _ access: AccessKind, count: UInt64)
        throws(Trap) -> GuestPhysical
    {
        let privilege = vcpu.csr.effectiveMode(access, vcpu.privilege).privilege
        var tables = GuestTables(ram, &vcpu.csr)
        let translation: Translation
        do throws(Trap) {
            translation = try PageWalk.walk(
                GuestVirtual(address), access, vcpu.csr.walkContext(effective: privilege), &tables)
        } catch {
            if let place = tables.outside { note(.pageTable, place) }
            throw error
        }
        let isAllowed =
            vcpu.csr.pmp.isOpen(translation.physical, count: count, privilege)
            || vcpu.csr.pmp.check(translation.physical, count: count, access, privilege: privilege)
        guard isAllowed else { throw Trap(access.accessFault, value: address) }
        return translation.physical
    }

    /// Carries out the instruction at `pc`, whose access faulted on the real hart.
    mutating func emulateMemory(_ kind: AccessKind, _ faulting: UInt64, _ clock: Clock)
        throws(Trap)
    {
        let bits = try fetch()
        guard let instruction = vcpu.decoder.decode(bits) else {
            throw Trap(.illegalInstruction, value: UInt64(bits))
        }
        guard let access = MemoryInstruction(instruction, vcpu.frame) else {
            // The guest's code changed under its own access.
            throw Trap(kind.accessFault, value: faulting)
        }
        try perform(access, clock)
        vcpu.pc &+= instruction.length
    }

    private mutating func perform(_ access: MemoryInstruction, _ clock: Clock) throws(Trap) {
        let (address, width) = (access.address, access.width)
        switch access.operation {
        case .load(let kind):
            let value = try read(address, width, clock)
            vcpu[x: access.rd] = kind.extend(value)
        case .store:
            try write(address, access.value & width.mask, width, clock)
        case .loadFloat where vcpu.csr.isa.has(.d):
            let value = try read(address, width, clock)
            floatUnit.save(vcpu.frame.floatArea)
            // A narrow value is boxed: the bits above it are ones (unprivileged specification §21.2).
            vcpu.frame.setFloat(access.rd, value | ~width.mask)
            floatUnit.load(vcpu.frame.floatArea)
            floatBecameDirty()
        case .storeFloat where vcpu.csr.isa.has(.d):
            floatUnit.save(vcpu.frame.floatArea)
            try write(address, vcpu.frame.float(access.source) & width.mask, width, clock)
        // The registers of a unit without D are not saved whole.
        case .loadFloat, .storeFloat: throw Trap(access.access.accessFault, value: address)
        case .atomic(let operation, _):
            let physical = try aligned(access)
            let old = LoadKind(signed: width).extend(ram.load(physical, width) ?? 0)
            shadows.willStore(physical, width)
            _ = ram.store(physical, operation.apply(old, access.value, width), width)
            vcpu[x: access.rd] = old
        case .loadReserved:
            let physical = try aligned(access)
            vcpu.reservation = physical.rawValue
            vcpu[x: access.rd] = LoadKind(signed: width).extend(ram.load(physical, width) ?? 0)
        case .storeConditional:
            let physical = try aligned(access)
            let holds = vcpu.reservation == physical.rawValue
            vcpu.reservation = nil
            if holds {
                shadows.willStore(physical, width)
                _ = ram.store(physical, access.value, width)
            }
            vcpu[x: access.rd] = holds ? 0 : 1
        }
    }

    /// Atomics are for RAM alone, and there for their own alignment (unprivileged specification,
    /// A).
    private mutating func aligned(_ access: MemoryInstruction) throws(Trap) -> GuestPhysical {
        let width = access.width
        guard access.address & (width.bytes &- 1) == 0 else {
            throw Trap(access.access.misaligned, value: access.address)
        }
        let physical = try translate(access.address, access.access, count: width.bytes)
        guard ram.host(physical, count: width.bytes) != nil else {
            note(nobodyAt: physical)
            throw Trap(access.access.accessFault, value: access.address)
        }
        return physical
    }

    // MARK: Bytes

    private mutating func read(_ address: UInt64, _ width: AccessWidth, _ clock: Clock)
        throws(Trap) -> UInt64
    {
        if (address & 0xfff) &+ width.bytes > 4096 {
            var value: UInt64 = 0
            for index in 0..<width.bytes {
                value |= try read(address &+ index, .byte, clock) &<< (index &* 8)
            }
            return value
        }
        let physical = try translate(address, .load, count: width.bytes)
        if let value = ram.load(physical, width) { return value }
        guard let value = board.read(physical, width, now: clock.time) else {
            note(nobodyAt: physical)
            throw Trap(.loadAccessFault, value: address)
        }
        counts.deviceAccesses += 1
        return value
    }

    private mutating func write(
        _ address: UInt64, _ value: UInt64, _ width: AccessWidth, _ clock: Clock
    ) throws(Trap) {
        if (address & 0xfff) &+ width.bytes > 4096 {
            // Both pages are asked before the first byte changes.
            _ = try translate(address, .store, count: 1)
            _ = try translate(address &+ width.bytes &- 1, .store, count: 1)
            for index in 0..<width.bytes {
                try write(address &+ index, (value &>> (index &* 8)) & 0xff, .byte, clock)
            }
            return
        }
        let physical = try translate(address, .store, count: width.bytes)
        if ram.host(physical, count: width.bytes) != nil {
            shadows.willStore(physical, width)
            _ = ram.store(physical, value, width)
            return
        }
        if BoardMap.isAnotherHarts(physical.rawValue) { note(.hart, physical.rawValue) }
        guard board.write(physical, value, width, now: clock.time, ram) else {
            note(nobodyAt: physical)
            throw Trap(.storeAccessFault, value: address)
        }
        counts.deviceAccesses += 1
    }
}

extension LoadKind {
    /// What atomics of a width load.
    fileprivate init(signed width: AccessWidth) { self = width == .word ? .signed32 : .double }
}
