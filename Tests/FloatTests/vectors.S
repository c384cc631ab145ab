# Computes vectors for FloatTests: reads records of five doublewords (stub, rounding mode, three
# operands) and writes two (result, fflags) for each. Operands and floating results are whole
# f-registers, so that boxing shows. Under qemu-riscv64 records come from standard input and results go
# to standard output; with BARE defined they lie in memory from a0 to a1, and from a2 on.
#
# Stubs of 16 bytes, three for each operation of `FloatOperation` in its order (single, double, half:
# the `fmt` field), then three for each sign injection, then `fli` (three formats by 32 fields).
    .option norvc
    .text
    .ifdef BARE
    j _start
    .endif
    .balign 16
stubs:
.macro unary name
    .irp f, s, d, h
    \name\().\f fa0, fa0
    fmv.x.d a0, fa0
    ret
    nop
    .endr
.endm
.macro binary name
    .irp f, s, d, h
    \name\().\f fa0, fa0, fa1
    fmv.x.d a0, fa0
    ret
    nop
    .endr
.endm
.macro fused name
    .irp f, s, d, h
    \name\().\f fa0, fa0, fa1, fa2
    fmv.x.d a0, fa0
    ret
    nop
    .endr
.endm
.macro compare name
    .irp f, s, d, h
    \name\().\f a0, fa0, fa1
    ret
    nop
    nop
    .endr
.endm
.macro tointeger name
    .irp f, s, d, h
    \name\().\f a0, fa0
    ret
    nop
    nop
    .endr
.endm
.macro frominteger name
    fcvt.s.\name fa0, a0
    fmv.x.d a0, fa0
    ret
    nop
    fcvt.d.\name fa0, a0
    fmv.x.d a0, fa0
    ret
    nop
    fcvt.h.\name fa0, a0
    fmv.x.d a0, fa0
    ret
    nop
.endm
.macro convert to, from
    fcvt.\to\().\from fa0, fa0
    fmv.x.d a0, fa0
    ret
    nop
.endm
.macro missing
    unimp
    nop
    nop
    nop
.endm
    binary fadd
    binary fsub
    binary fmul
    binary fdiv
    unary fsqrt
    fused fmadd
    fused fmsub
    fused fnmsub
    fused fnmadd
    binary fmin
    binary fmax
    binary fminm
    binary fmaxm
    compare feq
    compare flt
    compare fle
    compare fltq
    compare fleq
    .irp f, s, d, h
    fclass.\f a0, fa0
    ret
    nop
    nop
    .endr
    unary fround
    unary froundnx
    convert h, s
    convert h, d
    missing
    missing
    convert s, d
    convert s, h
    convert d, s
    missing
    convert d, h
    tointeger fcvt.w
    tointeger fcvt.wu
    tointeger fcvt.l
    tointeger fcvt.lu
    missing
    fcvtmod.w.d a0, fa0, rtz
    ret
    nop
    nop
    missing
    frominteger w
    frominteger wu
    frominteger l
    frominteger lu
    binary fsgnj
    binary fsgnjn
    binary fsgnjx
.macro constant fmt, index
    .insn r 0x53, 0, 0x78 + \fmt, f10, x\index, x1
    fmv.x.d a0, fa0
    ret
    nop
.endm
    .irp fmt, 0, 1, 2
    .irp index, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    constant \fmt, \index
    .endr
    .endr

    .globl _start
    .ifdef BARE
_start:
    la s0, stubs
    mv s4, a0
    mv s3, a1
    mv s5, a2
    li t0, 0x6000
    csrs mstatus, t0
    call compute
    li t0, 0x100000
    sd zero, 0(t0)
    j .
    .else
_start:
    la s0, stubs
    la s1, input
    la s2, output
next_block:
    # Fill the buffer: a file may give less than was asked for.
    mv s3, s1
fill:
    li t0, 40960
    add a2, s1, t0
    sub a2, a2, s3
    beqz a2, filled
    li a0, 0
    mv a1, s3
    li a7, 63
    ecall
    blez a0, filled
    add s3, s3, a0
    j fill
filled:
    beq s3, s1, done
    mv s4, s1
    mv s5, s2
    call compute
    mv s6, s2
drain:
    li a0, 1
    mv a1, s6
    sub a2, s5, s6
    beqz a2, next_block
    li a7, 64
    ecall
    bltz a0, done
    add s6, s6, a0
    j drain
done:
    li a0, 0
    li a7, 93
    ecall
    .endif

    # Records from s4 to s3; results at s5, which moves on.
compute:
    mv s7, ra
    bgeu s4, s3, computed
record:
    ld t0, 0(s4)
    slli t0, t0, 4
    add t0, t0, s0
    ld t1, 8(s4)
    ld a0, 16(s4)
    fmv.d.x fa0, a0
    fld fa1, 24(s4)
    fld fa2, 32(s4)
    fsrm t1
    fsflags zero
    jalr t0
    frflags t1
    sd a0, 0(s5)
    sd t1, 8(s5)
    addi s4, s4, 40
    addi s5, s5, 16
    bltu s4, s3, record
computed:
    mv ra, s7
    ret

    .ifndef BARE
    .bss
    .balign 16
input:
    .space 40960
output:
    .space 16384
    .endif
