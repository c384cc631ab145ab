import Bits
import GuestMemory
import Hart
import RISCV

/// An interpreter with something wrong in it, for proofs that comparisons find it.
package final class PlantedFault: Engine {
    package enum Kind: Sendable {
        /// One bit of the result is wrong after this instruction, where it has one.
        case result(Opcode)
        /// One instruction does what another does.
        case decoded(Opcode, as: Opcode)
        /// This instruction raises no flags.
        case flags(Opcode)
        /// Code that others wrote is not seen.
        case staleCode
        /// A fence with operands does nothing.
        case staleTranslation
        /// One instruction too many is run, now and then.
        case budget
    }

    private let kind: Kind
    private let interpreter: Interpreter
    private var decoder: Decoder?

    package init(_ kind: Kind, _ memory: GuestMemory) {
        self.kind = kind
        interpreter = Interpreter(memory: memory)
    }

    package func run(_ hart: Hart, budget: UInt64) -> Exit {
        switch kind {
        case .staleCode: return interpreter.run(hart, budget: budget)
        case .budget:
            return interpreter.run(hart, budget: budget % 16 == 13 ? budget + 1 : budget)
        default: break
        }
        if decoder == nil { decoder = Decoder(isa: hart.isa) }
        for _ in 0..<budget {
            let exit = step(hart)
            if exit != .budget { return exit }
        }
        return .budget
    }

    private func step(_ hart: Hart) -> Exit {
        guard let bits = hart.encoding(at: hart.pc, hart.privilege),
            let i = decoder?.decode(bits)
        else { return interpreter.run(hart, budget: 1) }
        let (retired, flags) = (hart.retired, hart.csr.fflags)
        switch kind {
        case .staleTranslation where i.opcode == .sfence_vma && i.rs1 != 0:
            let keep = hart[x: i.rs1]
            // Forgets another page.
            hart[x: i.rs1] = keep ^ 0x7_0000_0000
            defer { hart[x: i.rs1] = keep }
            return interpreter.run(hart, budget: 1)
        case .decoded(let opcode, let other) where i.opcode == opcode:
            let (a, b) = (hart[x: i.rs1], hart[x: i.rs2])
            let exit = interpreter.run(hart, budget: 1)
            if hart.retired != retired, i.rd != 0 { hart[x: i.rd] = Self.result(other, a, b) }
            return exit
        case .result(let opcode) where i.opcode == opcode:
            let exit = interpreter.run(hart, budget: 1)
            let footprint = Footprint(i)
            if hart.retired != retired && footprint.writesX != 0 { hart[x: i.rd] ^= 0x10 }
            if hart.retired != retired && footprint.writesF != 0 { hart[f: i.rd] ^= 0x10 }
            return exit
        case .flags(let opcode) where i.opcode == opcode:
            let exit = interpreter.run(hart, budget: 1)
            var csr = hart.csr
            csr.fflags = flags
            hart.csr = csr
            return exit
        default: return interpreter.run(hart, budget: 1)
        }
    }

    private static func result(_ opcode: Opcode, _ a: UInt64, _ b: UInt64) -> UInt64 {
        switch opcode {
        case .or: a | b
        case .sub: a &- b
        default: a &+ b
        }
    }

    package func invalidate(_ range: GuestRange) {
        if case .staleCode = kind { return }
        interpreter.invalidate(range)
    }
    package func forget(page: GuestPhysical) { interpreter.forget(page: page) }
    package func debugChanged(_ hart: Hart) { interpreter.debugChanged(hart) }
}
