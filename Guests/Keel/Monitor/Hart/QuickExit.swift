import Bits
import RISCV

/// The short way for the most frequent VMExit: a CSR instruction of a trap handler, of which 200
/// instructions in all are the goal. It does what `World.resolve` would do, or nothing at all.
extension VCPU {
    package enum Quick: Sendable { case no, done, floatState }

    /// Whether the instruction looks at `mstatus.FS`, which the real unit may have made dirty.
    @inline(__always) package static func readsStatus(_ bits: UInt32) -> Bool {
        bits &>> 20 == UInt32(CSR.sstatus)
    }

    package mutating func quickly(_ bits: UInt32) -> Quick {
        guard let instruction = decoder.known(bits) else { return .no }
        let operation: CSROperation
        var writes = true
        let operand: UInt64
        switch instruction.opcode {
        case .csrrw: (operation, operand) = (.write, self[x: instruction.rs1])
        case .csrrs:
            (operation, operand) = (.set, self[x: instruction.rs1])
            writes = instruction.rs1 != 0
        case .csrrc:
            (operation, operand) = (.clear, self[x: instruction.rs1])
            writes = instruction.rs1 != 0
        case .csrrwi: (operation, operand) = (.write, UInt64(instruction.rs1))
        case .csrrsi:
            (operation, operand) = (.set, UInt64(instruction.rs1))
            writes = instruction.rs1 != 0
        case .csrrci:
            (operation, operand) = (.clear, UInt64(instruction.rs1))
            writes = instruction.rs1 != 0
        default: return .no
        }
        let number = instruction.csr
        // What changes the view, or may let an interrupt in, takes the long way.
        if number == CSR.sstatus && writes && changesMore(operation, operand) { return .no }
        guard
            let (value, effects) = csr.accessQuickly(
                number, operation, operand, writes: writes, privilege: privilege)
        else { return .no }
        self[x: instruction.rd] = value
        pc &+= 4
        return effects.contains(.floatState) ? .floatState : .done
    }

    @inline(__always) private func changesMore(_ operation: CSROperation, _ operand: UInt64) -> Bool
    {
        let new = operation.result(csr.mstatus, operand)
        if (new ^ csr.mstatus) & (Status.sum | Status.mxr) != 0 { return true }
        return new & Status.sie != 0 && csr.pending & csr.mie != 0
    }
}
