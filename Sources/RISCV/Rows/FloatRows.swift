/// F, D, Zfh with Zfhmin, and Zfa. Where funct3 is not fixed it is the rounding mode.
let floatRows: [Row] = singleRows + doubleRows + halfRows + additionalFloatRows

private let singleRows: [Row] = [
    .i(.flw, "flw", 0b010, 0b0000111, .load, .f),
    .i(.fsw, "fsw", 0b010, 0b0100111, .store, .f),
    .fused(.fmadd_s, "fmadd.s", 0b1000011, .single, .f),
    .fused(.fmsub_s, "fmsub.s", 0b1000111, .single, .f),
    .fused(.fnmsub_s, "fnmsub.s", 0b1001011, .single, .f),
    .fused(.fnmadd_s, "fnmadd.s", 0b1001111, .single, .f),
    .float(.fadd_s, "fadd.s", 0b00000, .single, .f),
    .float(.fsub_s, "fsub.s", 0b00001, .single, .f),
    .float(.fmul_s, "fmul.s", 0b00010, .single, .f),
    .float(.fdiv_s, "fdiv.s", 0b00011, .single, .f),
    .float(.fsqrt_s, "fsqrt.s", 0b01011, .single, rs2: 0, .f),
    .float(.fsgnj_s, "fsgnj.s", 0b00100, .single, funct3: 0, .f),
    .float(.fsgnjn_s, "fsgnjn.s", 0b00100, .single, funct3: 1, .f),
    .float(.fsgnjx_s, "fsgnjx.s", 0b00100, .single, funct3: 2, .f),
    .float(.fmin_s, "fmin.s", 0b00101, .single, funct3: 0, .f),
    .float(.fmax_s, "fmax.s", 0b00101, .single, funct3: 1, .f),
    .float(.feq_s, "feq.s", 0b10100, .single, funct3: 2, .f),
    .float(.flt_s, "flt.s", 0b10100, .single, funct3: 1, .f),
    .float(.fle_s, "fle.s", 0b10100, .single, funct3: 0, .f),
    .float(.fclass_s, "fclass.s", 0b11100, .single, rs2: 0, funct3: 1, .f),
    .float(.fcvt_w_s, "fcvt.w.s", 0b11000, .single, rs2: 0, .f),
    .float(.fcvt_wu_s, "fcvt.wu.s", 0b11000, .single, rs2: 1, .f),
    .float(.fcvt_l_s, "fcvt.l.s", 0b11000, .single, rs2: 2, .f),
    .float(.fcvt_lu_s, "fcvt.lu.s", 0b11000, .single, rs2: 3, .f),
    .float(.fcvt_s_w, "fcvt.s.w", 0b11010, .single, rs2: 0, .f),
    .float(.fcvt_s_wu, "fcvt.s.wu", 0b11010, .single, rs2: 1, .f),
    .float(.fcvt_s_l, "fcvt.s.l", 0b11010, .single, rs2: 2, .f),
    .float(.fcvt_s_lu, "fcvt.s.lu", 0b11010, .single, rs2: 3, .f),
    .float(.fmv_x_w, "fmv.x.w", 0b11100, .single, rs2: 0, funct3: 0, .f),
    .float(.fmv_w_x, "fmv.w.x", 0b11110, .single, rs2: 0, funct3: 0, .f),
]

