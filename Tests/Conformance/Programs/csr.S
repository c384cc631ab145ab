// Control and status registers: which bits can be written, what illegal values become, who may
// access what.
#include "privileged.h"

.macro refused piece, mode
    call_in \mode, \piece
    expect  a0, CAUSE_ILLEGAL
.endm
.macro allowed piece, mode
    call_in \mode, \piece
    .if \mode == U_MODE
    expect  a0, CAUSE_ECALL_U
    .elseif \mode == S_MODE
    expect  a0, CAUSE_ECALL_S
    .else
    expect  a0, CAUSE_ECALL_M
    .endif
.endm
// A piece that reads, and one that writes, register \number.
.macro pieces name, number
    .option norvc
read_\name:
    csrr    a0, \number
    ecall
write_\name:
    csrw    \number, zero
    ecall
    .option rvc
.endm

    PRIVILEGED_BEGIN
    // Identity.
    next_case
    csrr    a0, mhartid
    expect  a0, 0
    csrr    a0, misa
    li      t0, 3 << 62
    and     a1, a0, t0
    expect  a1, 2 << 62
    // A C D F I M S U.
    li      t0, 0x14112d
    and     a0, a0, t0
    expect  a0, 0x14112d
    csrr    a0, mvendorid
    csrr    a0, marchid
    csrr    a0, mimpid
    csrr    a0, 0xf15

    // Registers that hold all they are given.
    .irp csr, mscratch, sscratch, mtval, stval
    next_case
    legalised \csr, -1, -1
    legalised \csr, 0x5aa5123487654321, 0x5aa5123487654321
    legalised \csr, 0, 0
    .endr
    // Return addresses are even.
    .irp csr, mepc, sepc
    next_case
#ifndef QEMU7                           // which keeps bit 0
    legalised \csr, 0x80000003, 0x80000002
#endif
    legalised \csr, 0xffffffff80000ffe, 0xffffffff80000ffe
    .endr
    // Vectors: mode 1 is there, 2 and 3 are not.
    .irp csr, mtvec, stvec
    next_case
    csrr    s8, \csr
    legalised \csr, 0x80000101, 0x80000101
    legalised \csr, 0x80000200, 0x80000200
    li      t0, 0x80000303
    csrw    \csr, t0
    csrr    a0, \csr
    andi    a0, a0, 2
    expect  a0, 0
    csrw    \csr, s8
    .endr

    // mstatus: UXL and SXL are 64 bits; MPP never holds 2; XS and the endianness bits stay zero.
    next_case
    legalised mstatus, 0, 0xa00000000
    li      t0, 3 << 11
    csrw    mstatus, t0
    csrr    a0, mstatus
    expect  a0, 0xa00001800
#ifndef QEMU7                           // whose MPP takes 2
    li      t0, 2 << 11
    csrw    mstatus, t0
    csrr    a0, mstatus
    srli    a0, a0, 11
    andi    a0, a0, 3
    addi    a0, a0, -2
    beqz    a0, 9f
#endif
    legalised mstatus, SIE | MIE | SPIE | MPIE | SPP, 0xa000001aa
    legalised mstatus, MPRV | SUM | MXR | TVM | TW | TSR, 0xa007e0000
    csrw    mstatus, zero
    // sstatus shows its own part of it, and changes no more.
    next_case
    li      t0, MIE | MPIE | MPP | TVM | TW | TSR | SUM | SPIE
    csrw    mstatus, t0
    csrr    a0, sstatus
    expect  a0, 0x200040020
    li      t0, MPP | MIE | TSR
    csrw    sstatus, zero
    csrr    a0, mstatus
    li      t0, MIE | MPIE | MPP | TVM | TW | TSR | SUM | SPIE
    and     a0, a0, t0
    expect  a0, MIE | MPIE | MPP | TVM | TW | TSR
    csrw    mstatus, zero
    j       8f
9:  fail
8:
    // Delegation: the supervisor's interrupts, and never an ecall from machine mode.
    next_case
    li      t0, -1
    csrw    mideleg, t0
    csrr    a0, mideleg
    andi    a0, a0, 0x7ff & ~(SSI | STI | SEI)
    li      t0, MSI | MTI | MEI
    csrr    a1, mideleg
    and     a1, a1, t0
    expect  a1, 0
    csrr    a1, mideleg
    andi    a1, a1, SSI | STI | SEI
    expect  a1, SSI | STI | SEI
    csrw    mideleg, zero
    csrr    a0, mideleg
    andi    a0, a0, SSI | STI | SEI
    expect  a0, 0
    li      t0, -1
    csrw    medeleg, t0
    csrr    a0, medeleg
    li      t0, (1 << CAUSE_ECALL_M)
    and     a1, a0, t0
#ifndef QEMU7                           // where the bit can be set
    expect  a1, 0
