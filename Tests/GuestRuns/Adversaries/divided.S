// Runs code in a page that its own protection divides, and changes page tables under it.
    .section .text.start,"ax"
    .globl _start
    .macro PUTR
    li t6, 0x10000000
    sb a0, 0(t6)
    .endm
_start:
    li s1, 0x80300000      // root
    li s2, 0x80301000      // level 1
    li s5, 0x80302000      // level 0
    li t0, (0x80000000>>2) | 0xcf
    sd t0, 16(s1)
    li t0, 0xcf
    sd t0, 0(s1)
    srli t0, s2, 2
    ori t0, t0, 1
    sd t0, 8(s1)
    srli t0, s5, 2
    ori t0, t0, 1
    sd t0, 0(s2)
    li t0, (0x80401000>>2) | 0xc7
    sd t0, 8(s5)
    li t0, 0x80401000
    li t1, 'O'
    sb t1, 0(t0)
    li t0, 0x80601000
    li t1, 'N'
    sb t1, 0(t0)
    la t0, mtrap
    csrw mtvec, t0
    li s9, 0
    // open
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    sfence.vma
    li t0, 0x80300
    li t1, 8
    slli t1, t1, 60
    or t0, t0, t1
    csrw satp, t0
    li t0, 3<<11
    csrc mstatus, t0
    li t0, 1<<11
    csrs mstatus, t0
    la t0, s1code
    csrw mepc, t0
    mret
    .balign 4
mtrap:
    csrr t0, mcause
    li t1, 9
    bne t0, t1, bad
    addi s9, s9, 1
    li t0, 1
    beq s9, t0, protect
    // open again
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    sfence.vma
    j back
protect:
    la t0, hole; srli t0, t0, 2
    csrw pmpaddr0, t0
    li t0, -1
    csrw pmpaddr1, t0
    li t0, 0x1f18
    csrw pmpcfg0, t0
    sfence.vma
back:
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    mret
bad:
    li a0, 'X'
    PUTR
    csrr a0, mcause
    addi a0, a0, '0'
    PUTR
    j fin
s1code:
    li s4, 0x40001000
    lbu a0, 0(s4)
    PUTR
    lbu a0, 0(s4)
    ecall              // -> protected
    lbu a0, 0(s4)
    PUTR
    li t0, (0x80601000>>2) | 0xc7
    sd t0, 8(s5)
    sfence.vma
    lbu a0, 0(s4)
    PUTR
    ecall              // -> open
    lbu a0, 0(s4)
    PUTR
    sfence.vma
    lbu a0, 0(s4)
    PUTR
    li a0, 10
    PUTR
fin:
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
3:  j 3b
    .balign 8
hole: .dword 0
