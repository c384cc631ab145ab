// What each instruction computes, as the assembler's own arithmetic: a macro `model_NAME a, b`
// sets R. The assembler's shifts are logical, its comparisons and divisions signed.

.macro sign32 x
    .set R, ((((\x) & 0xffffffff) ^ 0x80000000) - 0x80000000)
.endm
.macro unsigned_less a, b
    .if ((\a) ^ MIN64) < ((\b) ^ MIN64)
    .set R, 1
    .else
    .set R, 0
    .endif
.endm

.macro model_add a, b
    .set R, (\a) + (\b)
.endm
.macro model_sub a, b
    .set R, (\a) - (\b)
.endm
.macro model_addw a, b
    sign32  (\a) + (\b)
.endm
.macro model_subw a, b
    sign32  (\a) - (\b)
.endm
.macro model_and a, b
    .set R, (\a) & (\b)
.endm
.macro model_or a, b
    .set R, (\a) | (\b)
.endm
.macro model_xor a, b
    .set R, (\a) ^ (\b)
.endm
.macro model_andn a, b
    .set R, (\a) & ~(\b)
.endm
.macro model_orn a, b
    .set R, (\a) | ~(\b)
.endm
.macro model_xnor a, b
    .set R, ~((\a) ^ (\b))
.endm
.macro model_sltu a, b
    unsigned_less (\a), (\b)
.endm
.macro model_slt a, b
    .if (\a) < (\b)
    .set R, 1
    .else
    .set R, 0
    .endif
.endm

// Shifts, rotations and single bits.
.macro model_sll a, b
    .set R, (\a) << ((\b) & 63)
.endm
.macro model_srl a, b
    .set R, (\a) >> ((\b) & 63)
.endm
.macro model_sra a, b
    .set S, (\b) & 63
    .set R, (\a) >> S
    .if ((\a) < 0) && (S != 0)
    .set R, R | (-1 << (64 - S))
    .endif
.endm
.macro model_sllw a, b
    sign32  (\a) << ((\b) & 31)
.endm
.macro model_srlw a, b
    sign32  ((\a) & 0xffffffff) >> ((\b) & 31)
.endm
.macro model_sraw a, b
    sign32  (\a)
    .set T, R
    .set S, (\b) & 31
    .set R, T >> S
    .if (T < 0) && (S != 0)
    .set R, R | (-1 << (64 - S))
    .endif
.endm
.macro model_rol a, b
    .set R, ((\a) << ((\b) & 63)) | ((\a) >> ((64 - ((\b) & 63)) & 63))
.endm
.macro model_ror a, b
    .set R, ((\a) >> ((\b) & 63)) | ((\a) << ((64 - ((\b) & 63)) & 63))
.endm
.macro model_rolw a, b
    .set T, (\a) & 0xffffffff
    .set S, (\b) & 31
    sign32  (T << S) | (T >> ((32 - S) & 31))
.endm
.macro model_rorw a, b
    .set T, (\a) & 0xffffffff
    .set S, (\b) & 31
    sign32  (T >> S) | (T << ((32 - S) & 31))
.endm
.macro model_bclr a, b
    .set R, (\a) & ~(1 << ((\b) & 63))
.endm
.macro model_bset a, b
    .set R, (\a) | (1 << ((\b) & 63))
.endm
.macro model_binv a, b
    .set R, (\a) ^ (1 << ((\b) & 63))
.endm
.macro model_bext a, b
    .set R, ((\a) >> ((\b) & 63)) & 1
.endm

// Address generation.
.macro model_add_uw a, b
    .set R, ((\a) & 0xffffffff) + (\b)
.endm
.macro model_sh1add a, b
    .set R, ((\a) << 1) + (\b)
.endm
.macro model_sh2add a, b
    .set R, ((\a) << 2) + (\b)
.endm
.macro model_sh3add a, b
    .set R, ((\a) << 3) + (\b)
.endm
.macro model_sh1add_uw a, b
    .set R, (((\a) & 0xffffffff) << 1) + (\b)
.endm
.macro model_sh2add_uw a, b
    .set R, (((\a) & 0xffffffff) << 2) + (\b)
.endm
.macro model_sh3add_uw a, b
    .set R, (((\a) & 0xffffffff) << 3) + (\b)
.endm
.macro model_slli_uw a, b
    .set R, ((\a) & 0xffffffff) << ((\b) & 63)
.endm

// Multiplication by 32-bit halves, division by its definition.
.macro model_mul a, b
    .set R, (\a) * (\b)
.endm
.macro model_mulw a, b
    sign32  (\a) * (\b)
.endm
.macro model_mulhu a, b
    .set AL, (\a) & 0xffffffff
    .set AH, (\a) >> 32
    .set BL, (\b) & 0xffffffff
    .set BH, (\b) >> 32
    .set M, AH * BL + ((AL * BL) >> 32)
    .set N, AL * BH + (M & 0xffffffff)
    .set R, AH * BH + (M >> 32) + (N >> 32)
.endm
.macro model_mulhsu a, b
    model_mulhu \a, \b
    .if (\a) < 0
    .set R, R - (\b)
    .endif
.endm
.macro model_mulh a, b
    model_mulhsu \a, \b
    .if (\b) < 0
    .set R, R - (\a)
    .endif
