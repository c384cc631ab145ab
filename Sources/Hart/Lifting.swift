import Bits
import RISCV

/// What a translator asks of a hart before it lifts code.
extension Hart {
    package func decode(_ bits: UInt32) -> Instruction? { decoder.decode(bits) }

    /// Whether a debugger's stop lies at this offset of any page.
    package func hasBreakpoint(inPageAt pc: UInt64) -> Bool {
        !debug.breakpoints.isEmpty && isBreakpointOffset(Int(truncatingIfNeeded: pc & 0xfff))
    }

    /// Host code that `noteJump` has noted for `pc`, in the tables of generated code.
    @inlinable @inline(__always)
    package func jump(to pc: UInt64) -> UInt64? {
        guard
            let jumps = UnsafePointer<TableEntry>(
                bitPattern: UInt(state.pointee.tables) &+ UInt(TableLayout.jumps)),
            state.pointee.tables != 0
        else { return nil }
        let entry = jumps + TableLayout.jumpIndex(pc)
        return entry.pointee.tag == pc ? entry.pointee.value : nil
    }
}
