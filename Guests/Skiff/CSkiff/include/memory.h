#pragma once
#include <stdint.h>

// The one door to memory and device registers: addresses are numbers, accesses are volatile and
// exactly as wide as they say.
#define MEMORY(bits)                                                                 \
    static inline uint##bits##_t load##bits(uint64_t address) {                      \
        return *(volatile uint##bits##_t *)address;                                  \
    }                                                                                \
    static inline void store##bits(uint64_t address, uint##bits##_t value) {         \
        *(volatile uint##bits##_t *)address = value;                                 \
    }
MEMORY(8) MEMORY(16) MEMORY(32) MEMORY(64)

void *memset(void *to, int value, __SIZE_TYPE__ count);
void *memcpy(void *restrict to, const void *restrict from, __SIZE_TYPE__ count);

static inline void copy_memory(uint64_t to, uint64_t from, uint64_t count) {
    memcpy((void *)to, (const void *)from, count);
}
static inline void zero_memory(uint64_t to, uint64_t count) { memset((void *)to, 0, count); }

// Addresses of what the assembly and the linker script define.
#define SYMBOL(name)                                                                 \
    extern char name[];                                                              \
    static inline uint64_t address_of_##name(void) { return (uint64_t)name; }
SYMBOL(skiff_text_start) SYMBOL(skiff_text_end) SYMBOL(skiff_rodata_end) SYMBOL(skiff_image_end)
SYMBOL(skiff_heap_start) SYMBOL(skiff_heap_end)
SYMBOL(skiff_programs_start) SYMBOL(skiff_programs_end)
SYMBOL(skiff_trap_entry) SYMBOL(skiff_trap_return) SYMBOL(skiff_skip_entry)
SYMBOL(skiff_attempt_recover) SYMBOL(skiff_attempt_stack) SYMBOL(skiff_attempt_value)
SYMBOL(skiff_machine_mode)
SYMBOL(skiff_secondary) SYMBOL(skiff_secondary_mark) SYMBOL(skiff_boot_stack_top)

// Saves the caller's registers at `from` and continues with those at `to`.
void skiff_switch(uint64_t from, uint64_t to);
// Calls `body(a, b)`; returns 1 when it trapped, else 0 with its result in skiff_attempt_value.
uint64_t skiff_attempt(uint64_t (*body)(uint64_t, uint64_t), uint64_t a, uint64_t b);
// From machine mode into skiff_supervisor(hart, tree).
_Noreturn void skiff_enter_supervisor(uint64_t hart, uint64_t tree);