private let doubleRows: [Row] = [
    .i(.fld, "fld", 0b011, 0b0000111, .load, .d),
    .i(.fsd, "fsd", 0b011, 0b0100111, .store, .d),
    .fused(.fmadd_d, "fmadd.d", 0b1000011, .double, .d),
    .fused(.fmsub_d, "fmsub.d", 0b1000111, .double, .d),
    .fused(.fnmsub_d, "fnmsub.d", 0b1001011, .double, .d),
    .fused(.fnmadd_d, "fnmadd.d", 0b1001111, .double, .d),
    .float(.fadd_d, "fadd.d", 0b00000, .double, .d),
    .float(.fsub_d, "fsub.d", 0b00001, .double, .d),
    .float(.fmul_d, "fmul.d", 0b00010, .double, .d),
    .float(.fdiv_d, "fdiv.d", 0b00011, .double, .d),
    .float(.fsqrt_d, "fsqrt.d", 0b01011, .double, rs2: 0, .d),
    .float(.fsgnj_d, "fsgnj.d", 0b00100, .double, funct3: 0, .d),
    .float(.fsgnjn_d, "fsgnjn.d", 0b00100, .double, funct3: 1, .d),
    .float(.fsgnjx_d, "fsgnjx.d", 0b00100, .double, funct3: 2, .d),
    .float(.fmin_d, "fmin.d", 0b00101, .double, funct3: 0, .d),
    .float(.fmax_d, "fmax.d", 0b00101, .double, funct3: 1, .d),
    .float(.feq_d, "feq.d", 0b10100, .double, funct3: 2, .d),
    .float(.flt_d, "flt.d", 0b10100, .double, funct3: 1, .d),
    .float(.fle_d, "fle.d", 0b10100, .double, funct3: 0, .d),
    .float(.fclass_d, "fclass.d", 0b11100, .double, rs2: 0, funct3: 1, .d),
    .float(.fcvt_w_d, "fcvt.w.d", 0b11000, .double, rs2: 0, .d),
    .float(.fcvt_wu_d, "fcvt.wu.d", 0b11000, .double, rs2: 1, .d),
    .float(.fcvt_l_d, "fcvt.l.d", 0b11000, .double, rs2: 2, .d),
    .float(.fcvt_lu_d, "fcvt.lu.d", 0b11000, .double, rs2: 3, .d),
    .float(.fcvt_d_w, "fcvt.d.w", 0b11010, .double, rs2: 0, form: .floatExact, .d),
    .float(.fcvt_d_wu, "fcvt.d.wu", 0b11010, .double, rs2: 1, form: .floatExact, .d),
    .float(.fcvt_d_l, "fcvt.d.l", 0b11010, .double, rs2: 2, .d),
    .float(.fcvt_d_lu, "fcvt.d.lu", 0b11010, .double, rs2: 3, .d),
    .float(.fmv_x_d, "fmv.x.d", 0b11100, .double, rs2: 0, funct3: 0, .d),
    .float(.fmv_d_x, "fmv.d.x", 0b11110, .double, rs2: 0, funct3: 0, .d),
    .float(.fcvt_s_d, "fcvt.s.d", 0b01000, .single, rs2: 1, .d),
    .float(.fcvt_d_s, "fcvt.d.s", 0b01000, .double, rs2: 0, form: .floatExact, .d),
]

private let halfRows: [Row] = [
    .i(.flh, "flh", 0b001, 0b0000111, .load, .zfhmin),
    .i(.fsh, "fsh", 0b001, 0b0100111, .store, .zfhmin),
    .fused(.fmadd_h, "fmadd.h", 0b1000011, .half, .zfh),
    .fused(.fmsub_h, "fmsub.h", 0b1000111, .half, .zfh),
    .fused(.fnmsub_h, "fnmsub.h", 0b1001011, .half, .zfh),
    .fused(.fnmadd_h, "fnmadd.h", 0b1001111, .half, .zfh),
    .float(.fadd_h, "fadd.h", 0b00000, .half, .zfh),
    .float(.fsub_h, "fsub.h", 0b00001, .half, .zfh),
    .float(.fmul_h, "fmul.h", 0b00010, .half, .zfh),
    .float(.fdiv_h, "fdiv.h", 0b00011, .half, .zfh),
    .float(.fsqrt_h, "fsqrt.h", 0b01011, .half, rs2: 0, .zfh),
    .float(.fsgnj_h, "fsgnj.h", 0b00100, .half, funct3: 0, .zfh),
    .float(.fsgnjn_h, "fsgnjn.h", 0b00100, .half, funct3: 1, .zfh),
    .float(.fsgnjx_h, "fsgnjx.h", 0b00100, .half, funct3: 2, .zfh),
    .float(.fmin_h, "fmin.h", 0b00101, .half, funct3: 0, .zfh),
    .float(.fmax_h, "fmax.h", 0b00101, .half, funct3: 1, .zfh),
    .float(.feq_h, "feq.h", 0b10100, .half, funct3: 2, .zfh),
    .float(.flt_h, "flt.h", 0b10100, .half, funct3: 1, .zfh),
    .float(.fle_h, "fle.h", 0b10100, .half, funct3: 0, .zfh),
    .float(.fclass_h, "fclass.h", 0b11100, .half, rs2: 0, funct3: 1, .zfh),
    .float(.fcvt_w_h, "fcvt.w.h", 0b11000, .half, rs2: 0, .zfh),
    .float(.fcvt_wu_h, "fcvt.wu.h", 0b11000, .half, rs2: 1, .zfh),
    .float(.fcvt_l_h, "fcvt.l.h", 0b11000, .half, rs2: 2, .zfh),
    .float(.fcvt_lu_h, "fcvt.lu.h", 0b11000, .half, rs2: 3, .zfh),
    .float(.fcvt_h_w, "fcvt.h.w", 0b11010, .half, rs2: 0, .zfh),
    .float(.fcvt_h_wu, "fcvt.h.wu", 0b11010, .half, rs2: 1, .zfh),
    .float(.fcvt_h_l, "fcvt.h.l", 0b11010, .half, rs2: 2, .zfh),
    .float(.fcvt_h_lu, "fcvt.h.lu", 0b11010, .half, rs2: 3, .zfh),
    .float(.fmv_x_h, "fmv.x.h", 0b11100, .half, rs2: 0, funct3: 0, .zfhmin),
    .float(.fmv_h_x, "fmv.h.x", 0b11110, .half, rs2: 0, funct3: 0, .zfhmin),
    .float(.fcvt_s_h, "fcvt.s.h", 0b01000, .single, rs2: 2, form: .floatExact, .zfhmin),
    .float(.fcvt_h_s, "fcvt.h.s", 0b01000, .half, rs2: 0, .zfhmin),
    .float(.fcvt_d_h, "fcvt.d.h", 0b01000, .double, rs2: 2, form: .floatExact, .zfhmin, also: .d),
    .float(.fcvt_h_d, "fcvt.h.d", 0b01000, .half, rs2: 1, .zfhmin, also: .d),
]

