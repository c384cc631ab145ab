// The hypervisor extension: worlds, delegation, virtual instructions, injected interrupts and timers.
#include "guests.h"

    PRIVILEGED_BEGIN
    li      t0, -1
    csrw    mcounteren, t0
    // A guest's interrupts never stay with machine mode.
    next_case
    csrw    mideleg, zero
    csrr    a0, mideleg
    andi    a0, a0, VSSI | VSTI | VSEI
    expect  a0, VSSI | VSTI | VSEI
    // A hypervisor enters VS-mode by sret; the guest's ecall is a cause of its own.
    next_case
    csrw    medeleg, zero
    li      a3, SPV
    la      a4, say
    call_host S_MODE, enter
    expect  a0, CAUSE_ECALL_VS
    expect_csr hstatus, 2 << 32
    csrr    a0, mepc
    la      t0, say
    sub     a0, a0, t0
    expect  a0, 0
    // The same trap taken to HS-mode: SPV and SPVP say where it came from.
    next_case
    set     medeleg, 1 << CAUSE_ECALL_VS
    li      a3, SPV
    la      a4, say
    call_host S_MODE, enter
    expect  a0, CAUSE_ECALL_S
    expect_csr scause, CAUSE_ECALL_VS
    expect_csr hstatus, (2 << 32) | SPV | SPVP
    expect_csr htval, 0
    expect_csr htinst, 0
    csrw    hstatus, zero
    // VU-mode's goes to VS-mode where both delegate it.
    next_case
    set     medeleg, 1 << CAUSE_ECALL_U
    set     hedeleg, 1 << CAUSE_ECALL_U
    la      t0, trap_in_guest
    csrw    vstvec, t0
    call_guest U_MODE, say
    expect  a0, CAUSE_ECALL_VS
    expect_csr vscause, CAUSE_ECALL_U
    expect_csr scause, CAUSE_ECALL_VS
    csrr    a0, vsepc
    la      t0, say
    sub     a0, a0, t0
    expect  a0, 0
    csrw    medeleg, zero
    csrw    hedeleg, zero

    // Virtual instructions, and what is illegal instead. mtval holds the instruction.
    .irp piece, read_hstatus, read_vsscratch, load_guest, fence_guest, fence_stage
    next_case
    call_guest S_MODE, \piece
    expect  a0, CAUSE_VIRTUAL
#ifndef QEMU7                           // which holds another instruction for some
    lwu     a0, 0(a2)
    sub     a0, a0, a1
    expect  a0, 0
#endif
#ifndef QEMU7                           // which mistakes a mode or a cause for some
    call_guest U_MODE, \piece
    expect  a0, CAUSE_VIRTUAL
    call_host U_MODE, \piece
    expect  a0, CAUSE_ILLEGAL
#endif
    .endr
    .irp piece, read_mscratch, write_cycle
    next_case
    call_guest S_MODE, \piece
    expect  a0, CAUSE_ILLEGAL
    .endr
    .macro trapped_by bit, piece
    next_case
    csrw    hstatus, zero
    la      t0, say
    csrw    vsepc, t0
    call_guest S_MODE, \piece
    expect  a0, CAUSE_ECALL_VS
    set     hstatus, \bit
    call_guest S_MODE, \piece
    expect  a0, CAUSE_VIRTUAL
    csrw    hstatus, zero
#ifndef QEMU7                           // which makes it illegal
    call_guest U_MODE, \piece
    expect  a0, CAUSE_VIRTUAL
#endif
    .endm
    li      t0, SPP
    csrs    vsstatus, t0
    trapped_by VTSR, return_from_trap
    trapped_by VTVM, fence
#ifndef QEMU7                           // which lets it be read
    trapped_by VTVM, read_satp
#endif
    // What is pending for the guest ends its sleep, though it does not listen.
    next_case
    li      t0, SIE
    csrc    vsstatus, t0
    set     hideleg, VSSI
    set     mie, VSSI
    set     hvip, VSSI
    call_guest S_MODE, sleep
    expect  a0, CAUSE_ECALL_VS
    csrw    hvip, zero
    csrw    mie, zero
    set     hstatus, VTW
    call_guest S_MODE, sleep
    expect  a0, CAUSE_VIRTUAL
    csrw    hstatus, zero
    call_guest U_MODE, sleep
    expect  a0, CAUSE_VIRTUAL
    csrw    hideleg, zero
#ifndef QEMU7                           // which has TVM for both worlds
    // TW comes first, and TVM is nothing to a guest.
    next_case
    li      t0, TW | TVM | TSR
    csrs    mstatus, t0
    call_guest S_MODE, sleep
    expect  a0, CAUSE_ILLEGAL
    call_guest S_MODE, fence
    expect  a0, CAUSE_ECALL_VS
    call_host S_MODE, fence
    expect  a0, CAUSE_ILLEGAL
    call_host S_MODE, read_hgatp
    expect  a0, CAUSE_ILLEGAL
    li      t0, TW | TVM | TSR
    csrc    mstatus, t0
