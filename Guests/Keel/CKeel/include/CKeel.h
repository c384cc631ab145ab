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
SYMBOL(keel_image_start) SYMBOL(keel_image_end) SYMBOL(keel_trap_page) SYMBOL(keel_further)

// The one lock of the monitor (`RunQueue`).
extern volatile uint32_t keel_lock;
static inline void take_lock(void) {
    while (__atomic_exchange_n(&keel_lock, 1, __ATOMIC_ACQUIRE))
        while (keel_lock) __asm__ volatile(".4byte 0x0100000f");  // pause (Zihintpause), a hint
}
static inline void give_lock(void) { __atomic_store_n(&keel_lock, 0, __ATOMIC_RELEASE); }

// The hypervisor extension by number: the assembler's names for it need the extension switched on.
CSR_NUMBER(hstatus, 0x600) CSR_NUMBER(hedeleg, 0x602) CSR_NUMBER(hideleg, 0x603)
CSR_NUMBER(htimedelta, 0x605) CSR_NUMBER(hcounteren, 0x606) CSR_NUMBER(henvcfg, 0x60a)
CSR_NUMBER(htval, 0x643) CSR_NUMBER(hvip, 0x645) CSR_NUMBER(hgatp, 0x680)
CSR_NUMBER(vsstatus, 0x200) CSR_NUMBER(vsie, 0x204) CSR_NUMBER(vstvec, 0x205)
CSR_NUMBER(vsscratch, 0x240) CSR_NUMBER(vsepc, 0x241) CSR_NUMBER(vscause, 0x242)
CSR_NUMBER(vstval, 0x243) CSR_NUMBER(vstimecmp, 0x24d) CSR_NUMBER(vsatp, 0x280)
static inline void hfence_vvma_all(void) {
    __asm__ volatile(".insn r 0x73, 0, 0x11, x0, x0, x0" ::: "memory");
}
static inline void hfence_gvma_all(void) {
    __asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, x0" ::: "memory");
}

// The same as keel_enter for a guest in VS- or VU-mode, whose mode hstatus and sstatus hold.
void keel_enter_hardware(uint64_t frame);
// Runs the guest whose frame this is; returns at a VMExit.
void keel_enter(uint64_t frame);
void keel_save_float(uint64_t area);
void keel_load_float(uint64_t area);
