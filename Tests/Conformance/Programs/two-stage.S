// Two-stage translation: what a guest reaches, and what its hypervisor is told of what it does not.
#include "guests.h"

// Guest-physical addresses: RAM where it lies, and three pages of their own.
#define GPA 0x100000000
// The guest's own large page over those, and a large page of RAM.
#define VA 0x40000000
#define GUEST_FAULTS ((1 << CAUSE_FETCH_GUEST) | (1 << CAUSE_LOAD_GUEST) | (1 << CAUSE_STORE_GUEST))

.macro faults piece, address, cause, value, guest, instruction
    next_case
    li      a3, \address
    li      a4, 0
    call_guest S_MODE, \piece
    expect_guest_trap \cause, \value, \guest, \instruction
.endm

    PRIVILEGED_BEGIN
    li      t0, FS
    csrs    mstatus, t0
    csrs    vsstatus, t0
    entry   stage, 2, 0x80000000, V | R | W | X | UU | A | D
    entry_to stage, 4, stage1, V
    entry_to stage1, 0, stage0, V
    entry_to stage0, 0, data, V | R | W | X | UU | A | D
    entry_to stage0, 2, code_only, V | X | UU | A | D
    entry_to stage0, 3, data, V | R | UU | A | D
    root    hgatp, stage
    hfence.gvma

    // Without tables of its own a guest uses guest-physical addresses.
    next_case
    li      a3, GPA + 8
    call_guest S_MODE, load
    expect  a0, CAUSE_ECALL_VS
    trapped a4
    expect  a0, 0x1111111111111111
    li      a3, GPA + 8
    call_guest U_MODE, load
    expect  a0, CAUSE_ECALL_U

    set     medeleg, GUEST_FAULTS
    // What is missing: the access with its address taken out.
    faults  load_word, GPA + 0x1000, CAUSE_LOAD_GUEST, GPA + 0x1004, GPA + 0x1004, 0x2703
    faults  load, GPA + 0x1230, CAUSE_LOAD_GUEST, GPA + 0x1230, GPA + 0x1230, 0x3703
    faults  load_short, GPA + 0x1008, CAUSE_LOAD_GUEST, GPA + 0x1010, GPA + 0x1010, 0x3701
    faults  store_short, GPA + 0x1008, CAUSE_STORE_GUEST, GPA + 0x100c, GPA + 0x100c, 0x00e02021
    faults  store, GPA + 0x1008, CAUSE_STORE_GUEST, GPA + 0x1008, GPA + 0x1008, 0x00e03023
    faults  load_float, GPA + 0x1008, CAUSE_LOAD_GUEST, GPA + 0x1008, GPA + 0x1008, 0x3707
    faults  load_reserved, GPA + 0x1008, CAUSE_LOAD_GUEST, GPA + 0x1008, GPA + 0x1008, 0x1000372f
#ifndef QEMU7                           // which tells nothing of these
    faults  add, GPA + 0x1008, CAUSE_STORE_GUEST, GPA + 0x1008, GPA + 0x1008, 0x00e0372f
    faults  store_conditional, GPA + 0x1008, CAUSE_STORE_GUEST, GPA + 0x1008, GPA + 0x1008, 0x18e0372f
    // Over a page's end: the second page, and how far from the first byte.
    faults  load, GPA + 0xffb, CAUSE_LOAD_GUEST, GPA + 0x1000, GPA + 0x1000, 0x3703 | (5 << 15)
    faults  store, GPA + 0xffd, CAUSE_STORE_GUEST, GPA + 0x1000, GPA + 0x1000, 0x00e03023 | (3 << 15)
#endif
    faults  fetch, GPA + 0x1000, CAUSE_FETCH_GUEST, GPA + 0x1000, GPA + 0x1000, 0
    // Not writable, not readable, out of reach.
    faults  store, GPA + 0x3008, CAUSE_STORE_GUEST, GPA + 0x3008, GPA + 0x3008, 0x00e03023
    faults  load, GPA + 0x2008, CAUSE_LOAD_GUEST, GPA + 0x2008, GPA + 0x2008, 0x3703
    faults  load, 1 << 41, CAUSE_LOAD_GUEST, 1 << 41, 1 << 41, 0x3703
    // Executable it is; and the hypervisor's MXR makes it readable.
    next_case
    li      a3, GPA + 0x2000
    call_guest S_MODE, fetch
    expect_trap CAUSE_ECALL_VS, 0
    expect  a2, GPA + 0x2000
