// Page tables for bare programs: MODE is satp's, LEVELS its levels. The program itself is mapped
// by a 2 MiB page of the supervisor's where it lies; a page of code for user mode at USER_CODE.
//
//     map va, physical, flags, level   makes a leaf there; s9 = where the leaf lies
//     probe mode, piece, cause         an access to s8 by load, store or fetch: the trap is that
//                                      cause with s8 in mtval, or 0 for the piece's own ecall
// s10 and s11 are the allocator's.

#define V 0x01
#define R 0x02
#define W 0x04
#define X 0x08
#define UU 0x10
#define G 0x20
#define A 0x40
#define D 0x80

#define USER_CODE 0x2000400000

.macro TRANSLATION_BEGIN
    la      s11, tables + 4096
    la      s10, tables
    map     0x80000000, 0x80000000, V | R | W | X | A | D, 1
    la      a2, pieces
    map_to  USER_CODE, V | R | X | UU | A | D, 0
    // The same page for the supervisor, apart from the superpage.
    la      t0, tables
    srli    t0, t0, 12
    li      t1, MODE << 60
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma
.endm

.macro map va, physical, flags, level
    li      a2, \physical
    map_to  \va, \flags, \level
.endm
// The physical address is in a2.
.macro map_to va, flags, level
    li      a0, \va
    srli    a1, a2, 2
    li      a2, \flags
    or      a1, a1, a2
    li      a2, \level
    call    map_page
.endm
// Another leaf where s9 points.
.macro leaf value
    li      t0, \value
    sd      t0, 0(s9)
    sfence.vma
.endm
// s9's page is \symbol with these flags.
.macro leaf_to symbol, flags
    la      t0, \symbol
    srli    t0, t0, 2
    li      t1, \flags
    or      t0, t0, t1
    sd      t0, 0(s9)
    sfence.vma
.endm

// In user mode the pieces run at their other address.
.macro probe mode, piece, cause
    la      a2, \piece
    .if \mode == U_MODE
    li      t0, USER_CODE
    la      t1, pieces
    sub     a2, a2, t1
    add     a2, a2, t0
    .endif
    mv      s7, a2
    mv      a3, s8
    li      a0, \mode
    call    call_in_mode
    .if (\cause) == 0
    expect  a0, CAUSE_ECALL_U + \mode
    .else
    expect  a0, \cause
    bne     a1, s8, 9f
    // mepc: the instruction; for a fetch, what was to be fetched.
    .if (\cause) == CAUSE_FETCH_PAGE || (\cause) == CAUSE_FETCH_ACCESS
    bne     a2, s8, 9f
    .else
    bne     a2, s7, 9f
    .endif
    j       8f
9:  fail
8:
    .endif
.endm
.macro probe_all mode, fetch, load, store
    probe   \mode, fetch, \fetch
    probe   \mode, load, \load
    probe   \mode, store, \store
.endm

.macro TRANSLATION_END
    .text
// a0: virtual address, a1: leaf, a2: its level. Returns s9.
map_page:
    la      s9, tables
    li      t0, LEVELS - 1
1:  // t2: the slot in this level's table.
    slli    t1, t0, 3
    add     t1, t1, t0
    addi    t1, t1, 12
    srl     t2, a0, t1
    andi    t2, t2, 511
    slli    t2, t2, 3
    add     s9, s9, t2
    beq     t0, a2, 3f
    ld      t3, 0(s9)
    bnez    t3, 2f
    srli    t3, s11, 2
    ori     t3, t3, V
    sd      t3, 0(s9)
    li      t4, 4096
    add     s11, s11, t4
2:  srli    s9, t3, 10
    slli    s9, s9, 12
    addi    t0, t0, -1
    j       1b
3:  sd      a1, 0(s9)
    sfence.vma
    ret

    .balign 4096
    .option norvc
pieces:
load:
    ld      a4, 0(a3)
    ecall
store:
    sd      a4, 0(a3)
    ecall
load_byte:
    lbu     a4, 0(a3)
    ecall
amo:
    amoor.d a4, zero, (a3)
    ecall
fetch:
    jr      a3
    .option rvc
    .balign 4096

    .data
    .balign 4096
// A page that can be called: an ecall, then data.
target:
    .option norvc
    ecall
    .option rvc
    .balign 8
    .dword  0x1111111111111111
    .skip   4096 - 16
target2:
    .option norvc
    ecall
    .option rvc
    .balign 8
    .dword  0x2222222222222222
    .skip   4096 - 16
    .bss
    .balign 4096
tables: .skip 40 * 4096
.endm
