// The cases of every translation mode; MODE, LEVELS and HIGH (a page in the upper half) are given.
#include "translation.h"

#define FF CAUSE_FETCH_PAGE
#define LF CAUSE_LOAD_PAGE
#define SF CAUSE_STORE_PAGE
#define LOW 0x0000001000203000

// Whether an access is allowed by R W X U of \flags, for that mode and SUM and MXR: sets C.
.macro model_access mode, kind, flags, sum, mxr
    .set C, 0
    .set OK, 1
    .if (\flags) & UU
    .if (\mode == S_MODE) && ((\kind == 0) || (\sum == 0))
    .set OK, 0
    .endif
    .elseif \mode == U_MODE
    .set OK, 0
    .endif
    .if (\kind == 0) && ((\flags) & X == 0)
    .set OK, 0
    .endif
    .if (\kind == 1) && ((\flags) & R == 0) && ((\mxr == 0) || ((\flags) & X == 0))
    .set OK, 0
    .endif
    .if (\kind == 2) && ((\flags) & W == 0)
    .set OK, 0
    .endif
    .if ((\flags) & W != 0) && ((\flags) & R == 0)
    .set OK, 0
    .endif
    .if OK == 0
    .set C, FF
    .if \kind == 1
    .set C, LF
    .elseif \kind == 2
    .set C, SF
    .endif
    .endif
.endm

.macro permission_cases mode, sum, mxr
    li      t0, SUM | MXR
    csrc    mstatus, t0
    li      t0, (\sum * SUM) | (\mxr * MXR)
    csrs    mstatus, t0
    .irp flags, R, X, R | W, R | X, W | X, W, R | W | X, R | UU, X | UU, R | W | UU, R | X | UU, W | X | UU, R | W | X | UU
    next_case
    leaf_to target, V | A | D | \flags
    model_access \mode, 0, \flags, \sum, \mxr
    li      s8, LOW
    .set CAUSE_F, C
    probe   \mode, fetch, CAUSE_F
    model_access \mode, 1, \flags, \sum, \mxr
    .set CAUSE_L, C
    probe   \mode, load, CAUSE_L
    model_access \mode, 2, \flags, \sum, \mxr
    .set CAUSE_S, C
    // The store goes behind the ecall that the fetch runs.
    addi    s8, s8, 16
    probe   \mode, store, CAUSE_S
    .endr
.endm

    PRIVILEGED_BEGIN
    TRANSLATION_BEGIN

    // Machine mode is not translated; the supervisor sees the program where it lies.
    next_case
    la      s8, target
    probe   S_MODE, fetch, 0
    probe   S_MODE, load, 0
    li      s8, LOW
    probe_all S_MODE, FF, LF, SF
    probe_all U_MODE, FF, LF, SF

    // One page: the bytes of the frame, in the lower and the upper half.
    next_case
    la      a2, target
    map_to  LOW, V | R | W | X | A | D, 0
    li      s8, LOW + 8
    probe   S_MODE, load, 0
    la      t0, trapped_state
    ld      a0, 32(t0)
    expect  a0, 0x1111111111111111
    probe   S_MODE, store, 0
    next_case
    la      a2, target2
    map_to  HIGH, V | R | W | X | A | D, 0
    li      s8, HIGH + 8
    probe   S_MODE, load, 0
    la      t0, trapped_state
    ld      a0, 32(t0)
    expect  a0, 0x2222222222222222
    li      s8, HIGH
    probe   S_MODE, fetch, 0
    expect  a2, HIGH

    // Addresses that are not canonical fault although the low bits are mapped.
    next_case
    li      s8, LOW ^ (1 << (12 + 9 * LEVELS))
    probe_all S_MODE, FF, LF, SF
    li      s8, LOW ^ (1 << 63)
    probe_all S_MODE, FF, LF, SF
    li      s8, LOW ^ (1 << (11 + 9 * LEVELS))
    probe_all S_MODE, FF, LF, SF
    li      s8, HIGH ^ (1 << 63)
    probe_all S_MODE, FF, LF, SF

    // R, W, X, U against mode, SUM and MXR.
    la      a2, target
    map_to  LOW, V, 0
    permission_cases U_MODE, 0, 0
    permission_cases S_MODE, 0, 0
    permission_cases S_MODE, 1, 0
    permission_cases S_MODE, 0, 1
    permission_cases S_MODE, 1, 1
    permission_cases U_MODE, 1, 1
    li      t0, SUM | MXR
    csrc    mstatus, t0
#ifndef QEMU7                           // which reports a load's fault
    next_case
    leaf_to target, V | A | D | R
    li      s8, LOW + 16
    probe   S_MODE, amo, SF
    leaf_to target, V | A | D | R | X | UU
    probe   U_MODE, amo, SF
#endif
    // Entries that are none.
    li      s8, LOW
    .irp flags, 0, R | W | X | A | D, A | D | UU, V, V | A, V | D, V | UU, V | G
    next_case
    leaf_to target, \flags
    probe_all S_MODE, FF, LF, SF
    .endr
    // Each reserved bit.
