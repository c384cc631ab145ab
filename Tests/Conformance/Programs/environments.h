// How a program starts and ends in each environment.

#define FINISHER 0x100000
#define MSTATUS_FS (1 << 13)
#define MSTATUS_MPP_S (1 << 11)
#define MSTATUS_SUM (1 << 18)

#define PTE_V 0x01
#define PTE_R 0x02
#define PTE_W 0x04
#define PTE_X 0x08
#define PTE_U 0x10
#define PTE_G 0x20
#define PTE_A 0x40
#define PTE_D 0x80

// Between the program's virtual and physical addresses; canonical in every mode.
#define OFFSET 0xffffffff00000000

// Ends the run from machine mode with the status in a0.
.macro finish
    li      t0, FINISHER
    li      t1, 0x5555
    beqz    a0, 1f
    slli    t1, a0, 16
    li      t2, 0x3333
    or      t1, t1, t2
1:  sw      t1, 0(t0)
    j       1b
.endm

// Opens physical memory and the counters to the modes below; floating point on.
.macro open_machine
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    li      t0, MSTATUS_FS
    csrs    mstatus, t0
    li      t0, -1
    csrw    mcounteren, t0
    csrw    scounteren, t0
    // menvcfg, senvcfg: FIOM is 1, CBIE = 3, CBCFE and CBZE are set; a hart without them traps.
    la      t0, 1f
    csrw    mtvec, t0
    li      t0, 0xf0
    csrw    0x30a, t0
    csrw    0x10a, t0
    .balign 4
1:
.endm

#if defined(LINUX)

.macro BEGIN
    .section .text.start, "ax"
    .globl  _start
_start:
    j       program
    .text
program:
.endm
.macro END
    .text
    li      gp, 0
fail_now:
    mv      a0, gp
    li      a7, 93
    ecall
.endm

#else

// The status of a program below machine mode arrives as an `ecall` with a7 = 93; any other trap
// to machine mode is a failure of the case that runs, plus 128.
.macro machine_handler
    .balign 4
machine_trap:
    csrr    t0, mcause
    li      t1, 93
    addi    t0, t0, -8
    sltiu   t0, t0, 4
    beqz    t0, 2f
    bne     a7, t1, 2f
    finish
2:  ori     a0, gp, 128
    finish
.endm

#if defined(MACHINE)

.macro BEGIN
    .section .text.start, "ax"
    .globl  _start
_start:
    open_machine
    la      t0, machine_trap
    csrw    mtvec, t0
    la      sp, stack_top
    j       program
    machine_handler
    .text
program:
.endm

#elif defined(SUPERVISOR)

// Sv48: a root, a table for the top 512 GiB, one for the top GiB with superpages in it.
.macro BEGIN
    .section .text.start, "ax"
    .globl  _start
_start:
    open_machine
    la      t0, machine_trap
    csrw    mtvec, t0
    la      t0, root
    la      t1, level2
    srli    t2, t1, 2
    ori     t2, t2, PTE_V
    li      t3, 4088
    add     t3, t3, t0
    sd      t2, 0(t3)
    la      t2, level1
    srli    t2, t2, 2
    ori     t2, t2, PTE_V
    // 0xffffffff80000000: index 510 in the second table, 0 in the third.
    li      t3, 510 * 8
    add     t3, t3, t1
    sd      t2, 0(t3)
    la      t1, level1
    li      t2, (0x80000000 >> 2) | PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D | PTE_G
    sd      t2, 0(t1)
    srli    t0, t0, 12
    li      t1, 9 << 60
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma
    li      t0, 3 << 11
    csrc    mstatus, t0
    li      t0, MSTATUS_MPP_S
    csrs    mstatus, t0
    la      t0, program
    la      sp, stack_top
    li      t1, OFFSET
    add     t0, t0, t1
    add     sp, sp, t1
    csrw    mepc, t0
    mret
    machine_handler
    .bss
    .balign 4096
root:   .skip 4096
level2: .skip 4096
level1: .skip 4096
    .text
