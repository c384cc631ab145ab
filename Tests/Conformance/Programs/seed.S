// Zkr: the entropy source brings something sooner or later.
#include "privileged.h"
#define SEED 0x015

    PRIVILEGED_BEGIN
    // ES16 in bits 31:30, sixteen bits, nothing else but them.
    next_case
    li      t1, 10000
1:  csrrw   a0, SEED, zero
    srli    a1, a0, 30
    addi    a2, a1, -2
    beqz    a2, 2f
    addi    t1, t1, -1
    bnez    t1, 1b
    fail
2:  li      t0, 0xffffffff3fff0000
    and     a0, a0, t0
    expect  a0, 0
    PRIVILEGED_END
