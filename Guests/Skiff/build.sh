#!/bin/sh
# Builds Skiff for riscv64: build.sh OUTPUT-FOLDER writes skiff.elf (to be loaded at 0x80200000 by
# firmware) and skiff-m.elf (at 0x80000000, out of reset).
optimise=-Osize map=Guests/Skiff/CSkiff/include/module.modulemap
. "$(dirname "$0")/../tools.sh"
objects Guests/Skiff/CSkiff/*.c Guests/Skiff/CSkiff/boot.S Guests/Skiff/CSkiff/trap.S
for room in Bits FDT; do module $room Sources/$room; done
for part in ABI Programs Kernel; do module Skiff$part Guests/Skiff/$part; done
image Guests/Skiff/programs.ld programs.elf --strip-all \
    SkiffPrograms.o SkiffABI.o memory.c.o heap.c.o
(cd "$work" && "$tools/clang" --target=$target -c "$root/Guests/Skiff/CSkiff/embed.S" -o embed.S.o)
kernel="boot.S.o trap.S.o memory.c.o heap.c.o embed.S.o SkiffKernel.o SkiffABI.o FDT.o Bits.o"
image Guests/Skiff/link.ld "$output/skiff.elf" --strip-debug --defsym=BASE=0x80200000 \
    --defsym=skiff_entry=skiff_start_supervisor $kernel
image Guests/Skiff/link.ld "$output/skiff-m.elf" --strip-debug --defsym=BASE=0x80000000 \
    --defsym=skiff_entry=skiff_start_machine $kernel
