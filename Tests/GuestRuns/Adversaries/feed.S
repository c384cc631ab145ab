// A request to its disk that, when it is done, has made the next one available, without end.
    .section .text.start,"ax"
    .globl _start
_start:
    li s0, 0x10001000
    li s1, 0x80100000
    li s2, 0x80110000
    li s3, 0x80120000
    li s6, 0x80300000      // headers
    sw zero, 0x70(s0)
    li t0, 3
    sw t0, 0x70(s0)
    li t0, 11
    sw t0, 0x70(s0)
    sw zero, 0x30(s0)
    li t0, 16
    sw t0, 0x38(s0)
    sw s1, 0x80(s0)
    sw zero, 0x84(s0)
    sw s2, 0x90(s0)
    sw zero, 0x94(s0)
    sw s3, 0xa0(s0)
    sw zero, 0xa4(s0)
    li t0, 1
    sw t0, 0x44(s0)
    // 0: header -> 1: avail idx (2 bytes) -> 2: header.sector (8) -> 3: junk 502 -> 4: status
    .macro D n, addr, len, flags, next
    li t0, \addr
    sd t0, \n*16(s1)
    li t0, \len
    sw t0, \n*16+8(s1)
    li t0, \flags
    sh t0, \n*16+12(s1)
    li t0, \next
    sh t0, \n*16+14(s1)
    .endm
    D 0, 0x80300000, 16, 1, 1
    D 1, 0x80110002, 2, 3, 2
    D 2, 0x80300008, 8, 3, 3
    D 3, 0x80500000, 502, 3, 4
    D 4, 0x80500800, 1, 2, 0
    // 8: nothing: header of unsupported type -> status
    D 8, 0x80300100, 16, 1, 9
    D 9, 0x80500800, 1, 2, 0
    li t0, 99
    sw t0, 0x100(s6)
    sw zero, 0(s6)
    sd zero, 8(s6)
    li t1, 8
    li t0, 0
1:  slli t2, t0, 1
    add t2, t2, s2
    sh t1, 4(t2)
    addi t0, t0, 1
    li t3, 16
    bltu t0, t3, 1b
    sh zero, 4(s2)        // entry 0: chain 0
    sh zero, 0(s2)
    li t0, 1
    sh t0, 2(s2)
    li t0, 15
    sw t0, 0x70(s0)
    sw zero, 0x50(s0)
    li t0, 0x10000000
    li t1, 'Z'
    sb t1, 0(t0)
3:  wfi
    j 3b
