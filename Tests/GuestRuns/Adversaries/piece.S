// Changes a page of two megabytes of which a store has set D, and fences with one address in it.
    .section .text.start,"ax"
    .globl _start
    .macro PUT c
    li a7, 1
    li a6, 0
    li a0, \c
    ecall
    .endm
_start:
    li s1, 0x80300000      // root
    li s2, 0x80301000      // level 1
    li t0, (0x80000000>>2) | 0xcf
    sd t0, 16(s1)
    li t0, 0xcf
    sd t0, 0(s1)
    srli t0, s2, 2
    ori t0, t0, 1
    sd t0, 8(s1)
    li t0, (0x80400000>>2) | 0x47     // V R W A, no D
    sd t0, 0(s2)
    // contents
    li t0, 0x80401000
    li t1, 'O'
    sb t1, 0(t0)
    li t0, 0x80601000
    li t1, 'N'
    sb t1, 0(t0)
    li t0, (8<<60) | (0x80300000>>12)
    csrw satp, t0
    sfence.vma
    li s3, 0x40000000
    li s4, 0x40001000
    lbu t0, 0(s4)
    sb zero, 0(s3)         // sets D: pieces
    lbu t1, 0(s4)
    sb t1, 0(s4)
    li t0, (0x80600000>>2) | 0xc7
    sd t0, 0(s2)
    sfence.vma s3          // an address inside the mapping
    lbu a0, 0(s4)
    li a7, 1
    ecall
    PUT 10
    li a7, 8
    ecall
3:  j 3b
