// What the programs share. All instructions are four bytes long, so that a handler can skip one.
    .option norvc
    .option norelax

// Prints text; changes t0 to t2.
    .macro TELL text
    .pushsection .rodata
9:  .asciz "\text"
    .popsection
    la t0, 9b
    call tell
    .endm

// Sends what is in a0 as sixteen hexadecimal digits and a newline; changes t0 to t3.
    .macro TELL_NUMBER
    call tell_number
    .endm

    .text
tell:                               // t0 = text, without a stack: x5 is the text, x31 the way back
    mv x31, ra
    li t1, 0x10000000
1:  lbu t2, 0(t0)
    beqz t2, 2f
    sb t2, 0(t1)
    addi t0, t0, 1
    j 1b
2:  jr x31

tell_number:
    li t1, 0x10000000
    li t0, 60
1:  srl t2, a0, t0
    andi t2, t2, 15
    addi t2, t2, 48
    li t3, 58
    blt t2, t3, 2f
    addi t2, t2, 39
2:  sb t2, 0(t1)
    addi t0, t0, -4
    bgez t0, 1b
    li t2, 10
    sb t2, 0(t1)
    ret

// Switches the guest off by its finisher.
    .macro FINISH
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
99: j 99b
    .endm
