#!/bin/sh
# Builds Keel for riscv64: build.sh OUTPUT-FOLDER writes keel.elf, to be loaded by firmware. The same
# sources give the same bytes, wherever the clone lies. Tools come from the Swift toolchain; SWIFTC
# names another one.
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
shared=Guests/Skiff/CSkiff
for file in $shared/memory.c $shared/heap.c Guests/Keel/CKeel/boot.S Guests/Keel/CKeel/trap.S; do
    "$tools/clang" --target=$target $c -Wall -Werror -ffunction-sections -c "$file" \
        -o "$work/$(basename "$file").o"
done

# module NAME FOLDER: one object, and the module's interface for those that import it.
module() {
    "$swiftc" -target $target -enable-experimental-feature Embedded -swift-version 6 \
        -package-name hull -module-name "$1" -parse-as-library -wmo -O \
        -strict-memory-safety -warnings-as-errors -enforce-exclusivity=unchecked \
        -Xfrontend -disable-stack-protector -Xfrontend -function-sections \
        -Xcc -fmodule-map-file=Guests/Keel/CKeel/include/module.modulemap \
        -Xcc -I$shared/include -Xcc -mcmodel=medany -I "$work" -module-cache-path "$work/cache" \
        -emit-module -emit-module-path "$work/$1.swiftmodule" \
        -c -o "$work/$1.o" $(find "$2" -name '*.swift' | sort)
}
for room in Bits FDT Effects RISCV SBI Devices; do module $room Sources/$room; done
module Keel Guests/Keel/Monitor
module KeelKernel Guests/Keel/Kernel

cd "$work"
"$tools/ld.lld" --gc-sections --discard-locals --build-id=none --strip-debug \
    --defsym=skiff_heap_start=keel_heap_start --defsym=skiff_heap_end=keel_heap_end \
    -T "$root/Guests/Keel/link.ld" -o "$output/keel.elf" \
    boot.S.o trap.S.o memory.c.o heap.c.o \
    KeelKernel.o Keel.o Devices.o SBI.o RISCV.o Effects.o FDT.o Bits.o
