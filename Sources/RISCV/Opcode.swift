/// Every instruction the hart executes, and the slots of the interpreter; raw values are dense.
///
/// A case is named as the mnemonic, with `_` for `.`; the clause that gives its meaning has the same
/// name (`Clauses/`), the row its encoding (`Rows/`). A compressed encoding has no case: its row names
/// the base instruction.
@frozen @usableFromInline
package enum Opcode: UInt16, CaseIterable, Sendable {
    // Interpreter slots, never an encoding: see `Hart`.
    case unfetched, resume, pageEnd, straddle, debugStop, illegal
    // RV64I.
    case lui, auipc, jal, jalr, beq, bne, blt, bge, bltu, bgeu, lb, lh, lw, ld, lbu, lhu, lwu
    case sb, sh, sw, sd, addi, slti, sltiu, xori, ori, andi, slli, srli, srai, add, sub, sll
    case slt, sltu, xor, srl, sra, or, and, addiw, slliw, srliw, sraiw, addw, subw, sllw, srlw
    case sraw, fence, fence_tso, pause, ecall, ebreak
    // Zifencei, Zicsr.
    case fence_i, csrrw, csrrs, csrrc, csrrwi, csrrsi, csrrci
    // M.
    case mul, mulh, mulhsu, mulhu, div, divu, rem, remu, mulw, divw, divuw, remw, remuw
    // A.
    case lr_w, sc_w, amoswap_w, amoadd_w, amoxor_w, amoand_w, amoor_w, amomin_w, amomax_w
    case amominu_w, amomaxu_w, lr_d, sc_d, amoswap_d, amoadd_d, amoxor_d, amoand_d, amoor_d
    case amomin_d, amomax_d, amominu_d, amomaxu_d
    // Zacas, Zawrs.
    case amocas_w, amocas_d, amocas_q, wrs_nto, wrs_sto
    // Privileged.
    case sret, mret, mnret, wfi, sfence_vma, sinval_vma, sfence_w_inval, sfence_inval_ir
    // H.
    case hfence_vvma, hfence_gvma, hinval_vvma, hinval_gvma, hlv_b, hlv_bu, hlv_h, hlv_hu
    case hlvx_hu, hlv_w, hlvx_wu, hlv_wu, hlv_d, hsv_b, hsv_h, hsv_w, hsv_d
    // Zba.
    case add_uw, sh1add, sh1add_uw, sh2add, sh2add_uw, sh3add, sh3add_uw, slli_uw
    // Zbb.
    case andn, orn, xnor, clz, clzw, ctz, ctzw, cpop, cpopw, max, maxu, min, minu, sext_b
    case sext_h, zext_h, rol, rolw, ror, rori, roriw, rorw, orc_b, rev8
    // Zbc.
    case clmul, clmulh, clmulr
    // Zbs.
    case bclr, bclri, bext, bexti, binv, binvi, bset, bseti
    // Zicond.
    case czero_eqz, czero_nez
    // Zicbom, Zicboz, Zicbop.
    case cbo_inval, cbo_clean, cbo_flush, cbo_zero, prefetch_i, prefetch_r, prefetch_w
    // Xhole.
    case xhole_get, xhole_put
    // Zimop, Zcmop.
    case mop_r, mop_rr, c_mop
    // F.
    case flw, fsw, fmadd_s, fmsub_s, fnmsub_s, fnmadd_s, fadd_s, fsub_s, fmul_s, fdiv_s, fsqrt_s
    case fsgnj_s, fsgnjn_s, fsgnjx_s, fmin_s, fmax_s, fcvt_w_s, fcvt_wu_s, fmv_x_w, feq_s, flt_s
    case fle_s, fclass_s, fcvt_s_w, fcvt_s_wu, fmv_w_x, fcvt_l_s, fcvt_lu_s, fcvt_s_l, fcvt_s_lu
    // D.
    case fld, fsd, fmadd_d, fmsub_d, fnmsub_d, fnmadd_d, fadd_d, fsub_d, fmul_d, fdiv_d, fsqrt_d
    case fsgnj_d, fsgnjn_d, fsgnjx_d, fmin_d, fmax_d, fcvt_s_d, fcvt_d_s, feq_d, flt_d, fle_d
    case fclass_d, fcvt_w_d, fcvt_wu_d, fcvt_d_w, fcvt_d_wu, fcvt_l_d, fcvt_lu_d, fmv_x_d
    case fcvt_d_l, fcvt_d_lu, fmv_d_x
    // Zfh.
    case flh, fsh, fmadd_h, fmsub_h, fnmsub_h, fnmadd_h, fadd_h, fsub_h, fmul_h, fdiv_h, fsqrt_h
    case fsgnj_h, fsgnjn_h, fsgnjx_h, fmin_h, fmax_h, fcvt_s_h, fcvt_h_s, fcvt_d_h, fcvt_h_d
    case feq_h, flt_h, fle_h, fclass_h, fcvt_w_h, fcvt_wu_h, fmv_x_h, fcvt_h_w, fcvt_h_wu
    case fmv_h_x, fcvt_l_h, fcvt_lu_h, fcvt_h_l, fcvt_h_lu
    // Zfa.
    case fli_s, fli_d, fli_h, fminm_s, fmaxm_s, fminm_d, fmaxm_d, fminm_h, fmaxm_h, fround_s
    case froundnx_s, fround_d, froundnx_d, fround_h, froundnx_h, fcvtmod_w_d, fleq_s, fltq_s
    case fleq_d, fltq_d, fleq_h, fltq_h
}
