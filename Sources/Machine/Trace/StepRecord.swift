import Bits
import GuestMemory
import Hart
import RISCV

/// What is known of an instruction before it runs.
struct StepRecord {
    let hart: Int
    let pc: UInt64
    let privilege: Privilege
    let isVirtual: Bool
    let bits: UInt32
    let footprint: Footprint
    let instruction: Instruction
    /// Virtual address of the memory access, if there is one.
    let address: UInt64?
    let statusBefore: UInt64

    /// nil: there is nothing to fetch, or it is no instruction.
    init?(before hart: Hart, _ decoder: Decoder) {
        var pc = hart.pc
        var privilege = hart.privilege
        // A pending interrupt comes first, and what runs is its handler's first instruction.
        var csr = hart.csr
        if let cause = csr.pendingInterrupt(privilege: privilege), !hart.debug.masksInterrupts {
            pc = csr.takeTrap(cause: cause, value: 0, pc: pc, privilege: &privilege)
        }
        guard
            let bits = hart.encoding(at: pc, privilege, isVirtual: csr.isVirtual),
            let decoded = decoder.decode(bits)
        else { return nil }
        self.hart = hart.id
        self.pc = pc
        self.privilege = privilege
        isVirtual = csr.isVirtual
        self.bits = decoded.isCompressed ? bits & 0xffff : bits
        instruction = decoded
        footprint = Footprint(decoded)
        address = footprint.memory.map { $0.address(base: hart[x: $0.base]) }
        statusBefore = csr.mstatus
    }

    private var mayRaiseFlags: Bool { footprint.usesFloat && footprint.csr == nil }

    func takeFloatFlags(_ hart: Hart) -> UInt64 {
        guard mayRaiseFlags else { return 0 }
        var csr = hart.csr
        let accrued = csr.fflags
        csr.fflags = 0
        hart.csr = csr
        return accrued
    }

    /// Returns what the instruction raised.
    func restoreFloatFlags(_ hart: Hart, _ accrued: UInt64) -> UInt64 {
        guard mayRaiseFlags else { return 0 }
        var csr = hart.csr
        let raised = csr.fflags
        csr.fflags |= accrued
        hart.csr = csr
        return raised
    }
}

/// What an instruction changed.
struct StepChanges {
    struct CSRChange { let number: Int, value: UInt64 }
    struct MemoryChange { let address: UInt64, count: Int, value: UInt64 }

    private(set) var integers: [(register: Int, value: UInt64)] = []
    private(set) var floats: [(register: Int, value: UInt64)] = []
    private(set) var csrs: [CSRChange] = []
    private(set) var loads: [UInt64] = []
    private(set) var stores: [MemoryChange] = []

    init(_ record: StepRecord, after hart: Hart, raisedFlags: UInt64) {
        for register in 1..<32 where record.footprint.writesX & 1 << UInt32(register) != 0 {
            integers.append((register, hart[x: register]))
        }
        for register in 0..<32 where record.footprint.writesF & 1 << UInt32(register) != 0 {
            floats.append((register, hart[f: register]))
        }
        noteCSRs(record, hart, raisedFlags)
        noteMemory(record, hart)
    }

    private mutating func noteCSRs(_ record: StepRecord, _ hart: Hart, _ raisedFlags: UInt64) {
        var numbers: [Int] = []
        if let access = record.footprint.csr, access.isWrite {
            // A view of another register counts as that one.
            switch access.number {
            case CSR.sstatus: numbers = [CSR.mstatus]
            case CSR.sie: numbers = [CSR.mie]
            case CSR.sip: numbers = [CSR.mip]
            case CSR.fcsr: numbers = [CSR.fflags, CSR.frm]
            default: numbers = [access.number]
            }
        }
        if raisedFlags != 0 { numbers.append(CSR.fflags) }
        let dirtied = record.footprint.usesFloat || numbers.contains { $0 <= CSR.fcsr }
        let changed = (hart.csr.mstatus ^ record.statusBefore) & Status.fs != 0
        if dirtied && changed || record.footprint.control == .trapReturn {
            if !numbers.contains(CSR.mstatus) { numbers.append(CSR.mstatus) }
        }
        csrs = numbers.sorted().map { CSRChange(number: $0, value: hart.debugRead(csr: $0)) }
    }

    private mutating func noteMemory(_ record: StepRecord, _ hart: Hart) {
        guard let access = record.footprint.memory, let address = record.address else { return }
        if access.isRead { loads = [address] }
        guard access.isWrite else { return }
        // A store-conditional that failed leaves 1 in rd.
        if access.kind == .storeConditional && hart[x: record.instruction.rd] != 0
            && record.instruction.rd != 0
        {
            return
        }
        for offset in stride(from: 0, to: access.count, by: 8) {
            let count = min(8, access.count - offset)
            let at = address &+ UInt64(offset)
            stores.append(
                MemoryChange(address: at, count: count, value: hart.word(at: at, count: count)))
        }
    }
}

extension Hart {
    /// Bytes at a virtual address of RAM, as a number; 0 where a device is.
    fileprivate func word(at address: UInt64, count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count {
            guard let physical = physical(for: GuestVirtual(address &+ UInt64(index))),
                let byte = memory.load8(physical)
            else { return value }
            value |= UInt64(byte) << UInt64(8 * index)
        }
        return value
    }
}
