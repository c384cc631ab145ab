import Bits
import Hart
import RISCV

/// Loads and stores: a check against the site's entry, then the access on the host's address.
extension Emitter {
    /// Where an access finds its bytes on the host: checked here, or by its group before.
    mutating func emitCheckedAddress(_ i: IRInstruction, isStore: Bool) -> HostMemory {
        let slot = i.group & 1
        let register: HostRegister = slot == 0 ? .rcx : .r15
        let group = i.group
        if i.flags.contains(.isChecked), liveGroup[Int(slot)] == group, group > 1 {
            return hostMemory(register, i.a, i.immediate)
        }
        let bytes = Int(AccessWidth(rawValue: i.width)?.bytes ?? 8)
        let isLeader = i.span != 0 && !i.flags.contains(.isChecked)
        let lowest = isLeader ? Int64(i.spanStart) : i.immediate
        let span = isLeader ? Int(i.span) : bytes
        var access: AccessCheck = isStore ? .store : .load
        if isLeader, !isStore, i.flags.contains(.checksStore) { access = .laterStore }
        emitCheck(i.a, offset: lowest, span: span, access, register, guest: Int(i.guest))
        liveGroup[Int(slot)] = isLeader ? group : 0
        return hostMemory(register, i.a, i.immediate)
    }

    /// After `emitCheck`: the register holds host minus guest address, to which a base that has no
    /// register of its own, or is a wide constant, was added.
    private func hostMemory(_ register: HostRegister, _ base: Place, _ offset: Int64) -> HostMemory
    {
        if base == .immediate || base == .x(0) {
            return .at(register, Self.fits(offset) ? Int32(truncatingIfNeeded: offset) : 0)
        }
        if !Self.fits(offset) { return .at(register) }
        let displacement = Int32(truncatingIfNeeded: offset)
        if case .register(let from) = operand(base) { return .at(register, from, displacement) }
        return .at(register, displacement)
    }

    /// Checks `span` bytes from `base + offset` on, and leaves in `register` what `hostMemory` needs:
    /// nothing behind the check waits for the address.
    mutating func emitCheck(
        _ base: Place, offset: Int64, span: Int, _ access: AccessCheck, _ register: HostRegister,
        guest: Int
    ) {
        let site: Int32
        if access == .load {
            site = Int32(TableLayout.siteLoads + nextLoadSite * 16)
            nextLoadSite = (nextLoadSite &+ 1) & (TableLayout.siteCount - 1)
        } else {
            site = Int32(TableLayout.siteStores + nextStoreSite * 16)
            nextStoreSite = (nextStoreSite &+ 1) & (TableLayout.siteCount - 1)
        }
        let limit = Int32(4096 - span)
        var stub = ColdStub(kind: .access, label: Label(), guest: guest)
        let isConstant = base == .immediate || base == .x(0)
        if isConstant, Self.fits(offset), offset & 0xfff <= Int64(limit) {
            asm.alu(
                .cmp, .memory(.gs(site)), imm: Int32(truncatingIfNeeded: offset & ~0xfff), .quad)
            asm.jcc(.ne, &stub.label)
            stub.constant = offset
            stub.isConstant = true
        } else {
            emitAddress(base, offset, register)
            asm.alu(.sub, register, .memory(.gs(site)), .quad)
            asm.alu(.cmp, .register(register), imm: limit, .quad)
            asm.jcc(.a, &stub.label)
        }
        asm.load(register, .gs(site + 8))
        stub.back = asm.here
        stub.register = register
        stub.access = access
        stub.site = site
        stub.limit = limit
        push(stub)
        addBase(base, offset, register)
    }

    /// Adds what `hostMemory` cannot name.
    private mutating func addBase(_ base: Place, _ offset: Int64, _ register: HostRegister) {
        let isConstant = base == .immediate || base == .x(0)
        if !isConstant, case .memory(let memory) = operand(base) {
            asm.alu(.add, register, .memory(memory), .quad)
        }
        guard !Self.fits(offset) else { return }
        let value = scratch()
        asm.mov(value, imm: UInt64(bitPattern: offset))
        asm.alu(.add, register, .register(value), .quad)
        if !isConstant, case .register(let from) = operand(base) {
            asm.alu(.add, register, .register(from), .quad)
        }
        free(value)
    }

    private mutating func emitAddress(_ base: Place, _ offset: Int64, _ register: HostRegister) {
        if base == .immediate || base == .x(0) {
            return asm.mov(register, imm: UInt64(bitPattern: offset))
        }
        if offset == 0 { return load(register, base) }
        if Self.fits(offset) {
            let displacement = Int32(truncatingIfNeeded: offset)
            if case .register(let from) = operand(base) {
                return asm.lea(register, .at(from, displacement), .quad)
            }
            load(register, base)
            return asm.alu(.add, .register(register), imm: displacement, .quad)
        }
        asm.mov(register, imm: UInt64(bitPattern: offset))
        asm.alu(.add, register, operand(base), .quad)
    }

    mutating func emitLoad(_ i: IRInstruction) {
        guard let kind = LoadKind(rawValue: i.code) else { return }
        let memory = emitCheckedAddress(i, isStore: false)
        if i.to == .none { return }
        if i.to.isF { return emitFloatLoad(i, kind, memory) }
        let to = target(i.to)
        switch kind {
        case .signed8: asm.loadSigned(to, memory, .byte)
        case .signed16: asm.loadSigned(to, memory, .word)
        case .signed32: asm.loadSigned(to, memory, .long)
        case .unsigned8: asm.load(to, memory, .byte)
        case .unsigned16: asm.load(to, memory, .word)
        case .unsigned32: asm.load(to, memory, .long)
        case .double: asm.load(to, memory, .quad)
        }
        finish(i.to, to)
    }

    static func size(_ width: UInt8) -> OperandSize {
        switch AccessWidth(rawValue: width) {
        case .byte: .byte
        case .half: .word
        case .word: .long
        default: .quad
        }
    }

    mutating func emitStore(_ i: IRInstruction) {
        let size = Self.size(i.code)
        let memory = emitCheckedAddress(i, isStore: true)
        if i.b == .x(0) { return asm.store(memory, imm: 0, size) }
        if i.b.isF { return emitFloatStore(i, memory, size) }
        let from = inRegister(i.b)
        asm.store(memory, from, size)
        done(i.b, from)
    }
}
