// The first instructions, under firmware, in supervisor mode: a0 = hart, a1 = device tree.
    .section .text.boot, "ax"
    .globl _start
_start:
    csrw sie, zero
    csrw satp, zero
    lla t0, keel_stray_trap
    csrw stvec, t0
    lla t0, keel_bss_start
    lla t1, keel_bss_end
1:  bgeu t0, t1, 2f
    sd zero, (t0)
    addi t0, t0, 8
    j 1b
2:  lla sp, keel_stack_top
    call keel_start
3:  wfi
    j 3b

// A further hart, from SBI's hart_start: a0 = hart, a1 = the top of a stack of its own.
    .globl keel_further
keel_further:
    csrw sie, zero
    csrw satp, zero
    lla t0, keel_stray_trap
    csrw stvec, t0
    mv sp, a1
    call keel_join
    j 3b

// A trap of the monitor itself is a fault of ours: it says which, and stops the machine.
    .balign 4
    .globl keel_stray_trap
keel_stray_trap:
    lla sp, keel_stack_top
    csrr a0, scause
    csrr a1, sepc
    csrr a2, stval
    call keel_stray
    j 3b

    .section .bss.lock, "aw", @nobits
    .balign 64
    .globl keel_lock
keel_lock:
    .space 64

    .section .noinit, "aw", @nobits
    .balign 16
    .space 0x10000
keel_stack_top:
    .globl keel_heap_start
keel_heap_start:
    .space 0x400000
    .globl keel_heap_end
keel_heap_end:
