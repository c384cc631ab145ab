import Bits

/// Where a row's operands lie in its bits, and how they are written in assembly.
package enum Form: UInt8, Sendable, CaseIterable {
    /// No operands.
    case none
    /// rd, rs1, rs2
    case register
    /// rd, rs1
    case unary
    /// rd, rs1, imm
    case immediate
    /// rd, rs1, shamt (six or five bits)
    case shift, shiftWord
    /// rd, imm(rs1)
    case load, jumpRegister
    /// rs2, imm(rs1)
    case store
    /// rs1, rs2, target
    case branch
    /// rd, imm
    case upper
    /// rd, target
    case jump
    /// rd, csr, rs1 and rd, csr, uimm
    case csr, csrImmediate
    /// pred, succ
    case fence
    /// rd, rs2, (rs1); rd, (rs1)
    case atomic, loadReserved
    /// rs1, rs2
    case addressPair

    /// The operands of `bits` in the layout of `Instruction`.
    package func decode(_ bits: UInt32, _ opcode: Opcode) -> Instruction {
        let rd = Int(bits.bits(11, 7))
        let rs1 = Int(bits.bits(19, 15))
        let rs2 = Int(bits.bits(24, 20))
        switch self {
        case .none:
            return Instruction(opcode)
        case .register, .unary, .addressPair:
            return Instruction(opcode, rd: rd, rs1: rs1, rs2: rs2)
        case .immediate, .load, .jumpRegister:
            return Instruction(opcode, rd: rd, rs1: rs1, immediate: Int(Self.signedTop(bits, 20)))
        case .shift:
            return Instruction(opcode, rd: rd, rs1: rs1, immediate: Int(bits.bits(25, 20)))
        case .shiftWord:
            return Instruction(opcode, rd: rd, rs1: rs1, immediate: Int(bits.bits(24, 20)))
        case .store:
            let immediate = Int(Self.signedTop(bits, 25)) << 5 | rd
            return Instruction(opcode, rs1: rs1, rs2: rs2, immediate: immediate)
        case .branch:
            return Instruction(
                opcode, rs1: rs1, rs2: rs2, immediate: Self.branchOffset(bits))
        case .upper:
            return Instruction(opcode, rd: rd, immediate: Int(Self.signedTop(bits, 12)))
        case .jump:
            return Instruction(opcode, rd: rd, immediate: Self.jumpOffset(bits))
        case .csr, .csrImmediate, .fence:
            return Instruction(opcode, rd: rd, rs1: rs1, immediate: Int(bits.bits(31, 20)))
        case .atomic, .loadReserved:
            return Instruction(
                opcode, rd: rd, rs1: rs1, rs2: rs2, immediate: Int(bits.bits(26, 25)))
        }
    }

    /// The bits from `low` up to 31, sign-extended.
    static func signedTop(_ bits: UInt32, _ low: UInt32) -> Int32 {
        Int32(bitPattern: bits) >> Int32(low)
    }
    static func branchOffset(_ bits: UInt32) -> Int {
        let low = bits.bits(11, 8) << 1 | bits.bits(30, 25) << 5 | bits.bits(7, 7) << 11
        return Int(Self.signedTop(bits, 31)) << 12 | Int(low)
    }
    static func jumpOffset(_ bits: UInt32) -> Int {
        let low = bits.bits(30, 21) << 1 | bits.bits(20, 20) << 11 | bits.bits(19, 12) << 12
        return Int(Self.signedTop(bits, 31)) << 20 | Int(low)
    }
}
