// Svnapot, Svpbmt, Svinval.
#include "privileged.h"
    .option arch, +svinval
#define MODE 8
#define LEVELS 3
#include "translation.h"
#define FF CAUSE_FETCH_PAGE
#define LF CAUSE_LOAD_PAGE
#define SF CAUSE_STORE_PAGE
#define N (1 << 63)
#define PAGE 0x1000200000
#define PBMTE (1 << 62)

    PRIVILEGED_BEGIN
    TRANSLATION_BEGIN
    // Each 4 KiB page of a 64 KiB one has an entry like the others; what counts is the address.
    next_case
    la      t0, big
    li      t2, 16
    li      t3, 0x100
1:  sd      t3, 8(t0)
    addi    t3, t3, 1
    li      t4, 4096
    add     t0, t0, t4
    addi    t2, t2, -1
    bnez    t2, 1b
    la      s5, big
    srli    s5, s5, 2
    li      t0, N | (8 << 10) | V | R | W | A | D
    or      s5, s5, t0
    .irp page, 0, 1, 7, 8, 15
    li      a0, PAGE + \page * 4096
    mv      a1, s5
    li      a2, 0
    call    map_page
    li      s8, PAGE + \page * 4096 + 8
    probe   S_MODE, load, 0
    la      t0, trapped_state
    ld      a0, 32(t0)
    expect  a0, 0x100 + \page
    .endr
    // The other encodings of the size are reserved.
    .irp low, 0, 1, 2, 4, 7, 9, 12, 15
    next_case
    li      s8, PAGE + 8
    li      t0, 8 << 10
    not     t0, t0
    and     t0, s5, t0
    li      t1, \low << 10
    or      a1, t0, t1
    li      a0, PAGE
    li      a2, 0
    call    map_page
    probe   S_MODE, load, LF
    probe   S_MODE, store, SF
    .endr
    // N in a superpage or a pointer is reserved.
    next_case
    map     0x3000000000, 0x80000000, V | R | W | X | A | D, 1
    li      s8, 0x3000000008
    probe   S_MODE, load, 0
#ifndef QEMU7                           // which does not look
    leaf    (0x80000000 >> 2) | N | V | R | W | X | A | D
    probe   S_MODE, load, LF
    leaf    (0x80008000 >> 2) | N | V | R | W | X | A | D
    probe   S_MODE, load, LF
#endif
    next_case
    leaf    (0x80000000 >> 2) | N | V
    probe   S_MODE, load, LF

    // Memory types: reserved while PBMTE is off; 3 is reserved always.
    next_case
    li      t0, PBMTE
    csrc    0x30a, t0
    .irp type, 1, 2, 3
    leaf    (0x80000000 >> 2) | (\type << 61) | V | R | W | X | A | D
#ifndef QEMU7                           // which knows no PBMTE
    probe   S_MODE, load, LF
#endif
    .endr
    next_case
    li      t0, PBMTE
    csrs    0x30a, t0
    .irp type, 0, 1, 2
    leaf    (0x80000000 >> 2) | (\type << 61) | V | R | W | X | A | D
    probe   S_MODE, load, 0
    .endr
#ifndef QEMU7                           // nor this
    leaf    (0x80000000 >> 2) | (3 << 61) | V | R | W | X | A | D
    probe_all S_MODE, FF, LF, SF
#endif
    next_case
    leaf_to spare, (1 << 61) | V
    probe   S_MODE, load, LF
    leaf_to spare, V
    probe   S_MODE, load, 0

    // sinval.vma between its fences does what sfence.vma does.
    next_case
    la      t0, spare
    sd      zero, 0(t0)
    sfence.w.inval
    li      t0, 0x3000000000
    sinval.vma t0, zero
    sfence.inval.ir
    probe   S_MODE, load, LF
    .irp piece, do_sinval, do_w_inval, do_inval_ir
    next_case
    csrw    satp, zero
#ifndef QEMU7                           // which lets user mode fence
    call_in U_MODE, \piece
    expect  a0, CAUSE_ILLEGAL
#endif
    call_in S_MODE, \piece
    expect  a0, CAUSE_ECALL_S
    .endr
    // TVM forbids the supervisor the first only.
    next_case
    li      t0, TVM
    csrs    mstatus, t0
    call_in S_MODE, do_sinval
    expect  a0, CAUSE_ILLEGAL
    call_in S_MODE, do_w_inval
    expect  a0, CAUSE_ECALL_S
    call_in S_MODE, do_inval_ir
    expect  a0, CAUSE_ECALL_S
    j       done
    .option norvc
do_sinval:
    sinval.vma zero, zero
    ecall
do_w_inval:
    sfence.w.inval
    ecall
do_inval_ir:
    sfence.inval.ir
    ecall
    .option rvc
    TRANSLATION_END
    .data
    .balign 4096
spare:  .dword (0x80000000 >> 2) | V | R | W | X | A | D
    .balign 0x10000
big:    .skip 0x10000
    .text
done:
    PRIVILEGED_END