#endif
    // Counters: hcounteren is the hypervisor's.
    next_case
    csrw    hcounteren, zero
    call_guest S_MODE, read_time
    expect  a0, CAUSE_VIRTUAL
    csrw    mcounteren, zero
    call_guest S_MODE, read_time
    expect  a0, CAUSE_ILLEGAL
    li      t0, -1
    csrw    mcounteren, t0
    csrw    hcounteren, t0
    // The guest's time is later by htimedelta.
    li      t0, 1 << 40
    csrw    htimedelta, t0
    call_guest S_MODE, read_time
    trapped a0
    srli    a0, a0, 40
    expect  a0, 1
    csrw    htimedelta, zero

    // An interrupt of the hypervisor's making: the guest takes it as a supervisor's own.
    .irp number, 2, 6, 10
    next_case
    set     hideleg, VSSI | VSTI | VSEI
    set     mie, VSSI | VSTI | VSEI
    set     hvip, 1 << \number
    la      t0, trap_in_guest
    csrw    vstvec, t0
    li      t0, SIE
    csrs    vsstatus, t0
    call_guest S_MODE, say
    expect  a0, CAUSE_ECALL_VS
    csrr    a0, vscause
    expect  a0, INTERRUPT | (\number - 1)
    // Not delegated, it is the hypervisor's, with its own number, whatever SIE says.
    csrw    hideleg, zero
    call_guest S_MODE, say
    expect  a0, CAUSE_ECALL_S
    csrr    a0, scause
    expect  a0, INTERRUPT | \number
    expect_csr hstatus, (2 << 32) | SPV | SPVP
    csrw    hstatus, zero
    csrw    hvip, zero
    .endr

    // The guest's timer: vstimecmp against its own time.
    next_case
    li      t0, STCE
    csrs    MENVCFG, t0
    csrs    HENVCFG, t0
    set     hideleg, VSTI
    set     mie, VSTI
    li      t0, -1
    csrw    VSTIMECMP, t0
    li      t0, 1 << 40
    csrw    htimedelta, t0
    csrr    a0, hip
    expect  a0, 0
    csrr    t1, time
    add     t1, t1, t0
    li      t2, 20000
    add     t1, t1, t2
    csrw    VSTIMECMP, t1
    csrr    a0, hip
    expect  a0, 0
    li      t0, SIE
    csrs    vsstatus, t0
    la      t0, trap_in_guest
    csrw    vstvec, t0
    call_guest S_MODE, spin
    expect  a0, CAUSE_ECALL_VS
    csrr    a0, vscause
    expect  a0, INTERRUPT | 5
    csrr    a0, hip
    expect  a0, VSTI
#ifndef QEMU7                           // which shows hvip there
    csrr    a0, vsip
    expect  a0, STI
#endif
    // Without the hypervisor's time it is far from due.
    csrw    htimedelta, zero
    csrr    a0, hip
    expect  a0, 0
    // The guest sleeps until then.
    next_case
    csrr    t1, time
    li      t2, 20000
    add     t1, t1, t2
    csrw    VSTIMECMP, t1
    li      t0, SIE
    csrs    vsstatus, t0
    call_guest S_MODE, sleep_long
    csrr    a0, vscause
    expect  a0, INTERRUPT | 5
    // stimecmp is the guest's own where the hypervisor lets it be.
    next_case
    call_guest S_MODE, write_stimecmp
    expect  a0, CAUSE_ECALL_VS
    expect_csr VSTIMECMP, -1
    li      t0, STCE
    csrc    HENVCFG, t0
    call_guest S_MODE, write_stimecmp
    expect  a0, CAUSE_VIRTUAL
    j       done

    .option norvc
    .balign 4
trap_in_guest:
    ecall
say:
    ecall
enter:
    csrw    hstatus, a3
    li      t0, SPP
    csrs    sstatus, t0
    csrw    sepc, a4
    sret
read_hstatus:
    csrr    a0, hstatus
    ecall
read_hgatp:
    csrr    a0, hgatp
    ecall
read_vsscratch:
    csrr    a0, vsscratch
    ecall
read_mscratch:
    csrr    a0, mscratch
    ecall
write_cycle:
    csrw    cycle, a0
    ecall
read_satp:
    csrr    a0, satp
    ecall
read_time:
    csrr    a0, time
    ecall
write_stimecmp:
    li      a0, -1
    csrw    0x14d, a0
    ecall
load_guest:
    hlv.w   a0, (a0)
    ecall
fence_guest:
    hfence.vvma
    ecall
fence_stage:
    hfence.gvma
    ecall
fence:
    sfence.vma
    ecall
return_from_trap:
    sret
sleep:
    wfi
    ecall
sleep_long:
    wfi
    j       sleep_long
spin:
    j       spin
    .option rvc
done:
    PRIVILEGED_END
