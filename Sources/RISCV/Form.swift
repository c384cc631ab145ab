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
    /// (rs1); rd, (rs1); rs2, (rs1)
    case address, addressLoad, addressStore
    /// imm(rs1), a multiple of 32
    case prefetch
    /// rd, rs1 and rd, rs1, rs2, with the number of the may-be-operation in the mnemonic
    case mayBe, mayBeTwo

    /// rd, rs1, rs2, rm; rd, rs1, rm; rd, rs1, rs2, rs3, rm
    case float, floatUnary, floatFused
    /// rd and the number of a constant
    case floatConstant
    /// rd, rs1, rm where rm cannot matter; rd, rs1, rtz (fcvtmod)
    case floatExact, floatModular

    // Compressed, by the manual's formats; rd′ is one of x8–x15.
    /// rd, imm with rs1 = rd; c.li: with rs1 = x0; c.lui: none.
    case compressedImmediate, compressedLoadImmediate, compressedUpper
    /// imm of a c.nop
    case compressedNop
    /// sp, imm (c.addi16sp) and rd′, sp, imm (c.addi4spn)
    case compressedStackAdjust, compressedStackAddress
    /// rd, shamt; rd′, shamt; rd′, imm
    case compressedShiftLeft, compressedShift, compressedAnd
    /// rd′, rs2′; rd′ alone
    case compressedArithmetic, compressedUnary
    /// rd, rs2 (c.mv and c.add)
    case compressedMove, compressedAdd
    /// rd′, imm(rs1′)
    case compressedLoadByte, compressedLoadHalf, compressedLoadWord, compressedLoadDouble
    /// rs2′, imm(rs1′)
    case compressedStoreByte, compressedStoreHalf, compressedStoreWord, compressedStoreDouble
    /// rd, imm(sp); rs2, imm(sp)
    case compressedLoadStackWord, compressedLoadStackDouble
    case compressedStoreStackWord, compressedStoreStackDouble
    /// target; rs1′, target; rs1 (c.jr and c.jalr)
    case compressedJump, compressedBranch, compressedJumpRegister
    /// The number of a c.mop.
    case compressedMayBe

    /// Tells a coder where the operands are.
    func visit<Coder: OperandCoder>(_ c: inout Coder, _ opcode: Opcode) {
        switch self {
        case .none:
            break
        case .register:
            c.destinationAndSources()
        case .unary, .addressLoad, .floatModular:
            c.destinationAndSource()
        case .immediate, .load, .jumpRegister:
            c.destinationAndSource()
            c.immediate(11, 0, at: 20)
            c.signed(width: 12)
        case .shift, .shiftWord:
            c.destinationAndSource()
            c.immediate(self == .shift ? 5 : 4, 0, at: 20)
        case .store:
            c.sources()
            c.immediate(11, 5, at: 25)
            c.immediate(4, 0, at: 7)
            c.signed(width: 12)
        case .branch:
            c.sources()
            c.immediate(12, 12, at: 31)
            c.immediate(10, 5, at: 25)
            c.immediate(4, 1, at: 8)
            c.immediate(11, 11, at: 7)
            c.signed(width: 13)
        case .upper:
            c.rd(at: 7)
            c.immediate(19, 0, at: 12)
            c.signed(width: 20)
        case .jump:
            c.rd(at: 7)
            c.immediate(20, 20, at: 31)
            c.immediate(10, 1, at: 21)
            c.immediate(11, 11, at: 20)
            c.immediate(19, 12, at: 12)
            c.signed(width: 21)
        case .csr, .csrImmediate, .fence:
            c.destinationAndSource()
            c.immediate(11, 0, at: 20)
        case .atomic:
            c.destinationAndSources()
            c.immediate(1, 0, at: 25)
        case .loadReserved:
            c.destinationAndSource()
            c.immediate(1, 0, at: 25)
        case .addressPair, .addressStore:
            c.sources()
        case .address:
            c.rs1(at: 15)
        case .prefetch:
            c.rs1(at: 15)
            c.immediate(11, 5, at: 25)
            c.signed(width: 12)
        default:
            visitRarer(&c, opcode)
        }
    }

    private func visitRarer<Coder: OperandCoder>(_ c: inout Coder, _ opcode: Opcode) {
        switch self {
        case .mayBe:
            c.destinationAndSource()
            c.immediate(4, 4, at: 30)
            c.immediate(3, 2, at: 26)
            c.immediate(1, 0, at: 20)
        case .mayBeTwo:
            c.destinationAndSources()
            c.immediate(2, 2, at: 30)
            c.immediate(1, 0, at: 26)
        case .float, .floatUnary, .floatExact:
            c.destinationAndSource()
            if self == .float { c.rs2(at: 20) }
            c.immediate(2, 0, at: 12)
        case .floatFused:
            c.destinationAndSources()
            c.immediate(4, 0, at: 27)
            c.immediate(7, 5, at: 12)
        case .floatConstant:
            c.rd(at: 7)
            c.immediate(4, 0, at: 15)
        default:
            visitCompressed(&c, opcode)
        }
    }
}

extension OperandCoder {
    /// The register fields of formats R, I, and S or B.
    mutating func destinationAndSources() {
        rd(at: 7)
        sources()
    }
    mutating func destinationAndSource() {
        rd(at: 7)
        rs1(at: 15)
    }
    mutating func sources() {
        rs1(at: 15)
        rs2(at: 20)
    }
}
