import Bits

/// One decoded instruction, packed into eight bytes so that a page of pre-decoded slots stays small.
///
/// `opcode:15 | isCompressed:1 | rd:8 | rs1:8 | rs2:8 | immediate:24 (signed)`. What a form puts into
/// `immediate` beside a real immediate: shift amounts, the CSR number, `rs3 | rm << 5` of a fused
/// multiply-add, `rm` of the other floating-point forms, `aq << 1 | rl` of atomics.
@frozen @usableFromInline
package struct Instruction: Hashable, Sendable {
    @usableFromInline package var word: UInt64

    @inlinable package init(word: UInt64) { self.word = word }

    @inlinable package init(
        _ opcode: Opcode, rd: Int = 0, rs1: Int = 0, rs2: Int = 0, immediate: Int = 0,
        isCompressed: Bool = false
    ) {
        var word = UInt64(opcode.rawValue) | (isCompressed ? 1 &<< 15 : 0)
        word |= UInt64(truncatingIfNeeded: rd & 0xff) &<< 16
        word |= UInt64(truncatingIfNeeded: rs1 & 0xff) &<< 24
        word |= UInt64(truncatingIfNeeded: rs2 & 0xff) &<< 32
        self.word = word | UInt64(truncatingIfNeeded: immediate) &<< 40
    }

    @inlinable package var opcode: Opcode {
        // SAFETY: `word` is only ever built from an `Opcode`, whose raw values are dense from 0.
        unsafe unsafeBitCast(UInt16(truncatingIfNeeded: word) & 0x7fff, to: Opcode.self)
    }
    @inlinable package var isCompressed: Bool { word & 0x8000 != 0 }
    /// Length in bytes.
    @inlinable package var length: UInt64 { isCompressed ? 2 : 4 }
    @inlinable package var rd: Int { Int(truncatingIfNeeded: word &>> 16) & 0xff }
    @inlinable package var rs1: Int { Int(truncatingIfNeeded: word &>> 24) & 0xff }
    @inlinable package var rs2: Int { Int(truncatingIfNeeded: word &>> 32) & 0xff }
    @inlinable package var immediate: Int64 { Int64(bitPattern: word) &>> 40 }
    @inlinable package var rs3: Int { Int(truncatingIfNeeded: word &>> 40) & 0x1f }
    /// Rounding mode of a fused multiply-add (`immediate` also holds `rs3`).
    @inlinable package var fusedRounding: Int { Int(truncatingIfNeeded: word &>> 45) & 7 }
    /// Rounding mode of the other floating-point forms.
    @inlinable package var rounding: Int { Int(truncatingIfNeeded: word &>> 40) & 7 }
    @inlinable package var csr: Int { Int(truncatingIfNeeded: word &>> 40) & 0xfff }
}
