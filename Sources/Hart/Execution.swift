import Bits
import CHost
import RISCV

/// The interpreter's evaluator of the clauses: it runs them.
///
/// Its fields live in registers of the host while `dispatch` runs, so nothing that is not inlined may
/// take it `inout`: slow paths get the state pointer and values.
struct Execution {
    let hart: Unmanaged<Hart>
    let state: UnsafeMutablePointer<HartState>
    let x: UnsafeMutablePointer<UInt64>
    /// The slot that runs, and the one that runs after it.
    var slot: UnsafePointer<Instruction>
    var next: UnsafePointer<Instruction>
    /// pc of a slot of the current page = bias + slot's address / 4 (two bytes of guest code are eight
    /// bytes of slots).
    var bias: UInt64
    var remaining: UInt64

    @inline(__always) func pc(of slot: UnsafePointer<Instruction>) -> UInt64 {
        bias &+ UInt64(UInt(bitPattern: slot)) &>> 2
    }
    /// Goes on at a virtual address of any page.
    @inline(__always) mutating func leave(to pc: UInt64) {
        state.pointee.pc = pc
        next = state.pointee.resumeSlot
    }
    /// Makes `retired` true before code that may look at it.
    @inline(__always) func synchronise() {
        state.pointee.retired = state.pointee.retiredLimit &- remaining
    }
    /// A device may have changed interrupts or asked for an exit.
    @inline(__always) mutating func attend() {
        if state.pointee.attention.rawValue != 0 && next != state.pointee.resumeSlot {
            leave(to: pc(of: next))
        }
    }
}

extension Execution: Semantics {
    typealias Value = UInt64

    @inline(__always) func x(_ register: Int) -> UInt64 { x[register] }
    @inline(__always) func setX(_ register: Int, _ value: UInt64) {
        x[register] = value
        x[0] = 0
    }
    @inline(__always) func f(_ register: Int) -> UInt64 { x[32 &+ register] }
    @inline(__always) func setF(_ register: Int, _ value: UInt64) {
        x[32 &+ register] = value
        state.pointee.csr.markFloatDirty()
    }
    @inline(__always) func constant(_ value: UInt64) -> UInt64 { value }
    @inline(__always) func pc(plus offset: Int64) -> UInt64 {
        pc(of: slot) &+ UInt64(bitPattern: offset)
    }
    @inline(__always) func unary(_ operation: UnaryOperation, _ a: UInt64) -> UInt64 {
        operation.apply(a)
    }
    @inline(__always)
    func binary(_ operation: BinaryOperation, _ a: UInt64, _ b: UInt64) -> UInt64 {
        operation.apply(a, b)
    }
    @inline(__always) func select(_ condition: UInt64, _ a: UInt64, _ b: UInt64) -> UInt64 {
        condition != 0 ? a : b
    }

    @inline(__always) mutating func branch(if condition: UInt64, to offset: Int64) {
        if condition != 0 { jump(to: offset) }
    }
    @inline(__always) mutating func jump(to offset: Int64) {
        let here = UInt(bitPattern: slot)
        let there = here &+ UInt(bitPattern: Int(offset &<< 2))
        if (here ^ there) < UInt(DecodedPages.bytesPerPage) {
            next = slot + Int(offset &>> 1)
        } else {
            leave(to: pc(plus: offset))
        }
    }
    @inline(__always) mutating func jump(toAddress address: UInt64) {
        let here = UInt(bitPattern: slot)
        let there = UInt(address &- bias) &<< 2
        if (here ^ there) < UInt(DecodedPages.bytesPerPage) {
            next = slot + (Int(bitPattern: there &- here) &>> 3)
            return
        }
        // A call or return to another page, the commonest way out: its slots are in the fetch table.
        let index = TableLayout.fetchIndex(address)
        let entry = state.pointee.fetchTLB + index
        if entry.pointee.tag == address & ~0xfff && state.pointee.attention.rawValue == 0 {
            let target = UInt(entry.pointee.value) &+ UInt(address & 0xffe) &<< 2
            bias = address &- UInt64(target) &>> 2
            next = slot + (Int(bitPattern: target &- here) &>> 3)
        } else {
            leave(to: address)
        }
    }

