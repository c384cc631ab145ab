import CSkiff

private let least: UInt64 = 1 << 63
private let ones = UInt64.max
private let least32: UInt64 = 0xffff_ffff_8000_0000

extension Selftest {
    /// RV64I register and immediate forms (unprivileged specification, chapters 2 and 4).
    func integers() {
        table("add", op_add, [(1, 2, 3), (ones, 1, 0), (least, least, 0)])
        table("sub", op_sub, [(1, 2, ones), (0, least, least), (5, 5, 0)])
        table("sll", op_sll, [(1, 63, least), (1, 64, 1), (3, 127, least)])
        table("srl", op_srl, [(least, 63, 1), (ones, 64, ones), (ones, 4, ones >> 4)])
        table("sra", op_sra, [(least, 63, ones), (least >> 1, 62, 1), (least, 64, least)])
        table("slt", op_slt, [(ones, 0, 1), (0, ones, 0), (least, least - 1, 1), (1, 1, 0)])
        table("sltu", op_sltu, [(ones, 0, 0), (0, ones, 1), (least, least - 1, 0)])
        table("xor", op_xor, [(0xff00, 0x0ff0, 0xf0f0), (ones, ones, 0)])
        table("or", op_or, [(0xff00, 0x0ff0, 0xfff0)])
        table("and", op_and, [(0xff00, 0x0ff0, 0x0f00)])
        table("addw", op_addw, [(0x7fff_ffff, 1, least32), (0xffff_ffff, 1, 0), (1 << 32, 5, 5)])
        table("subw", op_subw, [(0, 1, ones), (least32, 1, 0x7fff_ffff)])
        table("sllw", op_sllw, [(1, 31, least32), (1, 32, 1), (0x1_0000_0001, 4, 16)])
        table("srlw", op_srlw, [(ones, 0, ones), (ones, 1, 0x7fff_ffff), (1 << 32, 0, 0)])
        table("sraw", op_sraw, [(0x8000_0000, 31, ones), (0xf_7fff_ffff, 30, 1)])
        table("addi", op_addi_least, [(0, 0, 0xffff_ffff_ffff_f800), (2048, 0, 0)])
        table("slti", op_slti_minus_1, [(least, 0, 1), (ones, 0, 0)])
        table("sltiu", op_sltiu_minus_1, [(0, 0, 1), (ones - 1, 0, 1), (ones, 0, 0)])
        table("xori", op_xori_minus_1, [(0, 0, ones), (ones, 0, 0)])
        table("slli", op_slli_63, [(3, 0, least)])
        table("srli", op_srli_63, [(ones, 0, 1)])
        table("srai", op_srai_63, [(least, 0, ones)])
        table("addiw", op_addiw_1, [(0x7fff_ffff, 0, least32), (ones, 0, 0)])
        table("slliw", op_slliw_31, [(1, 0, least32), (2, 0, 0)])
        table("srliw", op_srliw_1, [(ones, 0, 0x7fff_ffff)])
        table("sraiw", op_sraiw_1, [(0x8000_0000, 0, 0xffff_ffff_c000_0000)])
        table("lui", op_lui_top, [(0, 0, least32)])
        table("auipc", op_auipc, [(0, 0, 0xffff_ffff_ffff_f000)])
        table("jalr", op_jalr, [(0, 0, 1)])
    }

    /// Division by zero and overflow have results, not traps (chapter 12).
    func multiplications() {
        table("mul", op_mul, [(ones, ones, 1), (least, 2, 0), (1 << 32, 1 << 31, least)])
        table("mulh", op_mulh, [(ones, ones, 0), (least, least, least >> 1), (least, ones, 0)])
        table("mulhsu", op_mulhsu, [(ones, ones, ones), (least, 2, ones), (1, ones, 0)])
        table("mulhu", op_mulhu, [(ones, ones, ones - 1), (least, 2, 1)])
        table("mulw", op_mulw, [(0x8000_0000, 2, 0), (0x10001, 0x8000, 0xffff_ffff_8000_8000)])
        table(
            "div", op_div,
            [
                (7, 0 &- 2, 0 &- 3), (0 &- 7, 2, 0 &- 3), (5, 0, ones), (least, ones, least),
            ])
        table("divu", op_divu, [(ones, 2, least - 1), (5, 0, ones), (least, ones, 0)])
        table("rem", op_rem, [(7, 0 &- 2, 1), (0 &- 7, 2, ones), (5, 0, 5), (least, ones, 0)])
        table("remu", op_remu, [(ones, 10, 5), (5, 0, 5), (least, ones, least)])
        table(
            "divw", op_divw,
            [
                (least32, ones, least32), (5, 1 << 32, ones), (0xf_0000_0007, 0 &- 2, 0 &- 3),
            ])
        table("divuw", op_divuw, [(ones, 1, ones), (ones, 2, 0x7fff_ffff), (5, 1 << 32, ones)])
        table("remw", op_remw, [(least32, ones, 0), (0x8000_0000, 0, least32), (7, 0 &- 2, 1)])
        table("remuw", op_remuw, [(0x8000_0000, 0, least32), (ones, 16, 15)])
    }

    func branches() {
        table("beq", op_beq, [(1, 1, 1), (1, 2, 0)])
        table("bne", op_bne, [(1, 1, 0), (1, 2, 1)])
        table("blt", op_blt, [(ones, 0, 1), (0, ones, 0), (3, 3, 0)])
        table("bge", op_bge, [(ones, 0, 0), (0, ones, 1), (3, 3, 1)])
        table("bltu", op_bltu, [(ones, 0, 0), (0, ones, 1), (3, 3, 0)])
        table("bgeu", op_bgeu, [(ones, 0, 1), (0, ones, 0), (3, 3, 1)])
    }
}
