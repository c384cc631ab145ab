/// A CSR instruction (unprivileged specification, Zicsr): which register, what happens to it, and
/// with what.
@frozen @usableFromInline
package struct CSRInstruction: Sendable {
    @usableFromInline package let number: Int
    @usableFromInline package let operation: CSROperation
    /// The operand is `source` itself, not the register of that number.
    @usableFromInline package let isImmediate: Bool
    @usableFromInline package let source: Int

    /// Set and clear with x0, or with 0 as immediate, do not write at all.
    @inlinable package var writes: Bool { operation == .write || source != 0 }

    /// Nil for any other instruction.
    @inlinable package init?(_ instruction: Instruction) {
        switch instruction.opcode {
        case .csrrw, .csrrwi: operation = .write
        case .csrrs, .csrrsi: operation = .set
        case .csrrc, .csrrci: operation = .clear
        default: return nil
        }
        number = instruction.csr
        source = instruction.rs1
        switch instruction.opcode {
        case .csrrwi, .csrrsi, .csrrci: isImmediate = true
        default: isImmediate = false
        }
    }
}
