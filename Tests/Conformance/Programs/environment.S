// menvcfg, senvcfg and mstateen: what firmware opens to the modes below; seed.
#include "privileged.h"
    .option arch, +zicbom, +zicboz
#define MENVCFG 0x30a
#define SENVCFG 0x10a
#define MSTATEEN0 0x30c
#define SSTATEEN0 0x10c
#define MSECCFG 0x747
#define SEED 0x015

.macro outcome piece, mode, allowed
    la      a3, block
    call_in \mode, \piece
    .if \allowed
    expect  a0, CAUSE_ECALL_U + \mode
    .else
    expect  a0, CAUSE_ILLEGAL
    .endif
.endm
// \bits in both registers or one: machine mode always, supervisor by menvcfg, user by both.
.macro gates piece, bits
    .irp which, 0, 1, 2, 3
    next_case
    csrw    MENVCFG, zero
    csrw    SENVCFG, zero
    li      t0, \bits
    .if \which & 1
    csrw    MENVCFG, t0
    .endif
    .if \which & 2
    csrw    SENVCFG, t0
    .endif
    outcome \piece, M_MODE, 1
    outcome \piece, S_MODE, \which & 1
    .if \which == 3
    outcome \piece, U_MODE, 1
    .else
    outcome \piece, U_MODE, 0
    .endif
    .endr
.endm

    PRIVILEGED_BEGIN
    gates   do_zero, 0x80
    gates   do_clean, 0x40
    gates   do_flush, 0x40
    gates   do_inval, 0x10
    gates   do_inval, 0x30
    // Fields: CBIE never holds 2.
    next_case
    legalised MENVCFG, 0xf1, 0xf1
    legalised SENVCFG, 0xf1, 0xf1
    legalised MENVCFG, 0, 0
    li      t0, 0x20
    csrw    MENVCFG, t0
    csrr    a0, MENVCFG
    andi    a0, a0, 0x30
    addi    a0, a0, -0x20
    beqz    a0, 9f
    csrw    MENVCFG, zero
    csrw    SENVCFG, zero

    // Smstateen: closed at reset; ENVCFG opens senvcfg, bit 63 the supervisor's own registers.
    next_case
    expect_csr MSTATEEN0, 0
    outcome read_senvcfg, S_MODE, 0
    outcome read_sstateen, S_MODE, 0
    outcome read_senvcfg, M_MODE, 1
    outcome read_sstateen, M_MODE, 1
    next_case
    set     MSTATEEN0, 1 << 62
    outcome read_senvcfg, S_MODE, 1
    outcome read_sstateen, S_MODE, 0
    next_case
    set     MSTATEEN0, 1 << 63
    outcome read_senvcfg, S_MODE, 0
    outcome read_sstateen, S_MODE, 1
    outcome read_senvcfg, U_MODE, 0
    outcome read_mstateen, S_MODE, 0
    .irp n, 1, 2, 3
    next_case
    legalised MSTATEEN0 + \n, -1, 1 << 63
    legalised SSTATEEN0 + \n, -1, 0
    .endr

    // seed: read-write accesses only; machine mode, or what mseccfg lets in.
    next_case
    outcome swap_seed, M_MODE, 1
    outcome read_seed, M_MODE, 0
    outcome set_seed, M_MODE, 0
    outcome swap_seed, S_MODE, 0
    outcome swap_seed, U_MODE, 0
    set     MSECCFG, 1 << 9
    outcome swap_seed, S_MODE, 1
    outcome swap_seed, U_MODE, 0
    set     MSECCFG, 1 << 8
    outcome swap_seed, S_MODE, 0
    outcome swap_seed, U_MODE, 1
    j       done
9:  fail
    .option norvc
do_zero:
    cbo.zero (a3)
    ecall
do_clean:
    cbo.clean (a3)
    ecall
do_flush:
    cbo.flush (a3)
    ecall
do_inval:
    cbo.inval (a3)
    ecall
read_senvcfg:
    csrr    a0, SENVCFG
    ecall
read_sstateen:
    csrr    a0, SSTATEEN0
    ecall
read_mstateen:
    csrr    a0, MSTATEEN0
    ecall
read_seed:
    csrr    a0, SEED
    ecall
set_seed:
    csrrsi  a0, SEED, 0
    ecall
swap_seed:
    csrrw   a0, SEED, zero
    ecall
    .option rvc
done:
    .data
    .balign 64
block:  .skip 64
    PRIVILEGED_END
