// Interrupts: enables, priorities, delegation, vectors, wfi.
#include "privileged.h"

// Each vector entry leaves its number in t3 and goes to \target; t3 to t5 are the handlers' own.
.macro vectors name, target
    .balign 256
\name:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .option norvc
    j       \name\()_\n
    .option rvc
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
\name\()_\n:
    li      t3, \n
    j       \target
    .endr
.endm

// Raises what \bits says by mip, msip by its register, mtip by its comparison.
.macro raise_all
    set     mip, SSI | STI | SEI
    li      t0, CLINT_MSIP
    li      t1, 1
    sw      t1, 0(t0)
    li      t0, CLINT_MTIMECMP
    sd      zero, 0(t0)
    // The lines are seen at once or soon.
1:  csrr    t0, mip
    andi    t0, t0, MSI | MTI
    li      t1, MSI | MTI
    bne     t0, t1, 1b
.endm
.macro lower_all
    csrw    mip, zero
    li      t0, CLINT_MSIP
    sw      zero, 0(t0)
    li      t0, CLINT_MTIMECMP
    li      t1, -1
    sd      t1, 0(t0)
1:  csrr    t0, mip
    andi    t0, t0, MSI | MTI
    bnez    t0, 1b
.endm

.macro expect_vector number
    li      t4, \number
    beq     t3, t4, 7f
    fail
7:
.endm

    PRIVILEGED_BEGIN
    csrw    mie, zero
    csrw    mideleg, zero
    lower_all

    // Pending bits appear in mip, and nothing happens while mie has none of them.
    next_case
    raise_all
    csrr    a0, mip
    expect  a0, SSI | STI | SEI | MSI | MTI
    csrsi   mstatus, MIE
    csrci   mstatus, MIE

    // One at a time, in each mode: machine mode only under MIE, the others always.
    .irp bit, 1, 3, 5, 7, 9
    next_case
    set     mie, 1 << \bit
    li      t0, MPIE
    csrc    mstatus, t0
    call_in M_MODE, quiet               // MIE stays off
    expect  a0, CAUSE_ECALL_M
    call_in S_MODE, quiet
    expect  a0, INTERRUPT | \bit
    expect  a1, 0
    la      a0, quiet
    bne     a0, a2, 9f
    call_in U_MODE, quiet
    expect  a0, INTERRUPT | \bit
    li      t0, MPIE
    csrs    mstatus, t0
    call_in M_MODE, quiet
    expect  a0, INTERRUPT | \bit
    li      t0, MPIE
    csrc    mstatus, t0
    j       8f
9:  fail
8:
    .endr

    // All at once: MSI, MTI, SEI, SSI, STI. Each is disabled when it came.
    next_case
    set     mie, SSI | STI | SEI | MSI | MTI
    .irp bit, 3, 7, 9, 1, 5
    call_in U_MODE, quiet
    expect  a0, INTERRUPT | \bit
    li      t0, 1 << \bit
    csrc    mie, t0
    .endr
    call_in U_MODE, quiet
    expect  a0, CAUSE_ECALL_U

    // Delegated ones come to supervisor mode, behind all of machine mode's.
    next_case
    set     mideleg, SSI | STI | SEI
    set     mie, SSI | STI | SEI | MTI
    call_in U_MODE, quiet
    expect  a0, INTERRUPT | 7
    csrr    a0, sip
    expect  a0, SSI | STI | SEI
    csrr    a0, sie
    expect  a0, SSI | STI | SEI
    set     mie, SSI | STI | SEI
    .irp bit, 9, 1, 5
    next_case
    call_in U_MODE, quiet
    expect  a0, CAUSE_ECALL_S           // by the supervisor's handler
    csrr    a0, scause
    expect  a0, INTERRUPT | \bit
    csrr    a0, stval
    expect  a0, 0
    csrr    a0, sepc
    la      a1, quiet
    sub     a0, a0, a1
    expect  a0, 0
    csrr    a0, sstatus
    li      t0, SPP
    and     a0, a0, t0
    expect  a0, 0
    // In supervisor mode under SIE only.
    li      t0, SIE
    csrc    mstatus, t0
    csrw    scause, zero
    call_in S_MODE, quiet
    expect  a0, CAUSE_ECALL_S
    csrr    a0, scause
    expect  a0, 0
    li      t0, SIE
    csrs    mstatus, t0
    call_in S_MODE, quiet
    csrr    a0, scause
    expect  a0, INTERRUPT | \bit
    csrr    a0, sstatus
    li      t0, SPP | SPIE | SIE
    and     a0, a0, t0
    expect  a0, SPP | SPIE
    // Machine mode never hears a delegated one.
    li      t0, MPIE
    csrs    mstatus, t0
    call_in M_MODE, quiet
    expect  a0, CAUSE_ECALL_M
    li      t0, 1 << \bit
    csrc    mie, t0
    .endr
    csrci   mstatus, SIE

    // sip: the supervisor clears its own software interrupt, and no more.
    next_case
    raise_all
    call_in S_MODE, clear_sip
    csrr    a0, mip
    expect  a0, STI | SEI | MSI | MTI
    csrw    mideleg, zero
    csrr    a0, sip
    expect  a0, 0
    csrr    a0, sie
    expect  a0, 0
    // Nor anything that is not delegated.
    set     mip, SSI | STI | SEI
    call_in S_MODE, clear_sip
    csrr    a0, mip
    expect  a0, SSI | STI | SEI | MSI | MTI

    // Vectored: interrupts go to base + 4 × cause, exceptions to the base.
    .irp bit, 1, 3, 5, 7, 9
    next_case
    la      t0, machine_vectors + 1
    csrw    mtvec, t0
    set     mie, 1 << \bit
    li      t3, -1
    la      t5, 1f
    csrsi   mstatus, MIE
    nop
    fail
