// Zicsr on the floating-point registers, which every mode may access: all six instructions.
#include "conformance.h"
    BEGIN
    next_case
    csrrw   a0, fcsr, zero
    li      a1, 0xffffffffffffffff
    csrrw   a0, fcsr, a1
    expect  a0, 0
    csrr    a0, fcsr
    expect  a0, 0xff
    frflags a0
    expect  a0, 0x1f
    frrm    a0
    expect  a0, 7
    // rd and rs1 the same: the old value is read before the new one is written.
    next_case
    li      a0, 0x21
    csrrw   a0, fcsr, a0
    expect  a0, 0xff
    csrrs   a0, fcsr, zero
    expect  a0, 0x21
    next_case
    li      a1, 0x42
    csrrs   a0, fcsr, a1
    expect  a0, 0x21
    csrrc   a0, fcsr, a1
    expect  a0, 0x63
    csrrc   a0, fcsr, zero
    expect  a0, 0x21
    next_case
    csrrwi  a0, fcsr, 31
    expect  a0, 0x21
    csrrci  a0, fcsr, 5
    expect  a0, 31
    csrrsi  a0, fcsr, 1
    expect  a0, 26
    csrrsi  a0, fcsr, 0
    expect  a0, 27
    csrrci  a0, fcsr, 0
    expect  a0, 27
    next_case
    csrwi   fcsr, 0
    csrwi   frm, 3
    csrwi   fflags, 9
    csrr    a0, fcsr
    expect  a0, 0x69
    li      a1, -1
    csrw    frm, a1
    csrr    a0, frm
    expect  a0, 7
    csrw    fflags, a1
    csrr    a0, fcsr
    expect  a0, 0xff
    fsrmi   a0, 1
    expect  a0, 7
    fsflagsi a0, 2
    expect  a0, 31
    csrrw   x0, fcsr, zero
    csrr    a0, fcsr
    expect  a0, 0
    expect  x0, 0

    // Counters go forward.
    next_case
    rdcycle a0
    rdcycle a1
    bltu    a1, a0, 9f
    rdtime  a0
    rdtime  a1
    bltu    a1, a0, 9f
    rdinstret a0
    rdinstret a1
    bgeu    a0, a1, 9f
    j       8f
9:  fail
8:  END
