import Bits
import RISCV

extension Hart {
    /// One floating-point operation: the rounding mode is resolved, flags are gathered.
    @inline(never)
    static func float(
        _ state: UnsafeMutablePointer<HartState>, _ operation: FloatOperation, _ format: FloatKind,
        _ rounding: Int, _ a: UInt64, _ b: UInt64, _ c: UInt64
    ) throws(Trap) -> UInt64 {
        throw .illegal
    }
}
