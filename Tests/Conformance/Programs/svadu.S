// A and D bits: page faults while menvcfg.ADUE is off (Svade), updates by the hart while it is on
// (Svadu).
#include "privileged.h"
#define MODE 8
#define LEVELS 3
#include "translation.h"
#define FF CAUSE_FETCH_PAGE
#define LF CAUSE_LOAD_PAGE
#define SF CAUSE_STORE_PAGE
#define PAGE 0x1000203000
#define ADUE (1 << 61)

// What the leaf holds in its low byte.
.macro expect_leaf flags
    lbu     a0, 0(s9)
    expect  a0, \flags
.endm

    PRIVILEGED_BEGIN
    TRANSLATION_BEGIN
    la      a2, target
    map_to  PAGE, V, 0
    li      s8, PAGE

    // Svade: faults, and the entry stays as it is.
    next_case
    li      t0, ADUE
    csrc    0x30a, t0
    csrr    a0, 0x30a
    and     a0, a0, t0
    expect  a0, 0
    leaf_to target, V | R | W | X
    probe_all S_MODE, FF, LF, SF
    expect_leaf V | R | W | X
    next_case
    leaf_to target, V | R | W | X | D
    probe_all S_MODE, FF, LF, SF
    expect_leaf V | R | W | X | D
    next_case
    leaf_to target, V | R | W | X | A
    probe_all S_MODE, 0, 0, SF
    expect_leaf V | R | W | X | A
    next_case
    leaf_to target, V | R | W | X | UU | A
    probe_all U_MODE, 0, 0, SF
    expect_leaf V | R | W | X | UU | A
    // After the load was seen to work, software sets D: the store needs no fence to work at last.
    leaf_to target, V | R | W | X | UU | A | D
    addi    s8, s8, 16
    probe   U_MODE, store, 0
    li      s8, PAGE

    // Svadu: fetches and loads set A, stores D as well.
    next_case
    li      t0, ADUE
    csrs    0x30a, t0
    csrr    a0, 0x30a
    and     a0, a0, t0
    expect  a0, ADUE
    leaf_to target, V | R | W | X
    probe   S_MODE, fetch, 0
    expect_leaf V | R | W | X | A
    next_case
    leaf_to target, V | R | W | X
    probe   S_MODE, load, 0
    expect_leaf V | R | W | X | A
    // The loaded page is clean: a store now sets D.
    addi    s8, s8, 16
    probe   S_MODE, store, 0
    expect_leaf V | R | W | X | A | D
    next_case
    leaf_to target, V | R | W | X
    probe   S_MODE, store, 0
    expect_leaf V | R | W | X | A | D
    next_case
    leaf_to target, V | R | W | UU
    probe   U_MODE, amo, 0
    expect_leaf V | R | W | UU | A | D
    li      s8, PAGE
    // What is refused sets nothing.
    next_case
    leaf_to target, V | R
    probe   S_MODE, store, SF
    expect_leaf V | R
    probe   S_MODE, fetch, FF
    expect_leaf V | R
    probe   U_MODE, load, LF
    expect_leaf V | R
    // A superpage's bits are in its own entry.
    next_case
    map     0x3000000000, 0x80000000, V | R | W, 1
    li      s8, 0x3000000000
    la      t0, target + 16
    li      t1, 0x80000000
    sub     t0, t0, t1
    add     s8, s8, t0
    probe   S_MODE, store, 0
    expect_leaf V | R | W | A | D
    // Where the table cannot be written the access faults, as what it was.
    next_case
    la      a2, target
    map_to  0x3080000000, V | R | X, 0
    srli    t0, s9, 3
    slli    t0, t0, 1
    csrw    pmpaddr0, t0
    li      t0, 0x19
    csrw    pmpcfg0, t0
    li      s8, 0x3080000000
    probe   S_MODE, load, CAUSE_LOAD_ACCESS
    probe   S_MODE, fetch, CAUSE_FETCH_ACCESS
    expect_leaf V | R | X
    csrw    pmpcfg0, zero
    sfence.vma
    probe   S_MODE, load, 0
    expect_leaf V | R | X | A
    j       done
    TRANSLATION_END
    .text
done:
    PRIVILEGED_END
