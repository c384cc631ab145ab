// For programs that are machine-mode code of their own. They run pieces of themselves in a mode of
// their choice and look at the trap that ends each piece:
//
//     call_in U_MODE, label          returns with the trap in a0 = mcause, a1 = mtval, a2 = mepc;
//                               the piece starts with the caller's a3–a7, s8–s11 and t3–t5
//     trapped a0                what the piece had in a0 when it trapped
//     expect_trap CAUSE, VALUE  compares a0 and a1
//
// A piece ends by `ecall` where nothing else stops it. Traps that are delegated to supervisor mode
// arrive at an `ecall` there, so that scause and its neighbours are looked at afterwards.

#include "conformance.h"

#define U_MODE 0
#define S_MODE 1
#define M_MODE 3

#define CAUSE_FETCH_MISALIGNED 0
#define CAUSE_FETCH_ACCESS 1
#define CAUSE_ILLEGAL 2
#define CAUSE_BREAKPOINT 3
#define CAUSE_LOAD_MISALIGNED 4
#define CAUSE_LOAD_ACCESS 5
#define CAUSE_STORE_MISALIGNED 6
#define CAUSE_STORE_ACCESS 7
#define CAUSE_ECALL_U 8
#define CAUSE_ECALL_S 9
#define CAUSE_ECALL_M 11
#define CAUSE_FETCH_PAGE 12
#define CAUSE_LOAD_PAGE 13
#define CAUSE_STORE_PAGE 15
#define INTERRUPT 0x8000000000000000

#define SIE (1 << 1)
#define MIE (1 << 3)
#define SPIE (1 << 5)
#define MPIE (1 << 7)
#define SPP (1 << 8)
#define MPP (3 << 11)
#define FS (3 << 13)
#define MPRV (1 << 17)
#define SUM (1 << 18)
#define MXR (1 << 19)
#define TVM (1 << 20)
#define TW (1 << 21)
#define TSR (1 << 22)

#define SSI (1 << 1)
#define MSI (1 << 3)
#define STI (1 << 5)
#define MTI (1 << 7)
#define SEI (1 << 9)
#define MEI (1 << 11)

#define CLINT_MSIP 0x2000000
#define CLINT_MTIMECMP 0x2004000
#define CLINT_MTIME 0x200bff8

.macro PRIVILEGED_BEGIN
    .section .text.start, "ax"
    .globl  _start
_start:
    li      gp, 0
    la      sp, stack_top
    la      t0, trap_to_machine
    csrw    mtvec, t0
    la      t0, trap_to_supervisor
    csrw    stvec, t0
    // Physical memory is open to all modes by the last entry; programs use those before it.
    li      t0, -1
    csrw    pmpaddr15, t0
    li      t0, 0x1f << 56
    csrw    pmpcfg2, t0
    j       program
    .text
program:
.endm

.macro PRIVILEGED_END
    .text
    li      gp, 0
fail_now:
    mv      a0, gp
    finish

// Runs a2 in mode a0; see above.
call_in_mode:
    addi    sp, sp, -64
    sd      ra, 0(sp)
    sd      s0, 8(sp)
    sd      s1, 16(sp)
    sd      s2, 24(sp)
    sd      s3, 32(sp)
    sd      gp, 40(sp)
    sd      tp, 48(sp)
    csrw    mscratch, sp
    li      t0, MPP
    csrc    mstatus, t0
    slli    t0, a0, 11
    csrs    mstatus, t0
    csrw    mepc, a2
    mret

    .balign 4
trap_to_machine:
    csrrw   sp, mscratch, sp
    beqz    sp, 1f
    sd      a0, 56(sp)
    la      a0, trapped_state
    sd      a1, 8(a0)
    sd      a2, 16(a0)
    sd      a3, 24(a0)
    sd      a4, 32(a0)
    sd      a5, 40(a0)
    ld      a1, 56(sp)
    sd      a1, 0(a0)
    csrr    a1, mstatus
    sd      a1, 48(a0)
    csrw    mscratch, zero
    ld      ra, 0(sp)
    ld      s0, 8(sp)
    ld      s1, 16(sp)
    ld      s2, 24(sp)
    ld      s3, 32(sp)
    ld      gp, 40(sp)
    ld      tp, 48(sp)
    addi    sp, sp, 64
    // What runs next is machine mode without loads under another mode's rules.
    li      a0, MPRV
    csrc    mstatus, a0
    csrr    a0, mcause
    csrr    a1, mtval
    csrr    a2, mepc
    ret
1:  // A trap that nobody asked for.
    ori     a0, gp, 128
    finish

    .balign 4
trap_to_supervisor:
    ecall

    .data
    .balign 8
trapped_state:
    .skip   64
    .bss
    .balign 16
    .skip   2048
stack_top:
.endm

.macro call_in mode, target
    li      a0, \mode
    la      a2, \target
    call    call_in_mode
.endm
.macro trapped reg
    la      t0, trapped_state
    .ifc \reg, a0
    ld      a0, 0(t0)
    .endif
    .ifc \reg, a1
    ld      a1, 8(t0)
    .endif
    .ifc \reg, a4
    ld      a0, 32(t0)
    .endif
    .ifc \reg, mstatus
    ld      a0, 48(t0)
    .endif
.endm
.macro expect_trap cause, value
    expect  a0, \cause
    expect  a1, \value
.endm
// A register that must hold a constant.
.macro expect_csr csr, value
    csrr    a0, \csr
    expect  a0, \value
.endm
// Writes a constant and reads back what became of it.
.macro legalised csr, value, result
    li      t0, \value
    csrw    \csr, t0
    csrr    a0, \csr
    expect  a0, \result
.endm
.macro set csr, value
    li      t0, \value
    csrw    \csr, t0
.endm
