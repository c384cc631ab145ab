// The first instructions. The linker script puts this first in the image; `skiff_entry` is one of
// the two starts below, chosen when linking.
    .section .text.boot, "ax"
    .globl _start
_start:
    j skiff_entry

// Under firmware, in supervisor mode: a0 = hart, a1 = device tree (SBI 2.0, 9.1).
    .globl skiff_start_supervisor
skiff_start_supervisor:
    call clear_bss
supervisor:
    csrw sie, zero
    csrw satp, zero
    csrw sscratch, zero
    lla t0, skiff_trap_entry
    csrw stvec, t0
    lla sp, skiff_boot_stack_top
    call skiff_supervisor
1:  wfi
    j 1b

// Out of reset, in machine mode: every hart comes here, the first one goes on.
    .globl skiff_start_machine
skiff_start_machine:
    csrw mie, zero
    lla t0, lottery
    li t1, 1
    amoadd.w.aqrl t0, t1, (t0)
    bnez t0, park
    call clear_bss
    li t0, 1
    lla t1, skiff_machine_mode
    sd t0, (t1)
    lla t0, skiff_machine_trap_entry
    csrw mtvec, t0
    lla sp, skiff_machine_stack_top
    csrw mscratch, sp
    call skiff_machine
park:
    wfi
    j park

    .globl skiff_enter_supervisor
skiff_enter_supervisor:
    lla t0, supervisor
    csrw mepc, t0
    li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 11
    csrs mstatus, t0
    mret

// Leaves a0 and a1 alone.
clear_bss:
    lla t0, skiff_bss_start
    lla t1, skiff_bss_end
1:  bgeu t0, t1, 2f
    sd zero, (t0)
    addi t0, t0, 8
    j 1b
2:  ret

// Another hart, started through HSM with a1 = a word to write: it writes 1, waits for an
// inter-processor interrupt, writes 2 and stops.
    .globl skiff_secondary
skiff_secondary:
    csrw sie, 2
    li t0, 1
    sd t0, (a1)
1:  wfi
    csrr t0, sip
    andi t0, t0, 2
    beqz t0, 1b
    csrc sip, 2
    li t0, 2
    sd t0, (a1)
    li a7, 0x48534d
    li a6, 1
    ecall
    j skiff_secondary

    .data
    .balign 8
lottery:
    .dword 0

    .bss
    .balign 8
    .globl skiff_machine_mode
skiff_machine_mode:
    .dword 0
    .globl skiff_secondary_mark
skiff_secondary_mark:
    .dword 0

// Not cleared: a stack and a heap need no zeroes.
    .section .noinit, "aw", @nobits
    .balign 16
    .space 0x8000
    .globl skiff_boot_stack_top
skiff_boot_stack_top:
    .space 0x4000
skiff_machine_stack_top:
    .globl skiff_heap_start
skiff_heap_start:
    .space 0x60000
    .globl skiff_heap_end
skiff_heap_end:
