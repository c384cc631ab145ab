// Physical memory protection: address modes, permissions, priorities, locks, MPRV.
#include "privileged.h"

#define R 1
#define W 2
#define X 4
#define TOR 0x08
#define NA4 0x10
#define NAPOT 0x18
#define L 0x80

// Entry \index := configuration, address in bytes (already shifted for NAPOT by the caller).
.macro entry index, configuration, word
    csrw    pmpaddr\index, \word
    li      t1, 0xff << (8 * \index)
    csrc    pmpcfg0, t1
    li      t1, (\configuration) << (8 * \index)
    csrs    pmpcfg0, t1
.endm
.macro clear_entries
    csrw    pmpcfg0, zero
.endm
// t0 := the word of pmpaddr for \symbol + \offset.
.macro word symbol, offset=0
    la      t0, \symbol + \offset
    srli    t0, t0, 2
.endm
.macro napot symbol, size
    la      t0, \symbol
    srli    t0, t0, 2
    ori     t0, t0, (\size / 8) - 1
.endm
// a3 := symbol + offset; the access in that mode ends in \cause.
.macro try mode, piece, symbol, offset, cause
    la      a3, \symbol + \offset
    call_in \mode, \piece
    expect  a0, \cause
    .if (\cause) < 8
    la      a3, \symbol + \offset
    bne     a1, a3, 9f
    j       8f
9:  fail
8:
    .endif
.endm

    PRIVILEGED_BEGIN
    // With an entry for everything all is open; without one, nothing but machine mode's.
    next_case
    clear_entries
    try     U_MODE, load, area, 0, CAUSE_ECALL_U
    try     S_MODE, store, area, 8, CAUSE_ECALL_S
    csrw    pmpcfg2, zero
    try     M_MODE, load, area, 0, CAUSE_ECALL_M
#ifndef QEMU7                           // whose mret is illegal then
    call_in U_MODE, load
    expect  a0, CAUSE_FETCH_ACCESS
    call_in S_MODE, load
    expect  a0, CAUSE_FETCH_ACCESS
    la      a3, load
    sub     a1, a1, a3
    expect  a1, 0
#endif
    set     pmpcfg2, 0x1f << 56

    // Each set of permissions, NAPOT of a page.
    .irp rwx, 0, R, X, R | W, R | X, R | W | X
    .irp mode, U_MODE, S_MODE
    next_case
    napot   area, 4096
    entry   0, (\rwx) | NAPOT, t0
    .if (\rwx) & R
    try     \mode, load, area, 8, CAUSE_ECALL_U + \mode
    .else
    try     \mode, load, area, 8, CAUSE_LOAD_ACCESS
    .endif
    .if (\rwx) & W
    try     \mode, store, area, 8, CAUSE_ECALL_U + \mode
    .else
    try     \mode, store, area, 8, CAUSE_STORE_ACCESS
    .endif
    .if (\rwx) & X
    try     \mode, jump, area, 0, CAUSE_ECALL_U + \mode
    .else
    try     \mode, jump, area, 0, CAUSE_FETCH_ACCESS
    .endif
#ifndef QEMU7                           // which reports a load's fault
    .if (\rwx) & W
    try     \mode, amo, area, 16, CAUSE_ECALL_U + \mode
    .else
    try     \mode, amo, area, 16, CAUSE_STORE_ACCESS
    .endif
#endif
    .endr
    // Unlocked, it does not bind machine mode.
    try     M_MODE, store, area, 8, CAUSE_ECALL_M
    .endr

    // The bounds of a NAPOT range of each size.
    .irp size, 8, 16, 32, 256, 2048, 4096
    next_case
    napot   area, \size
    entry   0, R | NAPOT, t0
    try     U_MODE, store_byte, area, 0, CAUSE_STORE_ACCESS
    try     U_MODE, store_byte, area, \size - 1, CAUSE_STORE_ACCESS
    try     U_MODE, store_byte, area, \size, CAUSE_ECALL_U
    try     U_MODE, store_byte, area, -1, CAUSE_ECALL_U
    .endr

    // Four bytes.
    next_case
    word    area, 16
    entry   0, R | NA4, t0
    try     U_MODE, store_word, area, 12, CAUSE_ECALL_U
    try     U_MODE, store_word, area, 16, CAUSE_STORE_ACCESS
    try     U_MODE, store_word, area, 20, CAUSE_ECALL_U
    // An access that only partly matches fails, even where both parts would be allowed...
    next_case
    entry   0, R | W | X | NA4, t0
    word    area, 16
    entry   0, R | W | X | NA4, t0
    try     U_MODE, store_word, area, 16, CAUSE_ECALL_U
    try     U_MODE, load, area, 16, CAUSE_LOAD_ACCESS
    // ...and in machine mode too.
    try     M_MODE, load, area, 16, CAUSE_LOAD_ACCESS
    try     M_MODE, load, area, 24, CAUSE_ECALL_M

    // Top of range: from entry 0's address, and from zero for entry 0 itself.
    next_case
    clear_entries
    word    area, 64
    csrw    pmpaddr0, t0
    word    area, 128
    entry   1, R | TOR, t0
    try     U_MODE, store_word, area, 60, CAUSE_ECALL_U
    try     U_MODE, store_word, area, 64, CAUSE_STORE_ACCESS
    try     U_MODE, store_word, area, 124, CAUSE_STORE_ACCESS
    try     U_MODE, store_word, area, 128, CAUSE_ECALL_U
    // Empty where the bottom is not below the top.
    word    area, 128
    csrw    pmpaddr0, t0
