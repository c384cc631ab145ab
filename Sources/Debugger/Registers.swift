import Hart
import RISCV

/// A hart's registers by GDB's numbers.
struct Registers {
    let hart: Hart

    /// x0…x31 and pc, as `g` sends them.
    var general: [UInt8] {
        (0..<32).flatMap { Hex.word(hart[x: $0]) } + Hex.word(hart.pc)
    }

    func setGeneral(_ digits: ArraySlice<UInt8>) -> Bool {
        guard let bytes = Hex.bytes(digits), bytes.count >= 33 * 8 else { return false }
        func word(_ index: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes[index * 8 + $1]) << UInt64($1 * 8) }
        }
        for register in 1..<32 { hart[x: register] = word(register) }
        hart.pc = word(32)
        return true
    }

    /// nil: there is no such register.
    func read(_ number: Int) -> [UInt8]? {
        switch number {
        case 0..<32: return Hex.word(hart[x: number])
        case TargetDescription.pcNumber: return Hex.word(hart.pc)
        case TargetDescription.firstFloat..<TargetDescription.firstCSR:
            return Hex.word(hart[f: number - TargetDescription.firstFloat])
        case TargetDescription.privilegeNumber:
            // Bit 2 is V (debug specification, "Virtual Debug Registers").
            return Hex.word(UInt64(hart.privilege.rawValue) | (hart.csr.isVirtual ? 4 : 0))
        default:
            let csr = number - TargetDescription.firstCSR
            guard csr >= 0, csr < 4096, CSR.name(csr) != nil else { return nil }
            return Hex.word(hart.debugRead(csr: csr), bytes: csr <= CSR.fcsr ? 4 : 8)
        }
    }

    func write(_ number: Int, _ value: UInt64) -> Bool {
        switch number {
        case 0..<32: hart[x: number] = value
        case TargetDescription.pcNumber: hart.pc = value & ~1
        case TargetDescription.firstFloat..<TargetDescription.firstCSR:
            hart[f: number - TargetDescription.firstFloat] = value
        case TargetDescription.privilegeNumber:
            let isVirtual = value & 4 != 0
            guard value < 8, let mode = Privilege(rawValue: UInt8(value & 3)),
                !isVirtual || (mode != .machine && hart.isa.has(.h))
            else { return false }
            hart.csr.isVirtual = isVirtual
            hart.privilege = mode
        default:
            let csr = number - TargetDescription.firstCSR
            guard csr >= 0, csr < 4096, CSR.name(csr) != nil else { return false }
            hart.debugWrite(csr: csr, value)
        }
        return true
    }
}
