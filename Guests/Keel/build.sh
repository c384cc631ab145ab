#!/bin/sh
# Builds Keel for riscv64: build.sh OUTPUT-FOLDER writes keel.elf, to be loaded by firmware.
optimise=-O map=Guests/Keel/CKeel/include/module.modulemap
. "$(dirname "$0")/../tools.sh"
objects Guests/Skiff/CSkiff/memory.c Guests/Skiff/CSkiff/heap.c Guests/Keel/CKeel/*.S
for room in Bits FDT Effects RISCV SBI Devices; do module $room Sources/$room; done
module Keel Guests/Keel/Monitor
module KeelKernel Guests/Keel/Kernel
image Guests/Keel/link.ld "$output/keel.elf" --strip-debug \
    --defsym=skiff_heap_start=keel_heap_start --defsym=skiff_heap_end=keel_heap_end \
    boot.S.o trap.S.o memory.c.o heap.c.o \
    KeelKernel.o Keel.o Devices.o SBI.o RISCV.o Effects.o FDT.o Bits.o
