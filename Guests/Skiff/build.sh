#!/bin/sh
# Builds Skiff for riscv64: build.sh OUTPUT-FOLDER writes skiff.elf (to be loaded at 0x80200000 by
# firmware) and skiff-m.elf (at 0x80000000, out of reset). The same sources give the same bytes,
# wherever the clone lies. Tools come from the Swift toolchain; SWIFTC names another one.
set -eu
export LC_ALL=C
mkdir -p "$1"
output=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
swiftc=${SWIFTC:-swiftc}
tools=$(dirname "$(readlink -f "$(command -v "$swiftc")")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Paths relative to the clone, so that nothing in an object can name the place.
cd "$root"

target=riscv64-none-none-eabi
c="-march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -Os -ffreestanding -fno-builtin"
for file in Guests/Skiff/CSkiff/*.c Guests/Skiff/CSkiff/boot.S Guests/Skiff/CSkiff/trap.S; do
    "$tools/clang" --target=$target $c -Wall -Werror -ffunction-sections -c "$file" \
        -o "$work/$(basename "$file").o"
done

# module NAME FOLDER: one object, and the module's interface for those that import it.
module() {
    "$swiftc" -target $target -enable-experimental-feature Embedded -swift-version 6 \
        -package-name hull -module-name "$1" -parse-as-library -wmo -Osize \
        -strict-memory-safety -warnings-as-errors -enforce-exclusivity=unchecked \
        -Xfrontend -disable-stack-protector -Xfrontend -function-sections \
        -Xcc -fmodule-map-file=Guests/Skiff/CSkiff/include/module.modulemap \
        -Xcc -mcmodel=medany -I "$work" -module-cache-path "$work/cache" \
        -emit-module -emit-module-path "$work/$1.swiftmodule" \
        -c -o "$work/$1.o" $(find "$2" -name '*.swift' | sort)
}
module Bits Sources/Bits
module FDT Sources/FDT
module SkiffABI Guests/Skiff/ABI
module SkiffPrograms Guests/Skiff/Programs
module SkiffKernel Guests/Skiff/Kernel

cd "$work"
link() {
    "$tools/ld.lld" --gc-sections --discard-locals --build-id=none "$@"
}
link --strip-all -T "$root/Guests/Skiff/programs.ld" -o programs.elf SkiffPrograms.o SkiffABI.o memory.c.o \
    heap.c.o
"$tools/clang" --target=$target $c -c "$root/Guests/Skiff/CSkiff/embed.S" -o embed.o
kernel="boot.S.o trap.S.o memory.c.o heap.c.o embed.o SkiffKernel.o SkiffABI.o FDT.o Bits.o"
link --strip-debug -T "$root/Guests/Skiff/link.ld" --defsym=BASE=0x80200000 \
    --defsym=skiff_entry=skiff_start_supervisor -o "$output/skiff.elf" $kernel
link --strip-debug -T "$root/Guests/Skiff/link.ld" --defsym=BASE=0x80000000 \
    --defsym=skiff_entry=skiff_start_machine -o "$output/skiff-m.elf" $kernel