#ifndef QEMU7                           // which ignores them
    .irp bit, 54, 55, 56, 57, 58, 59, 60
    next_case
    leaf_to target, V | R | W | X | A | D | (1 << \bit)
    probe_all S_MODE, FF, LF, SF
    .endr
#endif
    leaf_to target, V | R | W | X | A | D
    probe   S_MODE, load, 0

    // Superpages of every level; misaligned ones; a level above that is no table.
    next_case
    map     0x3000000000, 0x80000000, V | R | W | X | A | D, 1
    la      s8, target + 8
    li      t0, 0x80000000 - 0x3000000000
    sub     s8, s8, t0
    probe   S_MODE, load, 0
    la      t0, trapped_state
    ld      a0, 32(t0)
    expect  a0, 0x1111111111111111
    probe   S_MODE, store, 0
    leaf    (0x80001000 >> 2) | V | R | W | X | A | D
    probe_all S_MODE, FF, LF, SF
    leaf    (0x80100000 >> 2) | V | R | W | X | A | D
    probe_all S_MODE, FF, LF, SF
    // A pointer with A, D or U set is reserved.
    la      a2, target
    map_to  0x3000000000, V, 1
    li      s8, 0x3000000008
    .irp flag, A, D, UU
    next_case
    leaf_to spare, V | \flag
    probe_all S_MODE, FF, LF, SF
    .endr
    next_case
    leaf_to spare, V
    probe   S_MODE, load, 0
    leaf    0
    next_case
    map     0x3040000000, 0x80000000, V | R | W | X | A | D, 2
    la      s8, target + 8
    li      t0, 0x80000000 - 0x3040000000
    sub     s8, s8, t0
    probe   S_MODE, load, 0
    la      t0, trapped_state
    ld      a0, 32(t0)
    expect  a0, 0x1111111111111111
    leaf    (0x80200000 >> 2) | V | R | W | X | A | D
    probe_all S_MODE, FF, LF, SF
    leaf    0
#if LEVELS > 3
    next_case
    map     0x18000000000, 0, V | R | W | X | A | D, 3
    la      s8, target + 8
    li      t0, 0x18000000000
    add     s8, s8, t0
    probe   S_MODE, load, 0
    la      t0, trapped_state
    ld      a0, 32(t0)
    expect  a0, 0x1111111111111111
    leaf    (0x40000000 >> 2) | V | R | W | X | A | D
    probe_all S_MODE, FF, LF, SF
#endif
#if LEVELS > 4
    next_case
    map     0x3000000000000, 0, V | R | W | X | A | D, 4
    la      s8, target + 8
    li      t0, 0x3000000000000
    add     s8, s8, t0
    probe   S_MODE, load, 0
    la      t0, trapped_state
    ld      a0, 32(t0)
    expect  a0, 0x1111111111111111
    leaf    (0x8000000000 >> 2) | V | R | W | X | A | D
    probe_all S_MODE, FF, LF, SF
#endif

#ifndef QEMU7                           // which makes page faults of them
    // A table where there is no memory: access faults, of the access's own kind.
    next_case
    li      a2, 0x18000000
    map_to  0x3080000000, V, 1
    li      s8, 0x3080000000
    probe_all S_MODE, CAUSE_FETCH_ACCESS, CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS
#endif
    // A page where there is no memory.
    next_case
    li      a2, 0x18000000
    map_to  0x30c0000000, V | R | W | X | A | D, 0
    li      s8, 0x30c0000000
    probe_all S_MODE, CAUSE_FETCH_ACCESS, CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS
    // A table that PMP hides.
    next_case
    la      t0, spare
    srli    t0, t0, 2
    ori     t0, t0, 511
    csrw    pmpaddr0, t0
    li      t0, 0x18
    csrw    pmpcfg0, t0
    la      a2, spare
    map_to  0x3080000000, V, 1
    li      s8, 0x3080000000
    probe_all S_MODE, CAUSE_FETCH_ACCESS, CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS
    csrw    pmpcfg0, zero
    sfence.vma
    probe   S_MODE, load, 0

    // Accesses over a page's end: the fault's address is where the second page starts.
    next_case
    la      a2, target
    map_to  0x30c0400000, V | R | W | X | A | D, 0
    li      a3, 0x30c0400ffd
    call_in S_MODE, load
    expect_trap LF, 0x30c0401000
    li      a3, 0x30c0400ffd
    call_in S_MODE, store
    expect_trap SF, 0x30c0401000
    la      a2, target2
    map_to  0x30c0401000, V | R | W | X | A | D, 0
    li      a3, 0x30c0400ffd
    li      a4, 0x1122334455667788
    call_in S_MODE, store
    expect  a0, CAUSE_ECALL_S
    la      t0, target + 4092
    lwu     a0, 0(t0)
    expect  a0, 0x66778800
    la      t0, target2
    ld      a0, 0(t0)
    // Five bytes, then what was left of the ecall's word.
    li      t1, 0xffffffffff
    and     a0, a0, t1
    expect  a0, 0x1122334455
    li      a3, 0x30c0400ffd
    call_in S_MODE, load
    la      t0, trapped_state
    ld      a0, 32(t0)
    expect  a0, 0x1122334455667788

    // An instruction over a page's end, its second half missing.
    next_case
    la      a2, target
    map_to  0x30c0400000, V | R | W | X | A | D, 0
    la      a2, target2
    map_to  0x30c0401000, V | R | W | A | D, 0
    la      t0, target
    li      t1, 0x00000073              // ecall
    li      t2, 4094
    add     t0, t0, t2
    sh      t1, 0(t0)
    srli    t1, t1, 16
    la      t0, target2
    sh      t1, 0(t0)
    fence.i
    li      a3, 0x30c0400ffe
    call_in S_MODE, fetch
    expect_trap FF, 0x30c0401000
    expect  a2, 0x30c0400ffe
    la      a2, target2
    map_to  0x30c0401000, V | R | W | X | A | D, 0
    li      a3, 0x30c0400ffe
    call_in S_MODE, fetch
    expect  a0, CAUSE_ECALL_S
    expect  a2, 0x30c0400ffe

    // MPRV: machine mode's loads and stores as another mode's, and MXR and SUM with them.
    next_case
    la      a2, target
    map_to  LOW, V | R | A | D, 0
    li      s6, LOW
    .irp mode, S_MODE, U_MODE
    next_case
    li      t0, MPP
    csrc    mstatus, t0
    li      t0, MPRV | (\mode << 11)
    csrs    mstatus, t0
    li      t1, LOW + 8
    la      t0, 1f
    csrw    mtvec, t0
    .if \mode == S_MODE
    ld      a0, 0(t1)
    sd      a0, 0(t1)
    .else
    ld      a0, 0(t1)
    .endif
    .balign 4
