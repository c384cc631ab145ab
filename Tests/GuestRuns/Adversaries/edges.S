// What a monitor is tempted to leave out: floating-point loads and stores to devices and to page
// tables, and physical memory protection of a guest's own. Machine mode at first; each number that is
// written must be the bare machine's. A trap writes its cause and value and skips the instruction; an
// ecall from below goes on at s10.
#include "guest.h"
    .equ TIMER, 0x02004000          // mtimecmp
    .equ CLOSED, 0x80610000         // a page that only machine mode may use
    .equ HOLE, 0x80620000           // eight bytes of one
    .equ CODE, 0x80630000           // to be executed only
    .equ READ, 0x80640000           // to be read only
    .macro SHOW register
    mv a0, \register
    TELL "edges: "
    TELL_NUMBER
    .endm

    .section .text.start
    .globl _start
_start:
    la t0, trapped
    csrw mtvec, t0
    li t0, 0x6000
    csrs mstatus, t0
// A device's registers.
    li s0, TIMER
    li s1, 0x7123456789abcdef
    fmv.d.x f3, s1
    fsd f3, 0(s0)
    ld s2, 0(s0)
    SHOW s2
    fld f4, 0(s0)
    fmv.x.d s2, f4
    SHOW s2
    flw f5, 4(s0)
    fmv.x.d s2, f5                  // boxed
    SHOW s2
    fsw f3, 4(s0)
    ld s2, 0(s0)
    SHOW s2
    csrr s2, mstatus
    SHOW s2
// Nobody's address.
    li s0, 0x400000000
    fsd f3, 0(s0)
    flw f3, 0(s0)
    fmv.x.d s2, f3
    SHOW s2
// Protection: four regions, and all the rest open.
    li t0, (CLOSED >> 2) | 0x1ff
    csrw pmpaddr0, t0
    li t0, (HOLE >> 2)
    csrw pmpaddr1, t0
    li t0, ((HOLE + 8) >> 2)
    csrw pmpaddr2, t0
    li t0, (CODE >> 2) | 0x1ff
    csrw pmpaddr3, t0
    li t0, (READ >> 2) | 0x1ff
    csrw pmpaddr4, t0
    li t0, -1
    csrw pmpaddr5, t0
    li t0, 0x1f191c080018           // NAPOT none, off, TOR none, NAPOT x, NAPOT r, all
    csrw pmpcfg0, t0
    li s0, CODE
    li t0, 0x000d0067               // jr s10
    sw t0, 0(s0)
    fence.i
    la t0, root
    li t1, 0xcf                     // devices
    sd t1, 0(t0)
    li t1, (0x80000000 >> 2) | 0xcf
    sd t1, 16(t0)
    la s10, 1f
    li s3, 0                        // no paging
    j down
1:  la s10, 2f
    la s3, root
    srli s3, s3, 12
    li t0, 8 << 60
    or s3, s3, t0
    j down
2:  TELL "edges: protection is lifted\n"
    li t0, 0x1f1f1f1f1f1f
    csrw pmpcfg0, t0
    la s10, 3f
    j down
3:  FINISH

// Supervisor mode, with s3 in satp.
down:
    csrw satp, s3
    sfence.vma
    li t0, 0x1800
    csrc mstatus, t0
    li t0, 0x0800
    csrs mstatus, t0
    la t0, below
    csrw mepc, t0
    mret
below:
    .irp place, CLOSED, HOLE - 8, HOLE, HOLE + 8, CODE, READ
    li s0, \place
    li s2, 0x77
    sd s0, 0(s0)
    ld s2, 0(s0)
    SHOW s2
    fsd f3, 8(s0)
    amoor.d s2, zero, (s0)
    SHOW s2
    .endr
// Eight bytes of which one lies in the hole.
    li s0, HOLE - 7
    li s2, 0x55
    ld s2, 0(s0)
    SHOW s2
// Code that may be run: it comes back by s10.
    mv s4, s10
    la s10, 1f
    li s0, CODE
    li t0, 0x000d0067
    sw t0, 0(s0)
    fence.i
    jr s0
1:  mv s10, s4
// A page table that is in use, by way of the floating-point unit.
    la s0, root
    li s1, (0xc0000000 >> 2) | 0xcf
    fmv.d.x f6, s1
    fsd f6, 24(s0)
    fld f7, 16(s0)
    fmv.x.d s2, f7
    SHOW s2
    ld s2, 24(s0)
    SHOW s2
    sfence.vma
    ecall

    .balign 4
trapped:
    csrr s5, mcause
    addi s6, s5, -9
    bnez s6, 1f
    jr s10
1:  csrr s6, mtval
    SHOW s5
    SHOW s6
    csrr s5, mepc
    addi s5, s5, 4
    csrw mepc, s5
    mret

    .section .data
    .balign 4096
root:
    .space 4096
