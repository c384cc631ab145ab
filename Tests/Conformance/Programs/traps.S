// Synchronous exceptions: causes, mepc, mtval, the status stack, delegation.
#include "privileged.h"

// The trap left mepc at \label, and mstatus.MPP at \mode.
.macro expect_from label, mode
    la      t0, \label
    beq     a2, t0, 1f
    fail
1:  trapped mstatus
    srli    a0, a0, 11
    andi    a0, a0, 3
    expect  a0, \mode
.endm
#define NOWHERE 0x18000000

    PRIVILEGED_BEGIN
    // Calls, from each mode.
    next_case
    call_in U_MODE, do_ecall
    expect_trap CAUSE_ECALL_U, 0
    expect_from do_ecall, U_MODE
    next_case
    call_in S_MODE, do_ecall
    expect_trap CAUSE_ECALL_S, 0
    expect_from do_ecall, S_MODE
    next_case
    call_in M_MODE, do_ecall
    expect_trap CAUSE_ECALL_M, 0
    expect_from do_ecall, M_MODE

    // Illegal instructions report their bits, and no more of them than they have.
    next_case
    call_in U_MODE, do_illegal
    expect_trap CAUSE_ILLEGAL, 0xffffffff
    expect_from do_illegal, U_MODE
    next_case
    call_in S_MODE, do_illegal_short
    expect_trap CAUSE_ILLEGAL, 0
    expect_from do_illegal_short, S_MODE
    next_case
    call_in M_MODE, do_illegal_csr
    expect_trap CAUSE_ILLEGAL, 0x7b002573
    expect_from do_illegal_csr, M_MODE
    next_case
    call_in U_MODE, do_illegal_reserved
    expect_trap CAUSE_ILLEGAL, 0x8002
    // Breakpoints: mtval is the address or zero.
    next_case
    call_in U_MODE, do_ebreak
    expect  a0, CAUSE_BREAKPOINT
    expect_from do_ebreak, U_MODE
    next_case
    call_in S_MODE, do_ebreak_short
    expect  a0, CAUSE_BREAKPOINT
    expect_from do_ebreak_short, S_MODE

    // Addresses where nothing is.
    next_case
    li      a3, NOWHERE
    call_in U_MODE, do_load
    expect_trap CAUSE_LOAD_ACCESS, NOWHERE
    expect_from do_load, U_MODE
    next_case
    call_in S_MODE, do_store
    expect_trap CAUSE_STORE_ACCESS, NOWHERE
    expect_from do_store, S_MODE
#ifndef QEMU7                           // which reports a load's fault
    next_case
    call_in M_MODE, do_amo
    expect_trap CAUSE_STORE_ACCESS, NOWHERE
#endif
    next_case
    call_in M_MODE, do_lr
    expect_trap CAUSE_LOAD_ACCESS, NOWHERE
    next_case
    call_in U_MODE, do_jump
    expect_trap CAUSE_FETCH_ACCESS, NOWHERE
    expect  a2, NOWHERE
    // A load that traps writes nothing.
    next_case
    li      a3, NOWHERE
    call_in U_MODE, do_load
    la      t0, trapped_state
    ld      a0, 24(t0)
    expect  a0, NOWHERE
    // Atomics must be aligned.
    la      a3, words + 4
#ifndef QEMU7                           // likewise
    next_case
    call_in U_MODE, do_amo
    expect  a0, CAUSE_STORE_MISALIGNED
    sub     a1, a1, a3
    expect  a1, 0
#endif
    next_case
    call_in U_MODE, do_lr
    expect  a0, CAUSE_LOAD_MISALIGNED
#ifndef QEMU7                           // which first sees that there is no reservation
    next_case
    call_in U_MODE, do_sc
    expect  a0, CAUSE_STORE_MISALIGNED
