// Shared by all conformance programs. A program is one source that is assembled once for each
// environment (a -D names it):
//
//   MACHINE     machine mode, physical addresses
//   SUPERVISOR  supervisor mode, Sv48 superpages in the upper half
//   USER        user mode, Sv39, 4 KiB pages that come and go by page faults
//   LINUX       a static program for a Linux user-mode emulator
//   (none)      BARE programs are their own machine-mode code: see privileged.h
//
// It ends with the number of the failed case (gp), or 0. Cases are counted in the order of the
// source; `objdump` of the program finds one by its `li gp, N`.
//
// QEMU7 is defined where a program is tried on QEMU 7.2 (-M virt -bios none), which errs in the
// places so marked; the specification decides. qemu-riscv64 10 runs the LINUX ones.
//
// Registers: gp holds the case, s1–s3 belong to the table macros, t0–t6 and a0–a5 are free.

#ifndef CONFORMANCE_H
#define CONFORMANCE_H

    .option norelax
    .set CASE, 0
    .set MIN64, 0x8000000000000000

// --- Ends -------------------------------------------------------------------------------------

// Ends with the case in gp.
.macro fail
    j       fail_now
.endm

.macro next_case
    .set CASE, CASE + 1
    li      gp, CASE
.endm

// The value of \reg must be \value, an assembler constant.
.macro expect reg, value
    li      t6, \value
    bne     \reg, t6, 9f
    j       8f
9:  fail
8:
.endm

#include "environments.h"
#include "models.h"
#include "tables.h"

#endif
