// Notifies its disk once of CHAINS requests with 254 buffers of BIG bytes each.
    .section .text.start,"ax"
    .globl _start
_start:
    li s0, 0x10001000      // virtio disk
    li s1, 0x80100000      // descriptors
    li s2, 0x80110000      // avail
    li s3, 0x80120000      // used
    li s4, 0x80200000      // indirect table
    li s6, 0x80300000      // header
    li s7, 0x80400000      // data
    sw zero, 0x70(s0)
    li t0, 3
    sw t0, 0x70(s0)
    sw zero, 0x24(s0)
    li t0, 1<<28
    sw t0, 0x20(s0)
    li t0, 11
    sw t0, 0x70(s0)
    sw zero, 0x30(s0)
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
    li t2, 4               // flush
    sw t2, 0(s6)
    sd zero, 8(s6)
    // indirect table: header, then 255 writable of BIG
    sd s6, 0(s4)
    li t2, 16
    sw t2, 8(s4)
    li t2, 1
    sh t2, 12(s4)
    sh t2, 14(s4)
    li t0, 1
4:  slli t1, t0, 4
    add t1, t1, s4
    sd s7, 0(t1)
    li t2, BIG
    sw t2, 8(t1)
    li t2, 3
    sh t2, 12(t1)
    addi t0, t0, 1
    sh t0, 14(t1)
    li t2, 256
    bltu t0, t2, 4b
    li t2, 2
    sh t2, 12(t1)
    li t0, 0
1:  slli t1, t0, 4
    add t1, t1, s1
    sd s4, 0(t1)
    li t2, 4096
    sw t2, 8(t1)
    li t2, 4
    sh t2, 12(t1)
    slli t1, t0, 1
    add t1, t1, s2
    sh t0, 4(t1)
    addi t0, t0, 1
    li t1, CHAINS
    bltu t0, t1, 1b
    sh zero, 0(s2)
    sh t0, 2(s2)
    li t0, 15
    sw t0, 0x70(s0)
    sw zero, 0x50(s0)
    li t0, 0x10000000
    li t1, 'Z'
    sb t1, 0(t0)
3:  wfi
    j 3b
