// Tries to change what belongs to the whole machine, from supervisor mode. s11 counts traps, s8
// attempts that have to trap; calls to the firmware have to fail.
#include "guest.h"
    .macro REFUSED
    addi s8, s8, 1
    .endm
    .macro CALL extension, function
    li a7, \extension
    li a6, \function
    ecall
    .endm
    .macro CALL_FAILS extension, function
    CALL \extension, \function
    bltz a0, 1f
    addi s9, s9, 1
1:
    .endm
    .section .text.start
    .globl _start
_start:
    la t0, handler
    csrw stvec, t0
    li s11, 0
    li s8, 0
    li s9, 0
    TELL "meddle: begins\n"
// Machine mode's registers: status, delegation, vector, protection, environment, counters, triggers.
    .irp number, 0x300,0x301,0x302,0x303,0x304,0x305,0x306,0x30a,0x320,0x340,0x341,0x342,0x343,0x344
    REFUSED
    csrr t0, \number
    REFUSED
    csrw \number, t0
    .endr
    .irp number, 0x3a0,0x3a2,0x3b0,0x3b1,0x3bf,0x747,0xb00,0xb02,0xf11,0xf12,0xf13,0xf14,0x7a0,0x7a1,0x7b0
    REFUSED
    csrr t0, \number
    REFUSED
    csrw \number, t0
    .endr
// A hypervisor's, and those of its guests' supervisor.
    .irp number, 0x600,0x602,0x603,0x604,0x605,0x606,0x60a,0x643,0x644,0x645,0x64a,0x680,0x200,0x204
    REFUSED
    csrr t0, \number
    REFUSED
    csrw \number, t0
    .endr
    .irp number, 0x205,0x240,0x241,0x242,0x243,0x244,0x24d,0x280,0xe12
    REFUSED
    csrr t0, \number
    REFUSED
    csrw \number, t0
    .endr
    REFUSED
    mret
    .irp function, 0x11, 0x31, 0x13, 0x33
    REFUSED
    .insn r 0x73, 0, \function, x0, x0, x0
    .endr
#ifndef WITHOUT_GUEST_LOADS
    .irp function, 0x30, 0x32, 0x34, 0x36
    REFUSED
    .insn r 0x73, 4, \function, x5, x8, x0
    .endr
    REFUSED
    .insn r 0x73, 4, 0x37, x0, x8, x5
#endif
// Other harts: by the CLINT's registers, and by calls.
    li s0, 0x2000004
    sw s0, 0(s0)                    // kept at 0
    li s0, 0x2004008
    sd zero, 0(s0)
    li a0, 0xfe
    li a1, 0
    CALL_FAILS 0x735049, 0
    li a0, 1
    li a1, 1
    CALL_FAILS 0x735049, 0
    li a0, 1
    la a1, _start
    CALL_FAILS 0x48534d, 0
    li a0, 5
    CALL_FAILS 0x48534d, 2
    li a0, 2
    li a1, 0
    CALL_FAILS 0x52464e43, 1
    li a0, 1
    li a1, 0
    CALL_FAILS 0x52464e43, 6        // hfence
    li a0, 0
    li a1, 0
    li a2, 0
    CALL_FAILS 0x41504d49, 0        // none such
// The timer, its own: in the past, and never taken.
    li a0, 0
    CALL 0x54494d45, 0
// Text that would fill the monitor's memory.
    li a0, 0x7000000
    li a1, 0x80a00000
    li a2, 0
    CALL 0x4442434e, 0
    la s1, 0x80000000
    sfence.vma
    sfence.vma s1
    bne s8, s11, 2f
    bnez s9, 2f
    TELL "\nmeddle: all attempts were refused\n"
    j 3f
2:  TELL "\nmeddle: SOME ATTEMPTS WERE NOT REFUSED "
    sub a0, s8, s11
    slli s9, s9, 32
    or a0, a0, s9
    TELL_NUMBER
// And the machine's end, once there is someone to see it.
3:  li a0, 1
    li a1, 0
    CALL 0x53525354, 0
4:  j 4b

    .balign 4
handler:
    addi s11, s11, 1
    csrr t5, sepc
    addi t5, t5, 4
    csrw sepc, t5
    sret
