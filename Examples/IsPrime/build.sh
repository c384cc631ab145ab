#!/bin/sh
# Builds isPrime.elf with the Swift toolchain's clang: build.sh OUTPUT-FOLDER.
set -eu
mkdir -p "$1"
output=$(cd "$1" && pwd)
cd "$(dirname "$0")"
tools=$(dirname "$(readlink -f "$(command -v "${SWIFTC:-swiftc}")")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
c="--target=riscv64-none-none-eabi -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany"
"$tools/clang" $c -O1 -ffreestanding -fno-unroll-loops -Wall -Werror -c isPrime.c -o "$work/isPrime.o"
"$tools/clang" $c -c start.S -o "$work/start.o"
"$tools/ld.lld" --build-id=none --discard-locals -Ttext=0x80000000 "$work/start.o" "$work/isPrime.o" \
    -o "$output/isPrime.elf"