#ifdef QEMU7                            // which forgets that entry 1 starts there
    csrr    t0, pmpcfg0
    csrw    pmpcfg0, t0
#endif
    try     U_MODE, store_word, area, 124, CAUSE_ECALL_U
    try     U_MODE, load, area, 124, CAUSE_ECALL_U
    next_case
    clear_entries
    word    area, 64
    entry   0, R | X | TOR, t0
    try     U_MODE, store_word, area, 60, CAUSE_STORE_ACCESS
    try     U_MODE, store_word, area, 64, CAUSE_ECALL_U

    // The lowest-numbered entry that matches decides.
    next_case
    clear_entries
    napot   area, 4096
    entry   1, R | NAPOT, t0
    word    area, 32
    entry   0, R | W | NA4, t0
    try     U_MODE, store_word, area, 32, CAUSE_ECALL_U
    try     U_MODE, store_word, area, 36, CAUSE_STORE_ACCESS
    next_case
    napot   area, 4096
    entry   0, R | NAPOT, t0
    word    area, 32
    entry   1, R | W | NA4, t0
    try     U_MODE, store_word, area, 32, CAUSE_STORE_ACCESS

#ifndef QEMU7                           // which looks once for a run of instructions
    // Instructions inside a page of which only a part can be executed.
    next_case
    clear_entries
    word    split, 8
    entry   0, R | NA4, t0
    call_in U_MODE, split
    expect  a0, CAUSE_FETCH_ACCESS
    la      a3, split + 8
    bne     a1, a3, 7f
    bne     a2, a3, 7f
    clear_entries
    call_in U_MODE, split
    expect  a0, CAUSE_ECALL_U
    j       6f
7:  fail
6:
#endif
    // Loads and stores under MPRV follow the other mode; fetches do not.
    next_case
    napot   area, 4096
    entry   0, R | NAPOT, t0
    la      a3, area
    call_in M_MODE, store_as_user
    expect  a0, CAUSE_STORE_ACCESS
    trapped mstatus
    srli    a0, a0, 11
    andi    a0, a0, 3
    expect  a0, M_MODE
    call_in M_MODE, load_as_user
    expect  a0, CAUSE_ECALL_M

    // Registers: reserved bits, W without R, and the locks last, because they stay.
    next_case
    clear_entries
#ifndef QEMU7                           // which keeps them
    li      t0, 0x60
    csrw    pmpcfg0, t0
    csrr    a0, pmpcfg0
    expect  a0, 0
    li      t0, -1
    csrw    pmpaddr0, t0
    csrr    a0, pmpaddr0
    expect  a0, 0x3fffffffffffff
#endif
    next_case
    napot   area, 4096
    entry   3, L | R | NAPOT, t0
    csrr    a4, pmpaddr3
    csrw    pmpaddr3, zero
    csrr    a0, pmpaddr3
    bne     a0, a4, 7f
    csrw    pmpcfg0, zero
    csrr    a0, pmpcfg0
    expect  a0, (L | R | NAPOT) << 24
    // Locked, it binds machine mode as well.
    try     M_MODE, store_word, area, 0, CAUSE_STORE_ACCESS
    try     M_MODE, load, area, 0, CAUSE_ECALL_M
    // Its lower neighbour is free.
    csrw    pmpaddr2, zero
    expect_csr pmpaddr2, 0
    word    area
    csrw    pmpaddr2, t0
    csrr    a0, pmpaddr2
    bne     a0, t0, 7f
    // A locked top of range holds the address below it as well.
    next_case
    word    area, 4096
    csrw    pmpaddr5, t0
    word    area, 4100
    entry   6, L | TOR, t0
    csrr    a4, pmpaddr5
    csrw    pmpaddr5, zero
    csrr    a0, pmpaddr5
    bne     a0, a4, 7f
    try     M_MODE, store_word, area, 4096, CAUSE_STORE_ACCESS
    try     M_MODE, store_word, area, 4100, CAUSE_ECALL_M
    // Locked and off: only its registers are locked.
    next_case
    csrw    pmpaddr7, zero
    li      t0, 0x80 << 56
    csrs    pmpcfg0, t0
    csrw    pmpaddr7, t0
    expect_csr pmpaddr7, 0
    li      t0, 0x1f << 56
    csrs    pmpcfg0, t0
    csrr    a0, pmpcfg0
    srli    a0, a0, 56
    expect  a0, 0x80
    j       done
7:  fail

    .option norvc
load:
    ld      a0, 0(a3)
    ecall
store:
    sd      a0, 0(a3)
    ecall
store_word:
    sw      zero, 0(a3)
    ecall
store_byte:
    sb      zero, 0(a3)
    ecall
amo:
    amoadd.d a0, zero, (a3)
    ecall
jump:
    jr      a3
store_as_user:
    li      t0, MPP
    csrc    mstatus, t0
    li      t0, MPRV
    csrs    mstatus, t0
    sd      zero, 0(a3)
    ecall
load_as_user:
    li      t0, MPP
    csrc    mstatus, t0
    li      t0, MPRV
    csrs    mstatus, t0
    ld      a0, 0(a3)
    csrc    mstatus, t0
    ecall
    .balign 16
split:
    nop
    nop
    nop
    nop
    ecall
    .option rvc
done:
    .data
    .balign 8192
    .skip   4096
area:
    .option norvc
    ecall
    .option rvc
    .skip   8188
    PRIVILEGED_END
