/// C with its double-precision accesses, Zcb and Zcmop. Each row names the base instruction. Hints
/// need no rows: they are base instructions that change nothing.
let compressedRows: [Row] = [
    // Quadrant 0. The all-zero parcel is among the reserved encodings of c.addi4spn.
    .reserved(0b000, 0, mask: 0x1fe0),
    .c(.addi, "c.addi4spn", 0b000, 0, .compressedStackAddress),
    .c(.fld, "c.fld", 0b001, 0, .compressedLoadDouble, also: .d),
    .c(.lw, "c.lw", 0b010, 0, .compressedLoadWord),
    .c(.ld, "c.ld", 0b011, 0, .compressedLoadDouble),
    .c(.lbu, "c.lbu", 0b100, 0, match: 0x0000, mask: 0x1c00, .compressedLoadByte, .zcb),
    .c(.lhu, "c.lhu", 0b100, 0, match: 0x0400, mask: 0x1c40, .compressedLoadHalf, .zcb),
    .c(.lh, "c.lh", 0b100, 0, match: 0x0440, mask: 0x1c40, .compressedLoadHalf, .zcb),
    .c(.sb, "c.sb", 0b100, 0, match: 0x0800, mask: 0x1c00, .compressedStoreByte, .zcb),
    .c(.sh, "c.sh", 0b100, 0, match: 0x0c00, mask: 0x1c40, .compressedStoreHalf, .zcb),
    .c(.fsd, "c.fsd", 0b101, 0, .compressedStoreDouble, also: .d),
    .c(.sw, "c.sw", 0b110, 0, .compressedStoreWord),
    .c(.sd, "c.sd", 0b111, 0, .compressedStoreDouble),

    // Quadrant 1.
    .c(.addi, "c.nop", 0b000, 1, mask: 0x1ffc, .compressedImmediate),
    .c(.addi, "c.addi", 0b000, 1, .compressedImmediate),
    .reserved(0b001, 1, mask: 0x0f80),
    .c(.addiw, "c.addiw", 0b001, 1, .compressedImmediate),
    .c(.addi, "c.li", 0b010, 1, .compressedLoadImmediate),
    // c.mop.n, n odd and below 16, lies in what c.lui reserves.
    .c(.c_mop, "c.mop.", 0b011, 1, match: 0x0080, mask: 0x18fc, .compressedMayBe, .zcmop),
    .reserved(0b011, 1, mask: 0x107c),
    .c(.addi, "c.addi16sp", 0b011, 1, match: 0x0100, mask: 0x0f80, .compressedStackAdjust),
    .c(.lui, "c.lui", 0b011, 1, .compressedUpper),
    .c(.srli, "c.srli", 0b100, 1, match: 0x0000, mask: 0x0c00, .compressedShift),
    .c(.srai, "c.srai", 0b100, 1, match: 0x0400, mask: 0x0c00, .compressedShift),
    .c(.andi, "c.andi", 0b100, 1, match: 0x0800, mask: 0x0c00, .compressedAnd),
    .c(.sub, "c.sub", 0b100, 1, match: 0x0c00, mask: 0x1c60, .compressedArithmetic),
    .c(.xor, "c.xor", 0b100, 1, match: 0x0c20, mask: 0x1c60, .compressedArithmetic),
    .c(.or, "c.or", 0b100, 1, match: 0x0c40, mask: 0x1c60, .compressedArithmetic),
    .c(.and, "c.and", 0b100, 1, match: 0x0c60, mask: 0x1c60, .compressedArithmetic),
    .c(.subw, "c.subw", 0b100, 1, match: 0x1c00, mask: 0x1c60, .compressedArithmetic),
    .c(.addw, "c.addw", 0b100, 1, match: 0x1c20, mask: 0x1c60, .compressedArithmetic),
    .c(.mul, "c.mul", 0b100, 1, match: 0x1c40, mask: 0x1c60, .compressedArithmetic, .zcb, also: .m),
    .c(.andi, "c.zext.b", 0b100, 1, match: 0x1c60, mask: 0x1c7c, .compressedUnary, .zcb),
    .c(
        .sext_b, "c.sext.b", 0b100, 1, match: 0x1c64, mask: 0x1c7c, .compressedUnary, .zcb,
        also: .zbb),
    .c(
        .zext_h, "c.zext.h", 0b100, 1, match: 0x1c68, mask: 0x1c7c, .compressedUnary, .zcb,
        also: .zbb),
    .c(
        .sext_h, "c.sext.h", 0b100, 1, match: 0x1c6c, mask: 0x1c7c, .compressedUnary, .zcb,
        also: .zbb),
    .c(
        .add_uw, "c.zext.w", 0b100, 1, match: 0x1c70, mask: 0x1c7c, .compressedUnary, .zcb,
        also: .zba),
    .c(.xori, "c.not", 0b100, 1, match: 0x1c74, mask: 0x1c7c, .compressedUnary, .zcb),
    .c(.jal, "c.j", 0b101, 1, .compressedJump),
    .c(.beq, "c.beqz", 0b110, 1, .compressedBranch),
    .c(.bne, "c.bnez", 0b111, 1, .compressedBranch),

    // Quadrant 2.
    .c(.slli, "c.slli", 0b000, 2, .compressedShiftLeft),
    .c(.fld, "c.fldsp", 0b001, 2, .compressedLoadStackDouble, also: .d),
    .reserved(0b010, 2, mask: 0x0f80),
    .c(.lw, "c.lwsp", 0b010, 2, .compressedLoadStackWord),
    .reserved(0b011, 2, mask: 0x0f80),
    .c(.ld, "c.ldsp", 0b011, 2, .compressedLoadStackDouble),
    .reserved(0b100, 2, mask: 0x1ffc),
    .c(.jalr, "c.jr", 0b100, 2, match: 0x0000, mask: 0x107c, .compressedJumpRegister),
    .c(.add, "c.mv", 0b100, 2, match: 0x0000, mask: 0x1000, .compressedMove),
    .c(.ebreak, "c.ebreak", 0b100, 2, match: 0x1000, mask: 0x1ffc, .none),
    .c(.jalr, "c.jalr", 0b100, 2, match: 0x1000, mask: 0x107c, .compressedJumpRegister),
    .c(.add, "c.add", 0b100, 2, match: 0x1000, mask: 0x1000, .compressedAdd),
    .c(.fsd, "c.fsdsp", 0b101, 2, .compressedStoreStackDouble, also: .d),
    .c(.sw, "c.swsp", 0b110, 2, .compressedStoreStackWord),
    .c(.sd, "c.sdsp", 0b111, 2, .compressedStoreStackDouble),
]
