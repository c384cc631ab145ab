# What the builds of the guests share, which source it with $1 = the folder for what they make and
# $optimise = how Swift is compiled. Tools come from the Swift toolchain; SWIFTC names another one.
# The same sources give the same bytes, wherever the clone lies.
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

# objects FILE...: C and assembly.
objects() {
    for file; do
        "$tools/clang" --target=$target -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -Os \
            -ffreestanding -fno-builtin -Wall -Werror -ffunction-sections -c "$file" \
            -o "$work/$(basename "$file").o"
    done
}

# module NAME FOLDER: one object, and the module's interface for those that import it. $map names the
# C module that it may import.
module() {
    "$swiftc" -target $target -enable-experimental-feature Embedded -swift-version 6 \
        -package-name hull -module-name "$1" -parse-as-library -wmo $optimise \
        -strict-memory-safety -warnings-as-errors -enforce-exclusivity=unchecked \
        -Xfrontend -disable-stack-protector -Xfrontend -function-sections \
        -Xcc -fmodule-map-file=$map -Xcc -IGuests/Skiff/CSkiff/include -Xcc -mcmodel=medany \
        -I "$work" -module-cache-path "$work/cache" \
        -emit-module -emit-module-path "$work/$1.swiftmodule" \
        -c -o "$work/$1.o" $(find "$2" -name '*.swift' | sort)
}

# image SCRIPT OUTPUT ARGUMENT...: links, in the folder of the objects.
image() {
    script=$root/$1 result=$2
    shift 2
    (cd "$work" && "$tools/ld.lld" --gc-sections --discard-locals --build-id=none \
        -T "$script" -o "$result" "$@")
}