program:
.endm

#elif defined(USER)

// Sv39: the supervisor's identity superpage, and user pages of 4 KiB that its handler maps where
// they fault. Each fault takes another page away again; D is set at the first store only.
.macro BEGIN
    .section .text.start, "ax"
    .globl  _start
_start:
    open_machine
    la      t0, machine_trap
    csrw    mtvec, t0
    la      t0, root
    li      t2, (0x80000000 >> 2) | PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D | PTE_G
    sd      t2, 2 * 8(t0)
    la      t1, level1
    srli    t2, t1, 2
    ori     t2, t2, PTE_V
    li      t3, 510 * 8
    add     t3, t3, t0
    sd      t2, 0(t3)
    la      t2, level0
    srli    t2, t2, 2
    ori     t2, t2, PTE_V
    sd      t2, 0(t1)
    srli    t0, t0, 12
    li      t1, 8 << 60
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma
    la      t0, supervisor_trap
    csrw    stvec, t0
    li      t0, (1 << 12) | (1 << 13) | (1 << 15)
    csrw    medeleg, t0
    la      t0, saved
    csrw    sscratch, t0
    li      t0, 3 << 11
    csrc    mstatus, t0
    la      t0, program
    la      sp, stack_top
    li      t1, OFFSET
    add     t0, t0, t1
    add     sp, sp, t1
    csrw    mepc, t0
    mret
    machine_handler

    .balign 4
supervisor_trap:
    csrrw   t6, sscratch, t6
    sd      t0, 0(t6)
    sd      t1, 8(t6)
    sd      t2, 16(t6)
    sd      t3, 24(t6)
    // The page's index; outside of the program's two MiB the fault is the program's.
    csrr    t0, stval
    li      t1, 0xffffffff80000000
    sub     t0, t0, t1
    srli    t0, t0, 12
    li      t1, 512
    bgeu    t0, t1, 3f
    la      t1, level0
    slli    t2, t0, 3
    add     t1, t1, t2
    ld      t2, 0(t1)
    andi    t3, t2, PTE_V
    bnez    t3, 1f
    li      t3, 0x80000
    add     t2, t0, t3
    slli    t2, t2, 10
    ori     t2, t2, PTE_V | PTE_R | PTE_W | PTE_X | PTE_U | PTE_A
1:  csrr    t3, scause
    addi    t3, t3, -15
    bnez    t3, 2f
    ori     t2, t2, PTE_D
2:  sd      t2, 0(t1)
    sfence.vma
    // Take away the page whose turn it is, unless it is this one.
    ld      t2, 32(t6)
    addi    t2, t2, 1
    andi    t2, t2, 511
    sd      t2, 32(t6)
    beq     t2, t0, 3f
    la      t1, level0
    slli    t3, t2, 3
    add     t1, t1, t3
    sd      zero, 0(t1)
    li      t1, 0xffffffff80000000
    slli    t3, t2, 12
    add     t1, t1, t3
    sfence.vma t1, zero
    ld      t0, 0(t6)
    ld      t1, 8(t6)
    ld      t2, 16(t6)
    ld      t3, 24(t6)
    csrrw   t6, sscratch, t6
    sret
3:  // Nothing to take away, or a fault outside: told apart by the index.
    li      t1, 512
    bltu    t0, t1, 4f
    li      a7, 0
    ecall
4:  ld      t0, 0(t6)
    ld      t1, 8(t6)
    ld      t2, 16(t6)
    ld      t3, 24(t6)
    csrrw   t6, sscratch, t6
    sret
    .data
    .balign 8
saved:  .dword 0, 0, 0, 0, 0
    .bss
    .balign 4096
root:   .skip 4096
level1: .skip 4096
level0: .skip 4096
    .text
program:
.endm

#endif

.macro END
    .text
    li      gp, 0
fail_now:
    mv      a0, gp
    li      a7, 93
    ecall
    .bss
    .balign 16
    .skip   1024
stack_top:
.endm

#endif
