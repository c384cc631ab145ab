// C with D: loads and stores of floating-point registers move all bits.
#include "conformance.h"
    BEGIN
    next_case
    la      a1, words
    mv      a5, sp
    li      a2, 0x8123456789abcdef
    fmv.d.x fa0, a2
    c.fsd   fa0, 16(a1)
    c.fsd   fa0, 248(a1)
    c.fld   fa1, 16(a1)
    fmv.x.d a0, fa1
    expect  a0, 0x8123456789abcdef
    c.fld   fs0, 248(a1)
    fmv.x.d a0, fs0
    expect  a0, 0x8123456789abcdef
    next_case
    fmv.d.x fs11, a2
    mv      sp, a1
    c.fsdsp fs11, 32(sp)
    c.fsdsp fs11, 504(sp)
    c.fldsp ft8, 32(sp)
    c.fldsp ft9, 504(sp)
    mv      sp, a5
    fmv.x.d a0, ft8
    expect  a0, 0x8123456789abcdef
    fmv.x.d a0, ft9
    expect  a0, 0x8123456789abcdef
    .data
    .balign 16
words:  .skip 1024
    END
