// Zba, Zbb, Zbs.
#include "conformance.h"
    .option arch, +zba, +zbb, +zbs
    BEGIN
    binary  sh1add, model_sh1add
    binary  sh2add, model_sh2add
    binary  sh3add, model_sh3add
    binary  add.uw, model_add_uw
    binary  sh1add.uw, model_sh1add_uw
    binary  sh2add.uw, model_sh2add_uw
    binary  sh3add.uw, model_sh3add_uw
    immediate slli.uw, model_slli_uw, 0, 1, 31, 32, 63
    binary  andn, model_andn
    binary  orn, model_orn
    binary  xnor, model_xnor
    unary   clz, model_clz
    unary   clzw, model_clzw
    unary   ctz, model_ctz
    unary   ctzw, model_ctzw
    unary   cpop, model_cpop
    unary   cpopw, model_cpopw
    binary  max, model_max
    binary  maxu, model_maxu
    binary  min, model_min
    binary  minu, model_minu
    unary   sext.b, model_sext_b
    unary   sext.h, model_sext_h
    unary   zext.h, model_zext_h
    binary  rol, model_rol
    binary  ror, model_ror
    binary  rolw, model_rolw
    binary  rorw, model_rorw
    immediate rori, model_ror, 0, 1, 31, 32, 63
    immediate roriw, model_rorw, 0, 1, 15, 31
    unary   orc.b, model_orc_b
    unary   rev8, model_rev8
    binary  bclr, model_bclr
    binary  bset, model_bset
    binary  binv, model_binv
    binary  bext, model_bext
    immediate bclri, model_bclr, 0, 1, 31, 32, 63
    immediate bseti, model_bset, 0, 1, 31, 32, 63
    immediate binvi, model_binv, 0, 1, 31, 32, 63
    immediate bexti, model_bext, 0, 1, 31, 32, 63
    END