#ifndef QEMU7                           // which takes the guest's MXR for both
    li      t0, MXR
    csrs    mstatus, t0
    li      a3, GPA + 0x2008
    call_guest S_MODE, load
    expect  a0, CAUSE_ECALL_VS
    li      t0, MXR
    csrc    mstatus, t0
    csrs    vsstatus, t0
    li      a3, GPA + 0x2008
    call_guest S_MODE, load
    expect  a0, CAUSE_ECALL_S
    expect_csr scause, CAUSE_LOAD_GUEST
    li      t0, MXR
    csrc    vsstatus, t0
#endif

    // From VU-mode; and taken to machine mode the same stands in its own registers.
    next_case
    li      a3, GPA + 0x1234
    call_guest U_MODE, load_word
    expect  a0, CAUSE_ECALL_S
    expect_csr scause, CAUSE_LOAD_GUEST
    expect_csr htval, (GPA + 0x1238) >> 2
    expect_csr hstatus, (2 << 32) | SPV | HGVA
    csrw    hstatus, zero
    csrw    medeleg, zero
    li      a3, GPA + 0x1234
    call_guest U_MODE, load_word
    expect_trap CAUSE_LOAD_GUEST, GPA + 0x1238
    expect_csr mtval2, (GPA + 0x1238) >> 2
#ifndef QEMU7                           // which writes htinst only
    expect_csr mtinst, 0x2703
#endif
    li      t0, MPV | GVA
    and     a0, s4, t0
    expect  a0, MPV | GVA
    set     medeleg, GUEST_FAULTS

    // Tables of the guest's own: its large page over the hypervisor's small ones.
    next_case
    entry   tables, 2, 0x80000000, V | R | W | X | A | D
    entry_to tables, 1, tables1, V
    entry   tables1, 0, GPA, V | R | W | X | A | D
    entry   tables1, 1, 0x80000000, V | R | W | A | D
    root    vsatp, tables
    hfence.vvma
    li      a3, VA + 8
    call_guest S_MODE, load
    expect  a0, CAUSE_ECALL_VS
    trapped a4
    expect  a0, 0x1111111111111111
    la      a3, data + 8
    li      t0, 0x80000000 - VA - 0x200000
    sub     a3, a3, t0
    call_guest S_MODE, load
    expect  a0, CAUSE_ECALL_VS
    trapped a4
    expect  a0, 0x1111111111111111
    faults  store, VA + 0x1238, CAUSE_STORE_GUEST, VA + 0x1238, GPA + 0x1238, 0x00e03023
    // The guest's own faults come first, and are none of the hypervisor's.
    next_case
    li      a3, VA + 0x400000
    call_guest S_MODE, load
    expect_trap CAUSE_LOAD_PAGE, VA + 0x400000
    expect_csr mtval2, 0
    set     medeleg, GUEST_FAULTS | (1 << CAUSE_LOAD_PAGE)
    set     hedeleg, 1 << CAUSE_LOAD_PAGE
    la      t0, trap_in_guest
    csrw    vstvec, t0
    li      a3, VA + 0x400000
    call_guest S_MODE, load
    expect  a0, CAUSE_ECALL_VS
    expect_csr vscause, CAUSE_LOAD_PAGE
    expect_csr vstval, VA + 0x400000
    set     medeleg, GUEST_FAULTS
    csrw    hedeleg, zero

    // A table that the hypervisor does not map: a pseudoinstruction stands for the read of its entry.
    entry   tables, 3, GPA + 0x1000, V
    hfence.vvma
    faults  load, 0xc0200008, CAUSE_LOAD_GUEST, 0xc0200008, GPA + 0x1008, 0x3000
#ifndef QEMU7                           // which takes it for the load that reads the entry
    faults  store, 0xc0200008, CAUSE_STORE_GUEST, 0xc0200008, GPA + 0x1008, 0x3000
    faults  fetch, 0xc0200008, CAUSE_FETCH_GUEST, 0xc0200008, GPA + 0x1008, 0x3000
#endif
    // One that it lets the guest read only, and an entry that has to be marked.
    li      t0, ADUE
    csrs    MENVCFG, t0
    csrs    HENVCFG, t0
    entry   tables, 3, GPA + 0x3000, V
    la      t0, data
    li      t1, ((GPA >> 2) & ~0x7ffff) | V | R | W | X | D
    sd      t1, 16(t0)
    hfence.vvma
#ifndef QEMU7                           // which has no ADUE
    faults  load, 0xc0400008, CAUSE_LOAD_GUEST, 0xc0400008, GPA + 0x3010, 0x3020
    // As it may be written, it is.
    next_case
    entry_to stage0, 3, data, V | R | W | UU | A | D
    hfence.gvma
    li      a3, 0xc0400008
    call_guest S_MODE, load
    expect  a0, CAUSE_ECALL_VS
    la      t0, data
    ld      a0, 16(t0)
    andi    a0, a0, A
    expect  a0, A
    li      t0, ADUE
    csrc    MENVCFG, t0