#endif

    // The stack of enables and modes.
    next_case
    csrsi   mstatus, MIE
    call_in M_MODE, do_ecall
    trapped mstatus
    li      t0, MIE | MPIE
    and     a0, a0, t0
    // call_in's mret took MIE from MPIE, which was zero at first.
    expect  a0, 0
    next_case
    li      t0, MPIE
    csrs    mstatus, t0
    call_in M_MODE, do_ecall
    trapped mstatus
    li      t0, MIE | MPIE
    and     a0, a0, t0
    expect  a0, MPIE
    li      t0, MIE | MPIE
    csrc    mstatus, t0

    // mret: MIE from MPIE, MPIE set, MPP to the least mode, MPRV off where the mode is left.
    next_case
    li      t0, MPP | MPIE | MPRV | MIE
    csrc    mstatus, t0
    li      t0, (S_MODE << 11) | MPRV
    csrs    mstatus, t0
    la      t0, 1f
    csrw    mepc, t0
    la      t0, frame
    csrw    mscratch, t0
    sd      sp, 56(t0)
    la      t1, 2f
    sd      t1, 0(t0)
    sd      gp, 40(t0)
    mret
1:  ecall
2:  la      sp, frame
    ld      sp, 56(sp)
    la      sp, stack_top
    expect  a0, CAUSE_ECALL_S
    trapped mstatus
#ifdef QEMU7                            // which leaves MPRV on
    li      t0, MPP | MPIE | MIE
#else
    li      t0, MPP | MPIE | MPRV | MIE
#endif
    and     a0, a0, t0
    // MPIE was set by mret and then took MIE, which was off.
    expect  a0, S_MODE << 11
    next_case
    li      t0, MPP
    csrs    mstatus, t0
    li      t0, MPRV | MPIE
    csrs    mstatus, t0
    la      t0, 1f
    csrw    mepc, t0
    mret
1:  csrr    a0, mstatus
    li      t0, MPP | MPIE | MPRV | MIE
    and     a0, a0, t0
    // Within machine mode MPRV stays; MIE took MPIE.
    expect  a0, MPRV | MPIE | MIE
    li      t0, MPRV | MPIE | MIE
    csrc    mstatus, t0

    // sret: SIE from SPIE, SPIE set, SPP to user, MPRV off.
    next_case
    li      t0, SIE | SPIE | SPP
    csrc    mstatus, t0
    li      t0, SPIE | SPP
    csrs    mstatus, t0
    la      t0, do_ecall
    csrw    sepc, t0
    call_in S_MODE, do_sret
    expect  a0, CAUSE_ECALL_S
    csrr    a0, sstatus
    andi    a0, a0, SIE | SPIE
    expect  a0, SIE | SPIE
    csrr    a0, sstatus
    li      t0, SPP
    and     a0, a0, t0
    expect  a0, 0
    next_case
    la      t0, do_ecall
    csrw    sepc, t0
    call_in S_MODE, do_sret
    expect  a0, CAUSE_ECALL_U
    csrci   sstatus, SIE

    // Delegation. First nothing is: U's breakpoint comes to machine mode although medeleg has others.
    next_case
    set     medeleg, 1 << CAUSE_ILLEGAL
    call_in U_MODE, do_ebreak
    expect  a0, CAUSE_BREAKPOINT
    next_case
    set     sscratch, 0
    call_in U_MODE, do_illegal
    expect  a0, CAUSE_ECALL_S           // by the supervisor's handler
    expect_csr scause, CAUSE_ILLEGAL
    expect_csr stval, 0xffffffff
    csrr    a0, sepc
    la      a1, do_illegal
    bne     a0, a1, 9f
    csrr    a0, sstatus
    li      t0, SPP | SPIE | SIE
    and     a0, a0, t0
    expect  a0, 0
    j       8f
