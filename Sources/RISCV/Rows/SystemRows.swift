/// Privileged instructions, Svinval, Zawrs, Zimop, and those of the hypervisor extension.
let systemRows: [Row] = [
    .fixed(.ecall, "ecall", 0x0000_0073, .i),
    .fixed(.ebreak, "ebreak", 0x0010_0073, .i),
    .i(.csrrw, "csrrw", 0b001, 0b1110011, .csr, .zicsr),
    .i(.csrrs, "csrrs", 0b010, 0b1110011, .csr, .zicsr),
    .i(.csrrc, "csrrc", 0b011, 0b1110011, .csr, .zicsr),
    .i(.csrrwi, "csrrwi", 0b101, 0b1110011, .csrImmediate, .zicsr),
    .i(.csrrsi, "csrrsi", 0b110, 0b1110011, .csrImmediate, .zicsr),
    .i(.csrrci, "csrrci", 0b111, 0b1110011, .csrImmediate, .zicsr),
    .fixed(.sret, "sret", 0x1020_0073, .i),
    .fixed(.mret, "mret", 0x3020_0073, .i),
    .fixed(.wfi, "wfi", 0x1050_0073, .i),
    .fixed(.wrs_nto, "wrs.nto", 0x00d0_0073, .zawrs),
    .fixed(.wrs_sto, "wrs.sto", 0x01d0_0073, .zawrs),
    .fence(.sfence_vma, "sfence.vma", 0b0001001, .i),
    .fence(.sinval_vma, "sinval.vma", 0b0001011, .svinval),
    .fixed(.sfence_w_inval, "sfence.w.inval", 0x1800_0073, .svinval),
    .fixed(.sfence_inval_ir, "sfence.inval.ir", 0x1810_0073, .svinval),
    .fence(.hfence_vvma, "hfence.vvma", 0b0010001, .h),
    .fence(.hfence_gvma, "hfence.gvma", 0b0110001, .h),
    .fence(.hinval_vvma, "hinval.vvma", 0b0010011, .svinval, also: .h),
    .fence(.hinval_gvma, "hinval.gvma", 0b0110011, .svinval, also: .h),
    .hypervisorLoad(.hlv_b, "hlv.b", 0b0110000, 0b00000),
    .hypervisorLoad(.hlv_bu, "hlv.bu", 0b0110000, 0b00001),
    .hypervisorLoad(.hlv_h, "hlv.h", 0b0110010, 0b00000),
    .hypervisorLoad(.hlv_hu, "hlv.hu", 0b0110010, 0b00001),
    .hypervisorLoad(.hlvx_hu, "hlvx.hu", 0b0110010, 0b00011),
    .hypervisorLoad(.hlv_w, "hlv.w", 0b0110100, 0b00000),
    .hypervisorLoad(.hlvx_wu, "hlvx.wu", 0b0110100, 0b00011),
    .hypervisorLoad(.hlv_wu, "hlv.wu", 0b0110100, 0b00001),
    .hypervisorLoad(.hlv_d, "hlv.d", 0b0110110, 0b00000),
    .hypervisorStore(.hsv_b, "hsv.b", 0b0110001),
    .hypervisorStore(.hsv_h, "hsv.h", 0b0110011),
    .hypervisorStore(.hsv_w, "hsv.w", 0b0110101),
    .hypervisorStore(.hsv_d, "hsv.d", 0b0110111),
    .r2(.xhole_get, "xhole.get", 0, 0, 0b000, 0b0001011, .xhole),
    .r2(.xhole_put, "xhole.put", 0, 0, 0b001, 0b0001011, .xhole),
    // May-be-operations: the number is part of the mnemonic.
    Row(
        .mop_r, "mop.r.", match: 0x81c0_4073, mask: 0xb3c0_707f, .mayBe, .zimop),
    Row(
        .mop_rr, "mop.rr.", match: 0x8200_4073, mask: 0xb200_707f, .mayBeTwo, .zimop),
]

extension Row {
    fileprivate static func fence(
        _ opcode: Opcode, _ name: StaticString, _ funct7: UInt32, _ needs: ISAExtension,
        also: ISAExtension = .i
    ) -> Row {
        Row(
            opcode, name, match: funct7 << 25 | 0b1110011, mask: 0xfe00_7fff, .addressPair, needs,
            also: also)
    }
    fileprivate static func hypervisorLoad(
        _ opcode: Opcode, _ name: StaticString, _ funct7: UInt32, _ rs2: UInt32
    ) -> Row {
        Row(
            opcode, name, match: funct7 << 25 | rs2 << 20 | 0b100 << 12 | 0b1110011,
            mask: 0xfff0_707f, .addressLoad, .h)
    }
    fileprivate static func hypervisorStore(
        _ opcode: Opcode, _ name: StaticString, _ funct7: UInt32
    ) -> Row {
        Row(
            opcode, name, match: funct7 << 25 | 0b100 << 12 | 0b1110011, mask: 0xfe00_7fff,
            .addressStore, .h)
    }
}
