# The hot loop: what an interpreter does all day, with translation on. Built and run by
# `make bench-micro`. Starts in M-mode, maps memory onto itself with Sv39's gigabyte pages, and
# works in S-mode.
    .section .text.start, "ax"
    .globl _start
_start:
    # PMP: S-mode may touch everything (NAPOT over the whole address space).
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    # Root page table: gigabytes 0 (devices) and 2 (RAM); V R W X A D.
    la t0, root
    li t1, 0xcf
    sd t1, 0(t0)
    li t1, (0x80000000 >> 2) | 0xcf
    sd t1, 16(t0)
    srli t0, t0, 12
    li t1, 8
    slli t1, t1, 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    # mret to S-mode.
    li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 11
    csrs mstatus, t0
    la t0, supervisor
    csrw mepc, t0
    mret

supervisor:
    la s0, table
    li s1, 20000000     # rounds of twelve instructions
    li a0, 1
    li s2, 0xffff
1:  andi t0, a0, 0x7f8
    add t0, t0, s0
    ld t1, 0(t0)
    srli t2, a0, 8
    xor a0, t1, t2
    add a0, a0, s1
    and a0, a0, s2
    sd a0, 0(t0)
    andi t3, a0, 1
    beqz t3, 2f
    addi a0, a0, 3
2:  addi s1, s1, -1
    bnez s1, 1b
    # The test finisher: the run passed.
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
3:  j 3b

    .data
    .balign 4096
root:
    .space 4096
table:
    .space 4096
