// mstatus.FS and the rounding modes: when floating-point instructions are illegal, what dirties them.
#include "privileged.h"

    PRIVILEGED_BEGIN
    // Floating point off: every instruction of it is illegal.
    li      t0, FS
    csrc    mstatus, t0
    .irp piece, do_fadd, do_fld, do_fsd, do_fcsr
    next_case
    call_in M_MODE, \piece
    expect  a0, CAUSE_ILLEGAL
    .endr
    // Initial or clean becomes dirty by a write, and SD says so.
    next_case
    set     mstatus, 1 << 13
    csrr    a0, mstatus
    srli    a0, a0, 63
    expect  a0, 0
    fmv.d.x fa0, zero
    csrr    a0, mstatus
    srli    a1, a0, 63
    expect  a1, 1
    srli    a0, a0, 13
    andi    a0, a0, 3
    expect  a0, 3
    next_case
    li      t0, FS
    csrc    mstatus, t0
    set     mstatus, 2 << 13
    csrwi   fcsr, 0
    csrr    a0, sstatus
    srli    a1, a0, 63
    expect  a1, 1
    // Reserved rounding modes are illegal, fixed or dynamic.
    next_case
    call_in U_MODE, do_reserved_rounding
    expect  a0, CAUSE_ILLEGAL
    csrwi   frm, 5
    call_in U_MODE, do_fadd
    expect  a0, CAUSE_ILLEGAL
    csrwi   frm, 0
    call_in U_MODE, do_fadd
    expect  a0, CAUSE_ECALL_U
    j       done

    .option norvc
do_fadd:
    fadd.d  fa0, fa0, fa0
    ecall
do_fld:
    fld     fa0, 0(sp)
    ecall
do_fsd:
    fsd     fa0, 0(sp)
    ecall
do_fcsr:
    csrr    a0, fcsr
    ecall
do_reserved_rounding:
    .word   0x02a57553 & ~0x7000 | (5 << 12)
    ecall
    .option rvc
done:
    PRIVILEGED_END
