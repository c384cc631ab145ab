// The way into the guest and out of it. A frame (TrapFrame in VCPU.swift) has, in words of eight
// bytes: x1 to x31 at their numbers, then
    .equ PC, 32*8
    .equ GUEST_ROOT, 33*8
    .equ MONITOR_ROOT, 34*8
    .equ TRAP_PAGE, 35*8
    .equ OWN_ADDRESS, 36*8          // of the frame, in the trap page's neighbourhood
    .equ MONITOR_ADDRESS, 37*8      // of the frame, in the monitor's tables
    .equ LEAVE_ADDRESS, 38*8        // of `leave`, in the trap page where it is now
    .equ CAUSE, 40*8
    .equ VALUE, 41*8
    .equ TRAPPED, 42*8              // address of keel_trapped
    .equ MONITOR_STACK, 44*8

    .macro EACH operation
    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \operation x\n, \n*8(sp)
    .endr
    .endm

    .macro ENTER fence
    csrrw sp, sscratch, sp
    EACH sd
    csrr t0, sscratch
    sd t0, 2*8(sp)
    csrr t0, sepc
    sd t0, PC(sp)
    csrr a1, scause
    csrr a2, stval
    ld t0, MONITOR_ROOT(sp)
    csrw satp, t0
    \fence
    ld t0, TRAPPED(sp)
    ld a0, MONITOR_ADDRESS(sp)
    ld sp, MONITOR_STACK(sp)
    jr t0
    .endm
    .macro LEAVE fence
    ld t0, GUEST_ROOT(sp)
    csrw satp, t0
    \fence
    ld t0, PC(sp)
    csrw sepc, t0
    csrw sscratch, sp
    EACH ld
    ld sp, 2*8(sp)
    sret
    .endm

// The trap page: mapped at the same address in the guest's shadow and in the monitor's own tables, so
// that `satp` can change between two of its instructions. sscratch is the frame's own address.
    .section .text.trap_page, "ax"
    .option push
    .option norelax
    .balign 4096
    .globl keel_trap_page
keel_trap_page:
    ENTER
// leave: sp = the frame's own address. TrapFrame says how far it is into the page.
    .org 0x400
    LEAVE
// The same for a hart without ASIDs, which forgets its translations at each change of roots.
    .org 0x800
    ENTER sfence.vma
    .org 0xc00
    LEAVE sfence.vma
    .balign 4096
    .option pop

    .macro CALLEE_SAVED operation
    \operation ra, 0(sp)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    \operation s\n, 8+8*\n(sp)
    .endr
    .endm

    .text
// keel_enter(frame): runs the guest until a VMExit that keel_quick leaves alone.
    .globl keel_enter
keel_enter:
    addi sp, sp, -112
    CALLEE_SAVED sd
    sd sp, MONITOR_STACK(a0)
    lla t0, keel_trapped
    sd t0, TRAPPED(a0)
    // The trap page is where it is in roots of the shadow's mode, so the monitor's is of that mode.
    ld t1, MONITOR_ROOT(a0)
    csrw satp, t1
    ld t0, TRAP_PAGE(a0)
    csrw stvec, t0
    ld t0, LEAVE_ADDRESS(a0)
    ld sp, OWN_ADDRESS(a0)
    jr t0

// a0 = frame, a1 = scause, a2 = stval, on the monitor's stack: all of the guest's registers are free.
keel_trapped:
    mv s0, a0
    li t0, 2                        // an illegal instruction
    bne a1, t0, 1f
    call keel_quick
    beqz a0, 1f
    ld t0, LEAVE_ADDRESS(s0)
    ld sp, OWN_ADDRESS(s0)
    jr t0
1:  lla t0, keel_stray_trap
    csrw stvec, t0
    csrr t0, scause
    sd t0, CAUSE(s0)
    csrr t0, stval
    sd t0, VALUE(s0)
    CALLEE_SAVED ld
    addi sp, sp, 112
    ret

// keel_enter_hardware(frame): the guest has page tables of its own, so the monitor's stay.
    .globl keel_enter_hardware
keel_enter_hardware:
    addi sp, sp, -112
    CALLEE_SAVED sd
    sd sp, MONITOR_STACK(a0)
    lla t0, 2f
    csrw stvec, t0
    csrw sscratch, a0
    ld t0, PC(a0)
    csrw sepc, t0
    mv sp, a0
    EACH ld
    ld sp, 2*8(sp)
    sret
    .balign 4
2:  csrrw sp, sscratch, sp
    EACH sd
    csrr t0, sscratch
    sd t0, 2*8(sp)
    csrr t0, sepc
    sd t0, PC(sp)
    csrr t0, scause
    sd t0, CAUSE(sp)
    csrr t0, stval
    sd t0, VALUE(sp)
    lla t0, keel_stray_trap
    csrw stvec, t0
    ld sp, MONITOR_STACK(sp)
    CALLEE_SAVED ld
    addi sp, sp, 112
    ret

// keel_save_float(area), keel_load_float(area): f0 to f31 and fcsr of a world that yields the hart.
    .option push
    .option arch, +f, +d
    .macro EACH_FLOAT operation
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \operation f\n, \n*8(a0)
    .endr
    .endm
    .globl keel_save_float
keel_save_float:
    li t0, 3 << 13
    csrs sstatus, t0
    EACH_FLOAT fsd
    csrr t0, fcsr
    sd t0, 32*8(a0)
    ret
    .globl keel_load_float
keel_load_float:
    li t0, 3 << 13
    csrs sstatus, t0
    ld t0, 32*8(a0)
    csrw fcsr, t0
    EACH_FLOAT fld
    ret
    .option pop