    @inline(__always)
    func entry(_ table: Int, _ address: UInt64, _ width: AccessWidth)
        -> UnsafeMutablePointer<TableEntry>?
    {
        let index = TableLayout.dataIndex(address)
        let entry = state.pointee.dataTLB + (table &+ index)
        return entry.pointee.tag == address & (~0xfff | (width.bytes &- 1)) ? entry : nil
    }
    @inline(__always)
    func host(_ entry: UnsafeMutablePointer<TableEntry>, _ address: UInt64)
        -> UnsafeMutableRawPointer
    {
        // SAFETY: an entry is filled only from a memslot that holds the whole page.
        UnsafeMutableRawPointer(
            bitPattern: UInt(truncatingIfNeeded: entry.pointee.value &+ address)
        ).unsafelyUnwrapped
    }

    @inline(__always)
    mutating func load(_ kind: LoadKind, at address: UInt64) throws(Trap) -> UInt64 {
        guard let entry = entry(0, address, kind.width) else {
            synchronise()
            let raw = try Hart.slowLoad(hart, kind.width, address)
            attend()
            return kind.extend(raw)
        }
        let at = host(entry, address)
        return switch kind {
        case .signed8: UInt64(bitPattern: Int64(at.load(as: Int8.self)))
        case .signed16: UInt64(bitPattern: Int64(at.load(as: Int16.self)))
        case .signed32: UInt64(bitPattern: Int64(at.load(as: Int32.self)))
        case .unsigned8: UInt64(at.load(as: UInt8.self))
        case .unsigned16: UInt64(at.load(as: UInt16.self))
        case .unsigned32: UInt64(at.load(as: UInt32.self))
        case .double: at.load(as: UInt64.self)
        }
    }
    @inline(__always)
    mutating func store(_ width: AccessWidth, at address: UInt64, _ value: UInt64) throws(Trap) {
        guard let entry = entry(TableLayout.dataCount, address, width) else {
            synchronise()
            try Hart.slowStore(hart, width, address, value)
            attend()
            return
        }
        let at = host(entry, address)
        switch width {
        case .byte: at.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        case .half: at.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
        case .word: at.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
        case .double: at.storeBytes(of: value, as: UInt64.self)
        }
    }
    @inline(__always)
    func loadReserved(_ width: AccessWidth, at address: UInt64) throws(Trap) -> UInt64 {
        synchronise()
        return try Hart.loadReserved(hart, width, address)
    }
    @inline(__always)
    mutating func storeConditional(_ width: AccessWidth, at address: UInt64, _ value: UInt64)
        throws(Trap) -> UInt64
    {
        synchronise()
        let result = try Hart.storeConditional(hart, width, address, value)
        attend()
        return result
    }
    @inline(__always)
    mutating func atomic(
        _ operation: AtomicOperation, _ width: AccessWidth, at address: UInt64, _ value: UInt64
    ) throws(Trap) -> UInt64 {
        synchronise()
        let old = try Hart.atomic(hart, operation, width, address, value)
        attend()
        return old
    }
    @inline(__always)
    mutating func compareAndSwap(
        _ width: AccessWidth, at address: UInt64, expected: UInt64, new: UInt64
    ) throws(Trap) -> UInt64 {
        synchronise()
        let old = try Hart.compareAndSwap(hart, width, address, expected, new)
        attend()
        return old
    }

    @inline(__always) func fenceStoreLoad() {
        if state.pointee.sharesMemory { hull_fence() }
    }

    @inline(__always) func requireFloat() throws(Trap) {
        if state.pointee.csr.isFloatOff { throw .illegal }
    }
    @inline(__always)
    func float(
        _ operation: FloatOperation, _ format: FloatFormat, rounding: Int,
        _ a: UInt64, _ b: UInt64, _ c: UInt64
    ) throws(Trap) -> UInt64 {
        let result: UInt64
        if let fast = hostFloat(operation, format, rounding, a, b, c) {
            result = fast
        } else {
            result = try Hart.float(state, operation, format, rounding, a, b, c)
        }
        if operation.isToInteger { state.pointee.csr.markFloatDirty() }
        return result
    }

    @inline(__always) mutating func spin(_ instruction: Instruction) throws(Trap) {
        if state.pointee.sharesMemory { try system(instruction) }
    }
    @inline(__always) mutating func system(_ instruction: Instruction) throws(Trap) {
        synchronise()
        let here = pc(of: slot)
        if try Hart.system(hart, instruction, at: here) {
            next = state.pointee.resumeSlot
        } else {
            attend()
        }
    }
}
