import Bits
import RISCV

/// A CSR instruction in the form in which the short way wants it: taken from the decoder once, and
/// remembered with the decoded instruction. 0 is no CSR instruction.
///
/// `csr:12 | operation:2 | writes:1 | isImmediate:1`, then the places of rd and of the operand in
/// the frame, 16 bits each; for an immediate that is the operand itself.
struct QuickCSR {
    let word: UInt64

    init(word: UInt64) { self.word = word }

    init(_ instruction: Instruction) {
        guard let access = CSRInstruction(instruction) else {
            word = 0
            return
        }
        // What is written to x0 goes where nobody looks.
        let rd = UInt64(instruction.rd == 0 ? TrapFrame.discarded : instruction.rd)
        word =
            UInt64(access.number) | UInt64(access.operation.rawValue) &<< 12
            | (access.writes ? 1 &<< 14 : 0) | (access.isImmediate ? 1 &<< 15 : 0) | rd &<< 19
            | UInt64(access.source) &<< 35
    }

    @inline(__always) var csr: Int { Int(truncatingIfNeeded: word & 0xfff) }
    @inline(__always) var writes: Bool { word & 1 &<< 14 != 0 }
    @inline(__always) var operation: CSROperation {
        // SAFETY: `init` put the raw value of one there; to ask again costs six instructions of 200.
        unsafe CSROperation(rawValue: UInt8(truncatingIfNeeded: (word &>> 12) & 3))
            .unsafelyUnwrapped
    }
    /// x0 in the frame is always 0.
    @inline(__always) func operand(_ frame: TrapFrame) -> UInt64 {
        word & 1 &<< 15 != 0
            ? word &>> 35 : HostMemory.load64(frame.address &+ (word &>> 32))
    }
    @inline(__always) func setResult(_ frame: TrapFrame, _ value: UInt64) {
        HostMemory.store64(frame.address &+ (word &>> 16) & 0xffff, value)
    }
}

/// The short way for the most frequent VMExit: a CSR instruction of a trap handler, of which 200
/// instructions in all are the goal. It does what `World.resolve` would do, or nothing at all.
extension VCPU {
    package enum Quick: Sendable { case no, done, floatState }

    /// Whether the instruction looks at `mstatus.FS`, which the real unit may have made dirty.
    @inline(__always) package static func readsStatus(_ bits: UInt32) -> Bool {
        bits &>> 20 == UInt32(CSR.sstatus)
    }

    @inline(__always) package mutating func quickly(_ bits: UInt32) -> Quick {
        let quick = CachedDecoder.quick(bits, frame: frame.address)
        guard quick.word != 0 else { return .no }
        let number = quick.csr
        let operation = quick.operation
        let operand = quick.operand(frame)
        let writes = quick.writes
        // What changes the view, or may let an interrupt in, takes the long way.
        if number == CSR.sstatus && writes && changesMore(operation, operand) { return .no }
        if number == CSR.sie && writes && csr.pending != 0 { return .no }
        guard
            let (value, effects) = csr.accessQuickly(
                number, operation, operand, writes: writes, privilege: privilege)
        else { return .no }
        quick.setResult(frame, value)
        pc &+= 4
        return effects.contains(.floatState) ? .floatState : .done
    }

    @inline(__always) private func changesMore(_ operation: CSROperation, _ operand: UInt64) -> Bool
    {
        if operand & (Status.sum | Status.mxr | Status.sie) == 0 && operation != .write {
            return false
        }
        let new = operation.result(csr.mstatus, operand)
        if (new ^ csr.mstatus) & (Status.sum | Status.mxr) != 0 { return true }
        return new & Status.sie != 0 && csr.pending & csr.mie != 0
    }
}