private let additionalFloatRows: [Row] = [
    .floatConstant(.fli_s, "fli.s", .single, also: .f),
    .float(.fminm_s, "fminm.s", 0b00101, .single, funct3: 2, .zfa, also: .f),
    .float(.fmaxm_s, "fmaxm.s", 0b00101, .single, funct3: 3, .zfa, also: .f),
    .float(.fround_s, "fround.s", 0b01000, .single, rs2: 4, .zfa, also: .f),
    .float(.froundnx_s, "froundnx.s", 0b01000, .single, rs2: 5, .zfa, also: .f),
    .float(.fleq_s, "fleq.s", 0b10100, .single, funct3: 4, .zfa, also: .f),
    .float(.fltq_s, "fltq.s", 0b10100, .single, funct3: 5, .zfa, also: .f),
    .floatConstant(.fli_d, "fli.d", .double, also: .d),
    .float(.fminm_d, "fminm.d", 0b00101, .double, funct3: 2, .zfa, also: .d),
    .float(.fmaxm_d, "fmaxm.d", 0b00101, .double, funct3: 3, .zfa, also: .d),
    .float(.fround_d, "fround.d", 0b01000, .double, rs2: 4, .zfa, also: .d),
    .float(.froundnx_d, "froundnx.d", 0b01000, .double, rs2: 5, .zfa, also: .d),
    .float(.fleq_d, "fleq.d", 0b10100, .double, funct3: 4, .zfa, also: .d),
    .float(.fltq_d, "fltq.d", 0b10100, .double, funct3: 5, .zfa, also: .d),
    .floatConstant(.fli_h, "fli.h", .half, also: .zfh),
    .float(.fminm_h, "fminm.h", 0b00101, .half, funct3: 2, .zfa, also: .zfh),
    .float(.fmaxm_h, "fmaxm.h", 0b00101, .half, funct3: 3, .zfa, also: .zfh),
    .float(.fround_h, "fround.h", 0b01000, .half, rs2: 4, .zfa, also: .zfh),
    .float(.froundnx_h, "froundnx.h", 0b01000, .half, rs2: 5, .zfa, also: .zfh),
    .float(.fleq_h, "fleq.h", 0b10100, .half, funct3: 4, .zfa, also: .zfh),
    .float(.fltq_h, "fltq.h", 0b10100, .half, funct3: 5, .zfa, also: .zfh),
    .float(
        .fcvtmod_w_d, "fcvtmod.w.d", 0b11000, .double, rs2: 8, funct3: 1, form: .floatModular, .zfa,
        also: .d),
]

extension Row {
    /// `funct5 | fmt | rs2 | rs1 | funct3 | rd | OP-FP`: without rs2 two operands come in, without
    /// funct3 there is a rounding mode.
    fileprivate static func float(
        _ opcode: Opcode, _ name: StaticString, _ funct5: UInt32, _ format: FloatFormat,
        rs2: UInt32? = nil, funct3: UInt32? = nil, form: Form? = nil, _ needs: ISAExtension,
        also: ISAExtension = .i
    ) -> Row {
        let usual: Form =
            switch (rs2 == nil, funct3 == nil) {
            case (true, true): .float
            case (true, false): .register
            case (false, true): .floatUnary
            case (false, false): .unary
            }
        return Row(
            opcode, name,
            match: funct5 << 27 | UInt32(format.rawValue) << 25 | (rs2 ?? 0) << 20
                | (funct3 ?? 0) << 12 | 0b1010011,
            mask: 0xfe00_007f | (rs2 == nil ? 0 : 0x01f0_0000) | (funct3 == nil ? 0 : 0x7000),
            form ?? usual, needs, also: also)
    }
    /// `rs3 | fmt | rs2 | rs1 | rm | rd | major`.
    fileprivate static func fused(
        _ opcode: Opcode, _ name: StaticString, _ major: UInt32, _ format: FloatFormat,
        _ needs: ISAExtension
    ) -> Row {
        Row(
            opcode, name, match: UInt32(format.rawValue) << 25 | major, mask: 0x0600_007f,
            .floatFused, needs)
    }
    /// `fli`: the field of rs1 names the constant.
    fileprivate static func floatConstant(
        _ opcode: Opcode, _ name: StaticString, _ format: FloatFormat, also: ISAExtension
    ) -> Row {
        Row(
            opcode, name, match: 0xf010_0053 | UInt32(format.rawValue) << 25, mask: 0xfff0_707f,
            .floatConstant, .zfa, also: also)
    }
}