.endm
.macro model_div a, b
    .if (\b) == 0
    .set R, -1
    .elseif ((\a) == MIN64) && ((\b) == -1)
    .set R, MIN64
    .else
    .set R, (\a) / (\b)
    .endif
.endm
.macro model_rem a, b
    .if (\b) == 0
    .set R, \a
    .elseif (\b) == -1
    .set R, 0
    .else
    .set R, (\a) - ((\a) / (\b)) * (\b)
    .endif
.endm
// The quotient's upper 63 bits by a signed division, the last by comparison.
.macro model_divu a, b
    .if (\b) == 0
    .set R, -1
    .elseif (\b) < 0
    unsigned_less (\a), (\b)
    .set R, 1 - R
    .else
    .set Q, (((\a) >> 1) / (\b)) << 1
    unsigned_less ((\a) - Q * (\b)), (\b)
    .set R, Q + 1 - R
    .endif
.endm
.macro model_remu a, b
    .if (\b) == 0
    .set R, \a
    .else
    model_divu \a, \b
    .set R, (\a) - R * (\b)
    .endif
.endm
.macro model_divw a, b
    sign32  \a
    .set T, R
    sign32  \b
    .set S, R
    model_div T, S
    .set T, R
    sign32  T
.endm
.macro model_remw a, b
    sign32  \a
    .set T, R
    sign32  \b
    .set S, R
    model_rem T, S
    .set T, R
    sign32  T
.endm
.macro model_divuw a, b
    .set T, (\a) & 0xffffffff
    .set S, (\b) & 0xffffffff
    model_divu T, S
    .set T, R
    sign32  T
.endm
.macro model_remuw a, b
    .set T, (\a) & 0xffffffff
    .set S, (\b) & 0xffffffff
    model_remu T, S
    .set T, R
    sign32  T
.endm

.macro choose condition, a, b
    .if \condition
    .set R, \a
    .else
    .set R, \b
    .endif
.endm
.macro model_min a, b
    choose  ((\a) < (\b)), \a, \b
.endm
.macro model_max a, b
    choose  ((\a) < (\b)), \b, \a
.endm
.macro model_minu a, b
    unsigned_less \a, \b
    choose  (R), \a, \b
.endm
.macro model_maxu a, b
    unsigned_less \a, \b
    choose  (R), \b, \a
.endm
.macro model_czero_eqz a, b
    choose  ((\b) == 0), 0, \a
.endm
.macro model_czero_nez a, b
    choose  ((\b) != 0), 0, \a
.endm

// Carry-less products, bit by bit.
.macro model_clmul a, b
    .set R, 0
    .set I, 0
    .rept 64
    .set R, R ^ (-(((\b) >> I) & 1) & ((\a) << I))
    .set I, I + 1
    .endr
.endm
.macro model_clmulr a, b
    .set R, 0
    .set I, 0
    .rept 64
    .set R, R ^ (-(((\b) >> I) & 1) & ((\a) >> (63 - I)))
    .set I, I + 1
    .endr
.endm
.macro model_clmulh a, b
    .set R, 0
    .set I, 1
    .rept 63
    .set R, R ^ (-(((\b) >> I) & 1) & ((\a) >> (64 - I)))
    .set I, I + 1
    .endr
.endm

// One operand.
.macro model_sext_b a
    .set R, (((\a) & 0xff) ^ 0x80) - 0x80
.endm
.macro model_sext_h a
    .set R, (((\a) & 0xffff) ^ 0x8000) - 0x8000
.endm
.macro model_zext_b a
    .set R, (\a) & 0xff
.endm
.macro model_zext_h a
    .set R, (\a) & 0xffff
.endm
.macro model_zext_w a
    .set R, (\a) & 0xffffffff
.endm
.macro model_sext_w a
    sign32  \a
.endm
.macro model_not a
    .set R, ~(\a)
.endm
.macro model_cpop a
    .set R, 0
    .set I, 0
    .rept 64
    .set R, R + (((\a) >> I) & 1)
    .set I, I + 1
    .endr
.endm
.macro model_cpopw a
    model_cpop ((\a) & 0xffffffff)
.endm
// Zeros below the lowest one: ones of x ^ (x - 1), less the one itself.
.macro model_ctz a
    .if (\a) == 0
    .set R, 64
    .else
    model_cpop (((\a) ^ ((\a) - 1)) >> 1)
    .endif
.endm
.macro model_ctzw a
    .if ((\a) & 0xffffffff) == 0
    .set R, 32
    .else
    model_ctz \a
    .endif
.endm
.macro model_clz a
    .set R, 64
    .set I, 0
    .rept 64
    .if ((\a) >> I) != 0
    .set R, 63 - I
    .endif
    .set I, I + 1
    .endr
.endm
.macro model_clzw a
    .set T, (\a) & 0xffffffff
    model_clz T
    .set R, R - 32
.endm
.macro model_orc_b a
    .set R, 0
    .set I, 0
    .rept 8
    .if ((\a) >> I) & 0xff != 0
    .set R, R | (0xff << I)
    .endif
    .set I, I + 8
    .endr
.endm
.macro model_rev8 a
    .set R, 0
    .set I, 0
    .rept 8
    .set R, R | ((((\a) >> I) & 0xff) << (56 - I))
    .set I, I + 8
    .endr
.endm
