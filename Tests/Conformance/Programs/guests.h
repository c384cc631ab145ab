// For programs about the hypervisor extension: guests, and the tables of both stages.
//
//     call_guest S_MODE, label       like call_in, in VS-mode or VU-mode
//     call_host S_MODE, label        call_in, in no guest
//     entry symbol, index, address, flags    an entry of a table
//     expect_guest_trap CAUSE, VALUE, ADDRESS, INSTRUCTION
//                               after call_guest: the trap in HS-mode, with htval for ADDRESS

#include "privileged.h"
    .option arch, +h, +svinval

#define CAUSE_ECALL_VS 10
#define CAUSE_FETCH_GUEST 20
#define CAUSE_LOAD_GUEST 21
#define CAUSE_VIRTUAL 22
#define CAUSE_STORE_GUEST 23

#define GVA (1 << 38)
#define MPV (1 << 39)
#define HGVA (1 << 6)
#define SPV (1 << 7)
#define SPVP (1 << 8)
#define HU (1 << 9)
#define VTVM (1 << 20)
#define VTW (1 << 21)
#define VTSR (1 << 22)

#define VSSI (1 << 2)
#define VSTI (1 << 6)
#define VSEI (1 << 10)

#define STCE (1 << 63)
#define ADUE (1 << 61)
#define VSTIMECMP 0x24d
#define MENVCFG 0x30a
#define HENVCFG 0x60a

#define V 0x01
#define R 0x02
#define W 0x04
#define X 0x08
#define UU 0x10
#define A 0x40
#define D 0x80

.macro call_guest mode, target
    li      t0, MPV
    csrs    mstatus, t0
    call_in \mode, \target
    csrr    s4, mstatus
    li      t0, MPV
    csrc    mstatus, t0
.endm
// After a trap from a guest into machine mode, call_in would go back there.
.macro call_host mode, target
    li      t0, MPV
    csrc    mstatus, t0
    call_in \mode, \target
.endm
// The symbol's address and the flags make an entry of \table.
.macro entry table, index, address, flags
    li      t1, \address
    entry_t1 \table, \index, \flags
.endm
.macro entry_to table, index, symbol, flags
    la      t1, \symbol
    entry_t1 \table, \index, \flags
.endm
.macro entry_t1 table, index, flags
    la      t0, \table
    li      t2, (\index) * 8
    add     t0, t0, t2
    srli    t1, t1, 2
    ori     t1, t1, \flags
    sd      t1, 0(t0)
.endm
.macro root csr, table
    la      t0, \table
    srli    t0, t0, 12
    li      t1, 8 << 60
    or      t0, t0, t1
    csrw    \csr, t0
.endm
.macro expect_guest_trap cause, value, address, instruction
    expect  a0, CAUSE_ECALL_S
    expect_csr scause, \cause
    expect_csr stval, \value
    expect_csr htval, (\address) >> 2
#ifndef QEMU7                           // which may leave it zero
    expect_csr htinst, \instruction
#endif
    // It came from VS-mode, with an address of the guest's.
    expect_csr hstatus, (2 << 32) | SPV | SPVP | HGVA
.endm
