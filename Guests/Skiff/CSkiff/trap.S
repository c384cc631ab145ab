// Trap entry and return, the switch between kernel stacks, and attempts that may trap.
// A frame is x0…x31 (x0's place is unused), then pc, status, cause and value: TrapFrame.swift.
    .equ FRAME, 36 * 8

    .macro EACH operation
    .irp n, 1,3,4,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \operation x\n, \n*8(sp)
    .endr
    .endm

// With sp at the new frame and the interrupted sp in the scratch register, which becomes `scratch`.
    .macro SAVE level, scratch
    sd x5, 5*8(sp)
    csrrw t0, \level\()scratch, \scratch
    sd t0, 2*8(sp)
    EACH sd
    csrr t0, \level\()epc
    sd t0, 32*8(sp)
    csrr t0, \level\()status
    sd t0, 33*8(sp)
    csrr t0, \level\()cause
    sd t0, 34*8(sp)
    csrr t0, \level\()tval
    sd t0, 35*8(sp)
    mv a0, sp
    .endm

    .macro RESTORE level
    ld t0, 33*8(sp)
    csrw \level\()status, t0
    ld t0, 32*8(sp)
    csrw \level\()epc, t0
    EACH ld
    ld x5, 5*8(sp)
    ld x2, 2*8(sp)
    .endm

    .text
// sscratch is the top of the kernel stack while a program runs and 0 while the kernel runs.
    .balign 4
    .globl skiff_trap_entry
skiff_trap_entry:
    csrrw sp, sscratch, sp
    bnez sp, 1f
    csrr sp, sscratch
1:  addi sp, sp, -FRAME
    SAVE s, zero
    call skiff_trap
    .globl skiff_trap_return
skiff_trap_return:
    ld t0, 33*8(sp)
    andi t0, t0, 1 << 8         // sstatus.SPP: back into the kernel
    bnez t0, 1f
    addi t0, sp, FRAME
    csrw sscratch, t0
1:  RESTORE s
    sret

// Machine mode is entered from supervisor mode only; mscratch is the top of its stack.
    .balign 4
    .globl skiff_machine_trap_entry
skiff_machine_trap_entry:
    csrrw sp, mscratch, sp
    addi sp, sp, -FRAME
    SAVE m, zero
    call skiff_machine_trap
    addi t0, sp, FRAME
    csrw mscratch, t0
    RESTORE m
    mret

// What nanobench measures traps with: steps over the instruction. Who installs it owns t6, and
// gets the kernel's own entry back for an ecall with a7 = 0.
    .balign 4
    .globl skiff_skip_entry
skiff_skip_entry:
    beqz a7, skiff_trap_entry
    csrr t6, sepc
    addi t6, t6, 4
    csrw sepc, t6
    sret

// What nanobench calls.
    .globl skiff_return
skiff_return:
    ret

    .macro CALLEE_SAVED operation, base
    \operation ra, 0(\base)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    \operation s\n, 16+8*\n(\base)
    .endr
    .endm

    .globl skiff_switch
skiff_switch:
    CALLEE_SAVED sd, a0
    sd sp, 8(a0)
    CALLEE_SAVED ld, a1
    ld sp, 8(a1)
    ret

    .globl skiff_attempt
skiff_attempt:
    addi sp, sp, -112
    CALLEE_SAVED sd, sp
    lla t0, skiff_attempt_stack
    sd sp, (t0)
    mv t0, a0
    mv a0, a1
    mv a1, a2
    jalr t0
    lla t0, skiff_attempt_value
    sd a0, (t0)
    li a0, 0
1:  lla t0, skiff_attempt_stack
    ld sp, (t0)
    sd zero, (t0)
    CALLEE_SAVED ld, sp
    addi sp, sp, 112
    ret
// The trap handler comes back here when the attempt trapped.
    .globl skiff_attempt_recover
skiff_attempt_recover:
    li a0, 1
    j 1b

    .bss
    .balign 8
    .globl skiff_attempt_stack
skiff_attempt_stack:
    .dword 0
    .globl skiff_attempt_value
skiff_attempt_value:
    .dword 0
