// Sstc: stimecmp, its gates and its interrupt.
#include "privileged.h"
#define STCE (1 << 63)
#define STIMECMP 0x14d

    PRIVILEGED_BEGIN
    li      t0, CLINT_MTIMECMP
    li      t1, -1
    sd      t1, 0(t0)
    li      t1, -1
    csrw    STIMECMP, t1
    // Gates: machine mode always, supervisor mode with STCE and TM, user mode never.
    .irp gates, 0, 1, 2, 3
    next_case
    li      t0, STCE
    csrc    0x30a, t0
    csrw    mcounteren, zero
    .if \gates & 1
    csrs    0x30a, t0
    .endif
    .if \gates & 2
    csrwi   mcounteren, 2
    .endif
    call_in S_MODE, read_stimecmp
    .if \gates == 3
    expect  a0, CAUSE_ECALL_S
    .else
    expect  a0, CAUSE_ILLEGAL
    .endif
    call_in U_MODE, read_stimecmp
    expect  a0, CAUSE_ILLEGAL
    call_in M_MODE, read_stimecmp
    expect  a0, CAUSE_ECALL_M
    .endr
    // STIP is software's while STCE is off, the comparison's while it is on.
    next_case
    li      t0, STCE
    csrc    0x30a, t0
    set     mip, STI
    csrr    a0, mip
    andi    a0, a0, STI
    expect  a0, STI
    csrw    mip, zero
#ifndef QEMU7                           // which compares although STCE is off
    csrw    STIMECMP, zero
    csrr    a0, mip
    andi    a0, a0, STI
    expect  a0, 0
#endif
    next_case
    li      t1, -1
    csrw    STIMECMP, t1
    li      t0, STCE
    csrs    0x30a, t0
    csrr    a0, mip
    andi    a0, a0, STI
    expect  a0, 0
    set     mip, STI
    csrr    a0, mip
    andi    a0, a0, STI
    expect  a0, 0
    csrw    STIMECMP, zero
    csrr    a0, mip
    andi    a0, a0, STI
    expect  a0, STI
    csrw    mip, zero
    csrr    a0, mip
    andi    a0, a0, STI
    expect  a0, STI
    csrw    STIMECMP, t1
    csrr    a0, mip
    andi    a0, a0, STI
    expect  a0, 0
    // It is delivered to the supervisor, and ends a wfi there.
    next_case
    set     mideleg, STI
    set     mie, STI
    li      t0, SIE
    csrs    mstatus, t0
    csrr    t0, time
    li      t1, 100000
    add     t0, t0, t1
    csrw    STIMECMP, t0
    call_in S_MODE, sleep
    expect  a0, CAUSE_ECALL_S
    csrr    a0, scause
    expect  a0, INTERRUPT | 5
    csrr    a0, time
    csrr    a1, STIMECMP
    bltu    a0, a1, 9f
    // Without SIE wfi ends as well.
    next_case
    li      t0, SIE
    csrc    mstatus, t0
    csrr    t0, time
    li      t1, 100000
    add     t0, t0, t1
    csrw    STIMECMP, t0
    call_in S_MODE, sleep_once
    expect  a0, CAUSE_ECALL_S
    csrr    a0, time
    csrr    a1, STIMECMP
    bltu    a0, a1, 9f
    // The supervisor reads it in sip, and cannot clear it there.
    next_case
    call_in S_MODE, clear_sip
    trapped a0
    expect  a0, STI
    csrr    a0, mip
    andi    a0, a0, STI
    expect  a0, STI
    j       done
9:  fail
    .option norvc
read_stimecmp:
    csrr    a0, STIMECMP
    ecall
sleep:
    wfi
    j       sleep
sleep_once:
    csrr    a0, time
    csrr    a1, STIMECMP
    bgeu    a0, a1, 1f
    wfi
    j       sleep_once
1:  ecall
clear_sip:
    csrw    sip, zero
    csrr    a0, sip
    ecall
    .option rvc
done:
    PRIVILEGED_END
