#pragma once
#include "csr.h"

// Device registers: accesses are volatile and exactly as wide as they say.
#define REGISTER(bits)                                                               \
    static inline uint##bits##_t load##bits(uint64_t address) {                      \
        return *(volatile uint##bits##_t *)address;                                  \
    }                                                                                \
    static inline void store##bits(uint64_t address, uint##bits##_t value) {         \
        *(volatile uint##bits##_t *)address = value;                                 \
    }
REGISTER(8) REGISTER(32)

#define SYMBOL(name)                                                                 \
    extern char name[];                                                              \
    static inline uint64_t address_of_##name(void) { return (uint64_t)name; }
SYMBOL(keel_image_start) SYMBOL(keel_image_end) SYMBOL(keel_trap_page)

// Runs the guest whose frame this is; returns at a VMExit.
void keel_enter(uint64_t frame);
void keel_save_float(uint64_t area);
void keel_load_float(uint64_t area);
