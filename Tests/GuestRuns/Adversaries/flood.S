// Fills the transmit queue of its console with a megabyte, and notifies once.
    .section .text.start,"ax"
    .globl _start
_start:
    li s0, 0x10002000      // virtio console
    li s1, 0x80100000      // descriptors
    li s2, 0x80110000      // avail
    li s3, 0x80120000      // used
    li s4, 0x80200000      // buffer 
    sw zero, 0x70(s0)
    li t0, 3
    sw t0, 0x70(s0)
    li t0, 11
    sw t0, 0x70(s0)
    li t0, 1
    sw t0, 0x30(s0)
    li t0, 256
    sw t0, 0x38(s0)
    sw s1, 0x80(s0)
    sw zero, 0x84(s0)
    sw s2, 0x90(s0)
    sw zero, 0x94(s0)
    sw s3, 0xa0(s0)
    sw zero, 0xa4(s0)
    li t0, 1
    sw t0, 0x44(s0)
    li t0, 0
1:  slli t1, t0, 4
    add t1, t1, s1
    sd s4, 0(t1)
    li t2, 4096
    sw t2, 8(t1)
    sw zero, 12(t1)
    slli t1, t0, 1
    add t1, t1, s2
    sh t0, 4(t1)
    addi t0, t0, 1
    li t1, 256
    bltu t0, t1, 1b
    sh zero, 0(s2)
    sh t0, 2(s2)
    li t0, 15
    sw t0, 0x70(s0)
    // fill buffer with 'x' small: first 4096 bytes
    li t0, 0
    li t2, 'x'
2:  add t1, s4, t0
    sb t2, 0(t1)
    addi t0, t0, 1
    li t1, 4096
    bltu t0, t1, 2b
    li t0, 1
    sw t0, 0x50(s0)
    li t0, 0x10000000
    li t1, 'Z'
    sb t1, 0(t0)
3:  wfi
    j 3b
