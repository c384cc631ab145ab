import Bits

/// Whole-instruction calls: what they do depends on the mode, the CSRs or the machine, so the
/// evaluator knows them by opcode.
extension Semantics {
    @inlinable @inline(__always)
    package mutating func ecall(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func ebreak(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func fence_i(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func csrrw(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func csrrs(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func csrrc(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func csrrwi(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func csrrsi(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func csrrci(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func sret(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func mret(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func wfi(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func sfence_vma(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func sinval_vma(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func sfence_w_inval(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func sfence_inval_ir(_ i: Instruction) throws(Trap) {
        try system(i)
    }
    @inlinable @inline(__always)
    package mutating func wrs_nto(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func wrs_sto(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func cbo_inval(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func cbo_clean(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func cbo_flush(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func cbo_zero(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func amocas_q(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hfence_vvma(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hfence_gvma(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hinval_vvma(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hinval_gvma(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hlv_b(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hlv_bu(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hlv_h(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hlv_hu(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hlvx_hu(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hlv_w(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hlvx_wu(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hlv_wu(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hlv_d(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hsv_b(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hsv_h(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hsv_w(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func hsv_d(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func xhole_get(_ i: Instruction) throws(Trap) { try system(i) }
    @inlinable @inline(__always)
    package mutating func xhole_put(_ i: Instruction) throws(Trap) { try system(i) }
}

/// Fences, hints, and may-be-operations that no extension has claimed.
extension Semantics {
    /// Memory is ordered as RVTSO says (unprivileged specification, chapter "Ztso"): a load may only
    /// overtake stores before it, so all that a fence can add is that it must not.
    @inlinable @inline(__always)
    package mutating func fence(_ i: Instruction) throws(Trap) {
        let ordersStores = i.immediate & (FenceBit.write | FenceBit.output) &<< 4 != 0
        let ordersLoads = i.immediate & (FenceBit.read | FenceBit.input) != 0
        if ordersStores && ordersLoads { fenceStoreLoad() }
    }
    /// Orders everything but loads behind stores.
    @inlinable @inline(__always)
    package mutating func fence_tso(_ i: Instruction) throws(Trap) {}
    @inlinable @inline(__always)
    package mutating func pause(_ i: Instruction) throws(Trap) { try spin(i) }
    @inlinable @inline(__always)
    package mutating func prefetch_i(_ i: Instruction) throws(Trap) {}
    @inlinable @inline(__always)
    package mutating func prefetch_r(_ i: Instruction) throws(Trap) {}
    @inlinable @inline(__always)
    package mutating func prefetch_w(_ i: Instruction) throws(Trap) {}
    @inlinable @inline(__always)
    package mutating func c_mop(_ i: Instruction) throws(Trap) {}
    @inlinable @inline(__always)
    package mutating func mop_r(_ i: Instruction) throws(Trap) {
        setX(i.rd, constant(0))
    }
    @inlinable @inline(__always)
    package mutating func mop_rr(_ i: Instruction) throws(Trap) {
        setX(i.rd, constant(0))
    }
}

/// A set of accesses in the low four bits of a fence's immediate (successors) and in the four above
/// (predecessors).
@usableFromInline
package enum FenceBit {
    @inlinable static var write: Int64 { 1 }
    @inlinable static var read: Int64 { 2 }
    @inlinable static var output: Int64 { 4 }
    @inlinable static var input: Int64 { 8 }
}
