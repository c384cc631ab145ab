#ifndef HULL_HOST_GUESTS_H
#define HULL_HOST_GUESTS_H
#include <stddef.h>
#include <stdint.h>
// Guests that ship inside the program. Swift would need seconds for a literal of their size.

/// Skiff's ELF file that runs in supervisor mode under firmware, at 0x80200000.
extern const uint8_t *const hull_keel_elf;
extern const size_t hull_keel_elf_count;
extern const uint8_t *const hull_skiff_elf;
extern const size_t hull_skiff_elf_count;
/// Skiff's ELF file that runs out of reset, in machine mode, at 0x80000000.
extern const uint8_t *const hull_skiff_machine_elf;
extern const size_t hull_skiff_machine_elf_count;
#endif
