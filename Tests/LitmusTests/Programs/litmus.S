// Litmus tests of the memory model (the RISC-V unprivileged specification, appendix A; Alglave et al.,
// "Litmus: running tests against hardware", 2011).
//
// Harts meet at a barrier and run through COUNT instances of a test, every other one backwards, so that
// they meet at one instance at the same moment. Then hart 0 counts what each instance gave and clears
// its variables. The histogram lies at 0x80200000, eight bytes an outcome; an outcome's number has two
// bits for each hart, r0 and r1.
//
// Chosen from outside: TEST_MP, TEST_SB, TEST_LB or TEST_IRIW; ORDER_NONE, ORDER_FENCE or ORDER_AQRL;
// ROUNDS.

#if defined(TEST_IRIW)
#define HARTS 4
#else
#define HARTS 2
#endif
#define COUNT 64
#define STRIDE 128

    .macro write variable, how
#if defined(ORDER_AQRL)
    amoswap.w.\how zero, t3, (\variable)
#else
    sw t3, 0(\variable)
#endif
    .endm

    .macro read register, variable, how
#if defined(ORDER_AQRL)
    lr.w.\how \register, (\variable)
#else
    lw \register, 0(\variable)
#endif
    .endm

    .macro order before, after
#if defined(ORDER_FENCE)
    fence \before, \after
#endif
    .endm

    // All harts have come here. Who has waited for long lets others have its processor, but looks for
    // longer than a wake-up takes: harts that slept at each barrier would never run together.
    .macro barrier
    addi s6, s6, HARTS
    amoadd.w.aqrl zero, t3, (s5)
8:  li t5, 8192
9:  lw t4, 0(s5)
    bge t4, s6, 10f
    addi t5, t5, -1
    bnez t5, 9b
    call sleep
    j 8b
10: fence rw, rw
    .endm

    .section .text.start
    .globl _start
_start:
    csrr s0, mhartid
    li t0, HARTS
0:  bgeu s0, t0, 0b
    li s1, 0
    li s2, ROUNDS
    la s5, arrived
    li s6, 0
    li t3, 1
    li t0, 0x80
    csrw mie, t0
round:
    barrier
    li s7, COUNT
    la a0, x
    la a1, y
    la a2, results
    li t0, COUNT * 16
    mul t0, t0, s0
    add a2, a2, t0
    li a3, STRIDE
    li a4, 16
    andi t0, s0, 1
    beqz t0, 1f
    // Backwards.
    li t0, (COUNT - 1) * STRIDE
    add a0, a0, t0
    add a1, a1, t0
    li a3, -STRIDE
    addi a2, a2, (COUNT - 1) * 16
    li a4, -16
1:  li t0, 1
    beq s0, t0, hart1
    bgtu s0, t0, readers

hart0:
#if defined(TEST_MP)
    write a0, rl
    order w, w
    write a1, rl
    li a6, 0
#elif defined(TEST_SB)
    write a0, aqrl
    order w, r
    read a6, a1, aqrl
#elif defined(TEST_LB)
    read a6, a0, aq
    order r, w
    write a1, rl
#else
    write a0, rl
    li a6, 0
#endif
    li a7, 0
    call next
    bnez s7, hart0
    j together

hart1:
#if defined(TEST_MP)
    read a6, a1, aq
    order r, r
    read a7, a0, aq
#elif defined(TEST_SB)
    write a1, aqrl
    order w, r
    read a6, a0, aqrl
    li a7, 0
#elif defined(TEST_LB)
    read a6, a1, aq
    order r, w
    write a0, rl
    li a7, 0
#else
    write a1, rl
    li a6, 0
    li a7, 0
#endif
    call next
    bnez s7, hart1
    j together

readers:
    li t0, 3
    beq s0, t0, hart3
hart2:
    read a6, a0, aqrl
    order rw, rw
    read a7, a1, aqrl
    call next
    bnez s7, hart2
    j together
hart3:
    read a6, a1, aqrl
    order rw, rw
    read a7, a0, aqrl
    call next
    bnez s7, hart3

together:
    barrier
    bnez s0, 3f
    li s7, COUNT
    la a0, x
    la a1, y
    la a2, results
    la s3, histogram
2:  li t0, 0
    li t1, 0
    mv t2, a2
4:  lw t4, 0(t2)
    lw t5, 4(t2)
    slli t5, t5, 1
    or t4, t4, t5
    sll t4, t4, t1
    or t0, t0, t4
    addi t2, t2, COUNT * 16
    addi t1, t1, 2
    li t4, 2 * HARTS
    blt t1, t4, 4b
    slli t0, t0, 3
    add t0, t0, s3
    ld t4, 0(t0)
    addi t4, t4, 1
    sd t4, 0(t0)
    sw zero, 0(a0)
    sw zero, 0(a1)
    addi a0, a0, STRIDE
    addi a1, a1, STRIDE
    addi a2, a2, 16
    addi s7, s7, -1
    bnez s7, 2b
3:  addi s1, s1, 1
    blt s1, s2, round
    barrier
    bnez s0, 5f
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
5:  wfi
    j 5b

// Keeps what an instance gave, and goes to the next.
next:
    sw a6, 0(a2)
    sw a7, 4(a2)
    add a0, a0, a3
    add a1, a1, a3
    add a2, a2, a4
    addi s7, s7, -1
    ret

// A microsecond in wfi.
sleep:
    li t0, 0x2004000
    slli t1, s0, 3
    add t0, t0, t1
    csrr t1, time
    addi t1, t1, 10
    sd t1, 0(t0)
    wfi
    li t1, -1
    sd t1, 0(t0)
    ret

    .data
    .balign 4096
arrived: .skip 4096
x: .skip COUNT * STRIDE
y: .skip COUNT * STRIDE
results: .skip COUNT * 16 * HARTS
    .section .histogram, "aw", @nobits
histogram: .skip 2048
