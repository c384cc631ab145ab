/// A and Zacas.
let atomicRows: [Row] = [
    Row(
        .lr_w, "lr.w", match: 0b00010 << 27 | 0b010 << 12 | 0b0101111, mask: 0xf9f0_707f,
        .loadReserved, .a),
    .atomic(.sc_w, "sc.w", 0b00011, 0b010),
    .atomic(.amoswap_w, "amoswap.w", 0b00001, 0b010),
    .atomic(.amoadd_w, "amoadd.w", 0b00000, 0b010),
    .atomic(.amoxor_w, "amoxor.w", 0b00100, 0b010),
    .atomic(.amoand_w, "amoand.w", 0b01100, 0b010),
    .atomic(.amoor_w, "amoor.w", 0b01000, 0b010),
    .atomic(.amomin_w, "amomin.w", 0b10000, 0b010),
    .atomic(.amomax_w, "amomax.w", 0b10100, 0b010),
    .atomic(.amominu_w, "amominu.w", 0b11000, 0b010),
    .atomic(.amomaxu_w, "amomaxu.w", 0b11100, 0b010),
    Row(
        .lr_d, "lr.d", match: 0b00010 << 27 | 0b011 << 12 | 0b0101111, mask: 0xf9f0_707f,
        .loadReserved, .a),
    .atomic(.sc_d, "sc.d", 0b00011, 0b011),
    .atomic(.amoswap_d, "amoswap.d", 0b00001, 0b011),
    .atomic(.amoadd_d, "amoadd.d", 0b00000, 0b011),
    .atomic(.amoxor_d, "amoxor.d", 0b00100, 0b011),
    .atomic(.amoand_d, "amoand.d", 0b01100, 0b011),
    .atomic(.amoor_d, "amoor.d", 0b01000, 0b011),
    .atomic(.amomin_d, "amomin.d", 0b10000, 0b011),
    .atomic(.amomax_d, "amomax.d", 0b10100, 0b011),
    .atomic(.amominu_d, "amominu.d", 0b11000, 0b011),
    .atomic(.amomaxu_d, "amomaxu.d", 0b11100, 0b011),
    .atomic(.amocas_w, "amocas.w", 0b00101, 0b010, .atomic, .zacas),
    .atomic(.amocas_d, "amocas.d", 0b00101, 0b011, .atomic, .zacas),
    // Pairs of registers: odd numbers are reserved.
    Row(
        .amocas_q, "amocas.q", match: 0b00101 << 27 | 0b100 << 12 | 0b0101111, mask: 0xf810_70ff,
        .atomic, .zacas),
]
