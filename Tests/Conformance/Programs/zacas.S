// Zacas: compare-and-swap of words, doublewords and pairs.
#include "conformance.h"
    .option arch, +zacas

    BEGIN
    la      s3, cell
    // Equal: the new value is stored, the old one returned.
    next_case
    li      a1, 0x1122334455667788
    sd      a1, 0(s3)
    mv      a0, a1
    li      a2, 99
    amocas.d a0, a2, (s3)
    expect  a0, 0x1122334455667788
    ld      a0, 0(s3)
    expect  a0, 99
    // Different: nothing is stored.
    li      a0, 98
    li      a2, 5
    amocas.d.aqrl a0, a2, (s3)
    expect  a0, 99
    ld      a0, 0(s3)
    expect  a0, 99

    // Words compare their low 32 bits and return sign-extended; the neighbour stays.
    next_case
    li      a1, 0x5555555580000001
    sd      a1, 0(s3)
    li      a0, 0x7777777780000001
    li      a2, 0x1234567890000002
    amocas.w a0, a2, (s3)
    expect  a0, -0x7fffffff
    ld      a0, 0(s3)
    expect  a0, 0x5555555590000002
    li      a0, 1
    amocas.w.aq a0, a2, (s3)
    expect  a0, -0x6ffffffe
    ld      a0, 0(s3)
    expect  a0, 0x5555555590000002

    // Pairs: both halves must be equal.
    next_case
    li      a0, 11
    li      a1, 22
    sd      a0, 0(s3)
    sd      a1, 8(s3)
    li      a2, 33
    li      a3, 44
    amocas.q a0, a2, (s3)
    expect  a0, 11
    expect  a1, 22
    ld      a0, 0(s3)
    expect  a0, 33
    ld      a0, 8(s3)
    expect  a0, 44
    li      a0, 33
    li      a1, 0
    amocas.q.rl a0, a2, (s3)
    expect  a0, 33
    expect  a1, 44
    li      a0, 0
    li      a1, 44
    amocas.q a0, a2, (s3)
    expect  a0, 33
    ld      a0, 8(s3)
    expect  a0, 44
    // x0 as a pair is zero, both as the new value and as the expected one.
    next_case
    li      a0, 33
    li      a1, 44
    amocas.q a0, zero, (s3)
    expect  a0, 33
    ld      a0, 0(s3)
    expect  a0, 0
    ld      a0, 8(s3)
    expect  a0, 0
    li      a2, 7
    li      a3, 8
    li      ra, 123
    amocas.q zero, a2, (s3)
    expect  ra, 123
    ld      a0, 0(s3)
    expect  a0, 7
    ld      a0, 8(s3)
    expect  a0, 8
    .data
    .balign 64
cell:   .skip 64
    END