#endif

    // The hypervisor reads and writes as its guest would.
    next_case
    csrw    medeleg, zero
    set     hstatus, SPVP
    li      t0, VA + 8
    hlv.d   a0, (t0)
    expect  a0, 0x1111111111111111
    li      a0, 0x81828384
    hsv.w   a0, (t0)
    hlv.w   a0, (t0)
    expect  a0, -0x7e7d7c7c
    hlv.wu  a0, (t0)
    expect  a0, 0x81828384
    hlv.h   a0, (t0)
    expect  a0, -0x7c7c
    hlv.hu  a0, (t0)
    expect  a0, 0x8384
    hlv.b   a0, (t0)
    expect  a0, -0x7c
    hlv.bu  a0, (t0)
    expect  a0, 0x84
    hlvx.hu a0, (t0)
    expect  a0, 0x8384
    hlvx.wu a0, (t0)
    expect  a0, 0x81828384
    li      a0, 0x11
    hsv.b   a0, (t0)
    hsv.h   a0, (t0)
    li      a0, 0x1111111111111111
    hsv.d   a0, (t0)
    hlv.d   a0, (t0)
    expect  a0, 0x1111111111111111
#ifndef QEMU7                           // which wants it readable in the second stage
    // A page that can be executed only.
    li      t0, VA + 0x2000
    hlvx.wu a0, (t0)
    expect  a0, 0x73
#endif
    next_case
    set     hstatus, SPVP
    li      a3, VA + 0x2000
    call_host S_MODE, hypervisor_load
    expect_trap CAUSE_LOAD_GUEST, VA + 0x2000
#ifndef QEMU7
    expect_csr mtinst, 0x6c004773
#endif
    csrr    a0, mstatus
    li      t0, MPV | GVA
    and     a0, a0, t0
    expect  a0, GVA
#ifndef QEMU7                           // which asks the hypervisor's SUM
    // As VU-mode it finds no page of its own.
    csrw    hstatus, zero
    li      a3, VA + 8
    call_host S_MODE, hypervisor_load
    expect_trap CAUSE_LOAD_PAGE, VA + 8
#endif
    // U-mode may do the same where HU says so.
    set     hstatus, SPVP | HU
    li      a3, VA + 8
    call_host U_MODE, hypervisor_load
    expect  a0, CAUSE_ECALL_U
    csrw    hstatus, zero

    // Fences make a change seen: the hypervisor's, and the guest's own with an address in a large page.
    next_case
    li      a3, VA + 8
    call_guest S_MODE, load
    entry_to stage0, 0, other, V | R | W | X | UU | A | D
    li      t0, GPA >> 2
    hfence.gvma t0, zero
    li      a3, VA + 8
    call_guest S_MODE, load
    trapped a4
    expect  a0, 0x2222222222222222
    entry_to stage0, 0, data, V | R | W | X | UU | A | D
    hfence.gvma zero, zero
    next_case
    li      a3, VA + 8
    call_guest S_MODE, load
    entry   tables1, 0, 0x80000000, V | R | W | X | A | D
    li      a3, VA + 0x1ff000
    call_guest S_MODE, fence_page
    expect  a0, CAUSE_ECALL_VS
    li      a3, VA
    call_guest S_MODE, load_word
    trapped a4
    li      t0, 0x80000000
    lw      a1, 4(t0)
    sub     a0, a0, a1
    expect  a0, 0
    hinval.vvma zero, zero
    hinval.gvma zero, zero
    j       done

    .option norvc
    .balign 4
trap_in_guest:
    ecall
load:
    ld      a4, 0(a3)
    ecall
load_word:
    lw      a4, 4(a3)
    ecall
store:
    sd      a4, 0(a3)
    ecall
load_float:
    fld     fa4, 0(a3)
    ecall
load_reserved:
    lr.d    a4, (a3)
    ecall
store_conditional:
    sc.d    a4, a4, (a3)
    ecall
add:
    amoadd.d a4, a4, (a3)
    ecall
hypervisor_load:
    hlv.d   a4, (a3)
    ecall
fence_page:
    sfence.vma a3, zero
    ecall
fetch:
    jr      a3
    .option rvc
load_short:
    c.ld    a4, 8(a3)
    ecall
store_short:
    c.sw    a4, 4(a3)
    ecall

    .data
    .balign 4096
data:
    .dword  0, 0x1111111111111111
    .skip   4096 - 16
other:
    .dword  0, 0x2222222222222222
    .skip   4096 - 16
code_only:
    .word   0x73
    .skip   4096 - 4
    .bss
    .balign 16384
stage:  .skip 16384
stage1: .skip 4096
stage0: .skip 4096
tables: .skip 4096
tables1: .skip 4096
    .text
done:
    PRIVILEGED_END
