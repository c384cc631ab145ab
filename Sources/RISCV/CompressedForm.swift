/// The operand maps of compressed rows onto their base instructions (unprivileged specification,
/// "C" and "Zc*" chapters).
extension Form {
    func visitCompressed<Coder: OperandCoder>(_ c: inout Coder, _ opcode: Opcode) {
        switch self {
        case .compressedImmediate, .compressedLoadImmediate, .compressedUpper:
            c.rd(at: 7)
            if self == .compressedImmediate { c.rs1(at: 7) }
            c.immediateCI()
        case .compressedNop:
            c.immediateCI()
        case .compressedStackAdjust:
            c.rd(is: 2)
            c.rs1(is: 2)
            c.immediate(9, 9, at: 12)
            c.immediate(4, 4, at: 6)
            c.immediate(6, 6, at: 5)
            c.immediate(8, 7, at: 3)
            c.immediate(5, 5, at: 2)
            c.signed(width: 10)
        case .compressedStackAddress:
            c.rdShort(at: 2)
            c.rs1(is: 2)
            c.immediate(5, 4, at: 11)
            c.immediate(9, 6, at: 7)
            c.immediate(2, 2, at: 6)
            c.immediate(3, 3, at: 5)
        case .compressedShiftLeft:
            c.rd(at: 7)
            c.rs1(at: 7)
            c.immediate(5, 5, at: 12)
            c.immediate(4, 0, at: 2)
        case .compressedShift, .compressedAnd:
            c.rdShort(at: 7)
            c.rs1Short(at: 7)
            c.immediate(5, 5, at: 12)
            c.immediate(4, 0, at: 2)
            if self == .compressedAnd { c.signed(width: 6) }
        case .compressedArithmetic:
            c.rdShort(at: 7)
            c.rs1Short(at: 7)
            c.rs2Short(at: 2)
        case .compressedUnary:
            c.rdShort(at: 7)
            c.rs1Short(at: 7)
            // c.zext.b is `andi 255`, c.not is `xori -1`.
            c.immediate(is: opcode == .andi ? 255 : opcode == .xori ? -1 : 0)
        case .compressedMove, .compressedAdd:
            c.rd(at: 7)
            if self == .compressedAdd { c.rs1(at: 7) }
            c.rs2(at: 2)
        case .compressedMayBe:
            c.rd(at: 7)
        case .compressedJump, .compressedBranch, .compressedJumpRegister:
            visitCompressedControl(&c)
        default:
            visitCompressedMemory(&c)
        }
    }

    private func visitCompressedControl<Coder: OperandCoder>(_ c: inout Coder) {
        switch self {
        case .compressedJump:
            c.immediate(11, 11, at: 12)
            c.immediate(4, 4, at: 11)
            c.immediate(9, 8, at: 9)
            c.immediate(10, 10, at: 8)
            c.immediate(6, 6, at: 7)
            c.immediate(7, 7, at: 6)
            c.immediate(3, 1, at: 3)
            c.immediate(5, 5, at: 2)
            c.signed(width: 12)
        case .compressedBranch:
            c.rs1Short(at: 7)
            c.immediate(8, 8, at: 12)
            c.immediate(4, 3, at: 10)
            c.immediate(7, 6, at: 5)
            c.immediate(2, 1, at: 3)
            c.immediate(5, 5, at: 2)
            c.signed(width: 9)
        case .compressedJumpRegister:
            c.rs1(at: 7)
            c.rdLink(at: 12)
        default:
            break
        }
    }

    private func visitCompressedMemory<Coder: OperandCoder>(_ c: inout Coder) {
        switch self {
        case .compressedLoadByte, .compressedStoreByte:
            c.immediate(1, 1, at: 5)
            c.immediate(0, 0, at: 6)
        case .compressedLoadHalf, .compressedStoreHalf:
            c.immediate(1, 1, at: 5)
        case .compressedLoadWord, .compressedStoreWord:
            c.immediate(5, 3, at: 10)
            c.immediate(2, 2, at: 6)
            c.immediate(6, 6, at: 5)
        case .compressedLoadDouble, .compressedStoreDouble:
            c.immediate(5, 3, at: 10)
            c.immediate(7, 6, at: 5)
        case .compressedLoadStackWord:
            c.immediate(5, 5, at: 12)
            c.immediate(4, 2, at: 4)
            c.immediate(7, 6, at: 2)
        case .compressedLoadStackDouble:
            c.immediate(5, 5, at: 12)
            c.immediate(4, 3, at: 5)
            c.immediate(8, 6, at: 2)
        case .compressedStoreStackWord:
            c.immediate(5, 2, at: 9)
            c.immediate(7, 6, at: 7)
        case .compressedStoreStackDouble:
            c.immediate(5, 3, at: 10)
            c.immediate(8, 6, at: 7)
        default:
            break
        }
        switch self {
        case .compressedLoadByte, .compressedLoadHalf, .compressedLoadWord,
            .compressedLoadDouble:
            c.rdShort(at: 2)
            c.rs1Short(at: 7)
        case .compressedStoreByte, .compressedStoreHalf, .compressedStoreWord,
            .compressedStoreDouble:
            c.rs2Short(at: 2)
            c.rs1Short(at: 7)
        case .compressedLoadStackWord, .compressedLoadStackDouble:
            c.rd(at: 7)
            c.rs1(is: 2)
        case .compressedStoreStackWord, .compressedStoreStackDouble:
            c.rs2(at: 2)
            c.rs1(is: 2)
        default:
            break
        }
    }
}

extension OperandCoder {
    /// The six-bit signed immediate of format CI.
    mutating func immediateCI() {
        immediate(5, 5, at: 12)
        immediate(4, 0, at: 2)
        signed(width: 6)
    }
}