1:  li      t0, MPRV
    csrc    mstatus, t0
    la      t0, trap_to_machine
    csrw    mtvec, t0
    csrr    a1, mcause
    .if \mode == S_MODE
    expect  a1, SF
    .else
    expect  a1, LF
    .endif
    csrr    a1, mtval
    expect  a1, LOW + 8
    .endr

    // sfence.vma makes a change seen, also when it names the page or an address space.
    next_case
    la      a2, target
    map_to  LOW, V | R | W | A | D, 0
    la      t0, target + 8
    li      t1, 0x1111
    sd      t1, 0(t0)
    la      t0, target2 + 8
    li      t1, 0x2222
    sd      t1, 0(t0)
    li      s8, LOW + 8
    .irp fence, "zero, zero", "a5, zero", "zero, a6", "a5, a6"
    probe   S_MODE, load, 0
    la      t0, trapped_state
    ld      a0, 32(t0)
    expect  a0, 0x1111
    la      t0, target2
    srli    t0, t0, 2
    ori     t0, t0, V | R | W | A | D
    sd      t0, 0(s9)
    li      a5, LOW
    li      a6, 0
    sfence.vma \fence
    probe   S_MODE, load, 0
    la      t0, trapped_state
    ld      a0, 32(t0)
    expect  a0, 0x2222
    la      t0, target
    srli    t0, t0, 2
    ori     t0, t0, V | R | W | A | D
    sd      t0, 0(s9)
    sfence.vma
    .endr
    // One page of a superpage named by sfence.vma: the whole mapping is stale.
    next_case
    map     0x3000000000, 0x80000000, V | R | W | X | A | D, 1
    la      s8, target + 8
    li      t0, 0x80000000 - 0x3000000000
    sub     s8, s8, t0
    probe   S_MODE, load, 0
    sd      zero, 0(s9)
    li      a5, 0x30001ff000
    sfence.vma a5, zero
    probe   S_MODE, load, LF

    // Two address spaces: a page that is not global belongs to one of them.
    next_case
    la      a2, target
    map_to  LOW, V | R | W | A | D, 0
    csrr    s5, satp
    la      t0, tables
    la      t1, tables2
    li      t2, 512
1:  ld      t3, 0(t0)
    sd      t3, 0(t1)
    addi    t0, t0, 8
    addi    t1, t1, 8
    addi    t2, t2, -1
    bnez    t2, 1b
    // In the second root LOW's top entry is missing.
    la      t1, tables2
    li      t2, ((LOW >> (12 + 9 * (LEVELS - 1))) & 511) * 8
    add     t1, t1, t2
    li      s8, LOW + 8
    probe   S_MODE, load, 0
#if LEVELS == 3
    sd      zero, 0(t1)
    la      t0, tables2
    srli    t0, t0, 12
    li      t1, (MODE << 60) | (5 << 44)
    or      t0, t0, t1
    csrw    satp, t0
    probe   S_MODE, load, LF
    csrw    satp, s5
    probe   S_MODE, load, 0
#endif
    j       done
    .bss
    .balign 4096
tables2: .skip 4096
    .data
    .balign 4096
spare:  .dword (0x80000000 >> 2) | V | R | W | X | A | D
    .skip   4096 - 8
    TRANSLATION_END
    .text
done:
    PRIVILEGED_END
