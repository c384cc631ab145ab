#pragma once
#include <stdint.h>

// Control and status registers: Swift has no inline assembly, so each access is one C function
// that disappears into its caller.
#define CSR_NUMBER(name, number)                                                     \
    static inline uint64_t csr_read_##name(void) {                                   \
        uint64_t value;                                                              \
        __asm__ volatile("csrr %0, " #number : "=r"(value)::"memory");               \
        return value;                                                                \
    }                                                                                \
    static inline void csr_write_##name(uint64_t value) {                            \
        __asm__ volatile("csrw " #number ", %0" ::"r"(value) : "memory");            \
    }                                                                                \
    static inline void csr_set_##name(uint64_t value) {                              \
        __asm__ volatile("csrs " #number ", %0" ::"r"(value) : "memory");            \
    }                                                                                \
    static inline void csr_clear_##name(uint64_t value) {                            \
        __asm__ volatile("csrc " #number ", %0" ::"r"(value) : "memory");            \
    }
#define CSR(name) CSR_NUMBER(name, name)

CSR(sstatus) CSR(sie) CSR(stvec) CSR(scounteren) CSR(sscratch) CSR(sepc) CSR(scause)
CSR(stval) CSR(sip) CSR(satp) CSR_NUMBER(stimecmp, 0x14d) CSR_NUMBER(senvcfg, 0x10a)
CSR(mstatus) CSR(medeleg) CSR(mideleg) CSR(mie) CSR(mip) CSR(mcounteren) CSR(mtvec)
CSR(mscratch) CSR(mepc) CSR(mcause) CSR(mtval) CSR_NUMBER(menvcfg, 0x30a)

#define COUNTER(name)                                                                \
    static inline uint64_t read_##name(void) {                                       \
        uint64_t value;                                                              \
        __asm__ volatile("rd" #name " %0" : "=r"(value)::"memory");                  \
        return value;                                                                \
    }
COUNTER(time) COUNTER(cycle) COUNTER(instret)

static inline void wait_for_interrupt(void) { __asm__ volatile("wfi" ::: "memory"); }
static inline void fence_instructions(void) { __asm__ volatile("fence.i" ::: "memory"); }
static inline void fence_memory(void) { __asm__ volatile("fence iorw, iorw" ::: "memory"); }
static inline void sfence_all(void) { __asm__ volatile("sfence.vma" ::: "memory"); }
static inline void sfence_address(uint64_t address) {
    __asm__ volatile("sfence.vma %0, zero" ::"r"(address) : "memory");
}
static inline void sfence_asid(uint64_t asid) {
    __asm__ volatile("sfence.vma zero, %0" ::"r"(asid) : "memory");
}

// What a firmware call returns (SBI specification 2.0, chapter 3).
typedef struct {
    int64_t error;
    uint64_t value;
} SBIResult;

static inline SBIResult sbi_call(uint64_t extension, uint64_t function, uint64_t p0,
                                 uint64_t p1, uint64_t p2, uint64_t p3) {
    register uint64_t a0 __asm__("a0") = p0;
    register uint64_t a1 __asm__("a1") = p1;
    register uint64_t a2 __asm__("a2") = p2;
    register uint64_t a3 __asm__("a3") = p3;
    register uint64_t a6 __asm__("a6") = function;
    register uint64_t a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
    return (SBIResult){(int64_t)a0, a1};
}

// A system call of a program to Skiff: number in a7, result in a0.
static inline uint64_t system_call(uint64_t number, uint64_t p0, uint64_t p1, uint64_t p2) {
    register uint64_t a0 __asm__("a0") = p0;
    register uint64_t a1 __asm__("a1") = p1;
    register uint64_t a2 __asm__("a2") = p2;
    register uint64_t a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

// Writes a machine-mode register that may not exist: an illegal instruction lands behind it.
#define CSR_TRY(name, number)                                                        \
    static inline void csr_try_write_##name(uint64_t value) {                        \
        uint64_t vector;                                                             \
        __asm__ volatile("lla %0, 1f\n csrrw %0, mtvec, %0\n csrw " #number          \
                         ", %1\n .balign 4\n 1: csrw mtvec, %0"                      \
                         : "=&r"(vector) : "r"(value) : "memory");                   \
    }                                                                                \
    static inline uint64_t csr_exists_##name(void) {                                 \
        uint64_t vector, value;                                                      \
        __asm__ volatile("li %1, 0\n lla %0, 1f\n csrrw %0, mtvec, %0\n"             \
                         "csrr zero, " #number "\n li %1, 1\n .balign 4\n"            \
                         "1: csrw mtvec, %0"                                         \
                         : "=&r"(vector), "=&r"(value)::"memory");                   \
        return value;                                                                \
    }
CSR_TRY(menvcfg, 0x30a) CSR_TRY(mcounteren, mcounteren) CSR_TRY(medeleg, medeleg)
CSR_TRY(mideleg, mideleg) CSR_TRY(pmpaddr0, pmpaddr0) CSR_TRY(pmpcfg0, pmpcfg0)
CSR_TRY(mstateen0, 0x30c) CSR_TRY(stimecmp, 0x14d)