1:  expect_vector \bit
    csrr    a0, mcause
    expect  a0, INTERRUPT | \bit
    .endr
    next_case
    csrw    mie, zero
    la      t5, 1f
    ecall
    fail
1:  expect_vector 0
    la      t0, trap_to_machine
    csrw    mtvec, t0
    // The supervisor's.
    set     mideleg, SSI | STI | SEI
    la      t0, supervisor_vectors + 1
    csrw    stvec, t0
    .irp bit, 1, 5, 9
    next_case
    set     mie, 1 << \bit
    call_in U_MODE, quiet
    expect  a0, CAUSE_ECALL_S
    expect_vector \bit
    .endr
    next_case
    csrw    mie, zero
    set     medeleg, 1 << CAUSE_ECALL_U
    call_in U_MODE, quiet
    expect  a0, CAUSE_ECALL_S
    expect_vector 0
    csrw    medeleg, zero
    la      t0, trap_to_supervisor
    csrw    stvec, t0

    // A write that makes an interrupt deliverable: it comes before the instruction behind.
    next_case
    csrw    mideleg, zero
    lower_all
    set     mie, SSI
    li      t0, MPIE
    csrs    mstatus, t0
    call_in M_MODE, raise_itself
    expect  a0, INTERRUPT | 1
    trapped a0
    expect  a0, SSI
    csrw    mip, zero

    // wfi ends for an enabled interrupt although MIE is off, and goes on behind itself.
    next_case
    csrci   mstatus, MIE
    set     mie, MTI
    li      t1, CLINT_MTIME
    ld      t0, 0(t1)
    addi    t0, t0, 200
    li      t1, CLINT_MTIMECMP
    sd      t0, 0(t1)
1:  wfi
    csrr    a0, mip
    andi    a0, a0, MTI
    beqz    a0, 1b
    csrw    mie, zero
    lower_all
    // Taken out of wfi: mepc is behind it.
    next_case
    set     mie, MTI
    li      t1, CLINT_MTIME
    ld      t0, 0(t1)
    li      t1, 100000
    add     t0, t0, t1
    li      t1, CLINT_MTIMECMP
    sd      t0, 0(t1)
    call_in S_MODE, sleep
    expect  a0, INTERRUPT | 7
    la      a0, sleep_end
    bne     a0, a2, 9f
    lower_all
    j       done
9:  fail


    .option norvc
quiet:
    nop
    nop
    ecall
clear_sip:
    csrw    sip, zero
    ecall
raise_itself:
    li      a0, SSI
    csrs    mip, a0
    li      a0, 0
    ecall
sleep:
    wfi
sleep_end:
    j       sleep
    .option rvc
    vectors machine_vectors, back
back:
    csrci   mstatus, MIE
    li      t4, MPIE
    csrc    mstatus, t4
    jr      t5
    vectors supervisor_vectors, supervisor_back
supervisor_back:
    ecall
done:
    PRIVILEGED_END