#endif
    li      t0, 0xb1fc & ~(1 << 10)
    and     a0, a0, t0
    expect  a0, 0xb1fc & ~(1 << 10)
    csrw    medeleg, zero
    // mie.
    next_case
    csrw    mie, zero
    li      t0, -1
    csrw    mie, t0
    csrr    a0, mie
#ifdef QEMU7                            // with the hypervisor's bits
    li      t0, 0xbbb
#else
    li      t0, 0xfff
#endif
    and     a0, a0, t0
    expect  a0, SSI | MSI | STI | MTI | SEI | MEI
    csrw    mie, zero
    // mip: the machine's own bits are read-only.
    next_case
    csrr    s8, mip
    li      t0, -1
    csrw    mip, t0
    csrr    a0, mip
    xor     a0, a0, s8
    andi    a0, a0, MSI | MTI
    expect  a0, 0
    csrw    mip, zero

    // satp: an unsupported mode changes nothing; a supported one is held with all its fields.
    next_case
    csrw    satp, zero
    li      t0, (8 << 60) | 0x80123
    csrw    satp, t0
    csrr    a0, satp
    expect  a0, (8 << 60) | 0x80123
    .irp mode, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15
    li      t0, (\mode << 60) | 0x456
    csrw    satp, t0
    csrr    a0, satp
    expect  a0, (8 << 60) | 0x80123
    .endr
    csrw    satp, zero
    expect_csr satp, 0

    // Counter enables, one bit at a time for each mode.
    next_case
    csrw    mcounteren, zero
    csrw    scounteren, zero
    .irp name, cycle, time, instret
    allowed read_\name, M_MODE
    refused read_\name, S_MODE
    refused read_\name, U_MODE
    .endr
    .irp pair, 0, 1, 2
    next_case
    li      t0, 1 << \pair
    csrw    mcounteren, t0
    csrw    scounteren, zero
    .if \pair == 0
    allowed read_cycle, S_MODE
    refused read_cycle, U_MODE
    refused read_time, S_MODE
    csrw    scounteren, t0
    li      t0, 1 << \pair
    csrw    scounteren, t0
    allowed read_cycle, U_MODE
    .elseif \pair == 1
    allowed read_time, S_MODE
    refused read_time, U_MODE
    refused read_instret, S_MODE
    li      t0, 1 << \pair
    csrw    scounteren, t0
    allowed read_time, U_MODE
    .else
    allowed read_instret, S_MODE
    refused read_instret, U_MODE
    refused read_cycle, S_MODE
    li      t0, 1 << \pair
    csrw    scounteren, t0
    allowed read_instret, U_MODE
    // Both must agree.
    csrw    mcounteren, zero
    refused read_instret, U_MODE
    .endif
    .endr

    // The lowest mode and read-only numbers.
    .irp name, mstatus, mtvec, mip, mhartid, pmpcfg0, pmpaddr0, mcycle
    next_case
    refused read_\name, U_MODE
    refused read_\name, S_MODE
    allowed read_\name, M_MODE
    .endr
    .irp name, sstatus, stvec, sip, satp, sepc
    next_case
    refused read_\name, U_MODE
    allowed read_\name, S_MODE
    allowed read_\name, M_MODE
    .endr
    .irp name, mhartid, cycle, time, instret
    next_case
    refused write_\name, M_MODE
    .endr
    // Numbers behind which nothing is.
    .irp name, nothing1, nothing2, nothing3, nothing4, nothing5
    next_case
    refused read_\name, M_MODE
    .endr

    // A CSR instruction that is refused writes no register; csrrs with x0 only reads.
    next_case
    li      a5, 0x77
    call_in U_MODE, keep_register
    expect  a0, CAUSE_ILLEGAL
    la      t0, trapped_state
    ld      a0, 40(t0)
    expect  a0, 0x77
    call_in M_MODE, read_read_only
    expect  a0, CAUSE_ECALL_M
    j       done

    pieces  cycle, cycle
    pieces  time, time
    pieces  instret, instret
    pieces  mstatus, mstatus
    pieces  mtvec, mtvec
    pieces  mip, mip
    pieces  mhartid, mhartid
    pieces  pmpcfg0, pmpcfg0
    pieces  pmpaddr0, pmpaddr0
    pieces  mcycle, mcycle
    pieces  sstatus, sstatus
    pieces  stvec, stvec
    pieces  sip, sip
    pieces  satp, satp
    pieces  sepc, sepc
    pieces  nothing1, 0x006
    pieces  nothing2, 0x10b
    pieces  nothing3, 0x318
    pieces  nothing4, 0x3a1
    pieces  nothing5, 0xfff
    .option norvc
keep_register:
    csrr    a5, mscratch
    ecall
read_read_only:
    csrrs   a0, mhartid, zero
    csrrc   a0, mhartid, zero
    csrrsi  a0, mhartid, 0
    ecall
    .option rvc
done:
    PRIVILEGED_END