9:  fail
8:  next_case
    li      t0, SIE
    csrs    mstatus, t0
    call_in S_MODE, do_illegal
    expect  a0, CAUSE_ECALL_S
    csrr    a0, sstatus
    li      t0, SPP | SPIE | SIE
    and     a0, a0, t0
    expect  a0, SPP | SPIE
    // Machine mode's own traps stay there.
    next_case
    call_in M_MODE, do_illegal
    expect_trap CAUSE_ILLEGAL, 0xffffffff
    next_case
    set     medeleg, (1 << CAUSE_ECALL_U) | (1 << CAUSE_LOAD_ACCESS) | (1 << CAUSE_STORE_ACCESS) | (1 << CAUSE_FETCH_ACCESS)
    call_in U_MODE, do_ecall
    expect  a0, CAUSE_ECALL_S
    expect_csr scause, CAUSE_ECALL_U
    expect_csr stval, 0
    next_case
    li      a3, NOWHERE
    .irp piece, do_load, do_store, do_jump
    call_in U_MODE, \piece
    expect  a0, CAUSE_ECALL_S
    expect_csr stval, NOWHERE
    .endr
    expect_csr scause, CAUSE_FETCH_ACCESS
    csrw    medeleg, zero

    // Which mode may do what.
    .irp piece, do_mret, do_sret, do_wfi, do_sfence, do_read_sscratch, do_read_mscratch, do_write_cycle
    next_case
    call_in U_MODE, \piece
    expect  a0, CAUSE_ILLEGAL
    expect_from \piece, U_MODE
    .endr
    .irp piece, do_mret, do_read_mscratch, do_write_cycle
    next_case
    call_in S_MODE, \piece
    expect  a0, CAUSE_ILLEGAL
    .endr
    .irp piece, do_sfence, do_read_sscratch, do_read_satp
    next_case
    call_in S_MODE, \piece
    expect  a0, CAUSE_ECALL_S
    .endr
    next_case
    set     mie, SSI
    csrw    mideleg, zero
    set     mip, SSI
    csrw    mie, zero
    csrw    mip, zero
    li      t0, TVM
    csrs    mstatus, t0
    .irp piece, do_sfence, do_read_satp, do_write_satp
    call_in S_MODE, \piece
    expect  a0, CAUSE_ILLEGAL
    .endr
    call_in M_MODE, do_sfence
    expect  a0, CAUSE_ECALL_M
    call_in M_MODE, do_read_satp
    expect  a0, CAUSE_ECALL_M
    li      t0, TVM
    csrc    mstatus, t0
    next_case
    li      t0, TSR
    csrs    mstatus, t0
    call_in S_MODE, do_sret
    expect  a0, CAUSE_ILLEGAL
    li      t0, TSR
    csrc    mstatus, t0
    next_case
    li      t0, TW
    csrs    mstatus, t0
    call_in S_MODE, do_wfi
    expect  a0, CAUSE_ILLEGAL
    li      t0, TW
    csrc    mstatus, t0

    j       done

    .option norvc
do_ecall:
    ecall
do_illegal:
    .word   0xffffffff
    ecall
do_illegal_short:
    .hword  0, 0
    ecall
do_illegal_reserved:
    .hword  0x8002, 0x0001              // c.jr x0: reserved
    ecall
do_illegal_csr:
    .word   0x7b002573                  // dcsr, outside of debug mode
    ecall
do_ebreak:
    ebreak
    ecall
do_ebreak_short:
    .option rvc
    c.ebreak
    c.nop
    .option norvc
    ecall
do_load:
    ld      a3, 0(a3)
    ecall
do_store:
    sd      a0, 0(a3)
    ecall
do_amo:
    amoadd.d a0, a0, (a3)
    ecall
do_lr:
    lr.d    a0, (a3)
    ecall
do_sc:
    sc.d    a0, a0, (a3)
    ecall
do_jump:
    jr      a3
do_mret:
    mret
    ecall
do_sret:
    sret
    ecall
do_wfi:
    wfi
    ecall
do_sfence:
    sfence.vma
    ecall
do_read_satp:
    csrr    a0, satp
    ecall
do_write_satp:
    csrw    satp, zero
    ecall
do_read_sscratch:
    csrr    a0, sscratch
    ecall
do_read_mscratch:
    csrr    a0, mscratch
    ecall
do_write_cycle:
    csrw    cycle, zero
    ecall
    .option rvc
done:
    .data
    .balign 16
words:  .skip 64
frame:  .skip 64
    PRIVILEGED_END
