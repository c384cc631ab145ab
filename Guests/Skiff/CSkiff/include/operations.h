#pragma once
#include <stdint.h>

// Single instructions as functions, for the self-test: the compiler must not compute any of them.

// rd, rs1, rs2
#define BINARY(name, mnemonic)                                                       \
    static inline uint64_t op_##name(uint64_t a, uint64_t b) {                       \
        uint64_t result;                                                             \
        __asm__ volatile(mnemonic " %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));    \
        return result;                                                               \
    }
BINARY(add, "add") BINARY(sub, "sub") BINARY(sll, "sll") BINARY(slt, "slt")
BINARY(sltu, "sltu") BINARY(xor, "xor") BINARY(srl, "srl") BINARY(sra, "sra")
BINARY(or, "or") BINARY(and, "and") BINARY(addw, "addw") BINARY(subw, "subw")
BINARY(sllw, "sllw") BINARY(srlw, "srlw") BINARY(sraw, "sraw") BINARY(mul, "mul")
BINARY(mulh, "mulh") BINARY(mulhsu, "mulhsu") BINARY(mulhu, "mulhu") BINARY(div, "div")
BINARY(divu, "divu") BINARY(rem, "rem") BINARY(remu, "remu") BINARY(mulw, "mulw")
BINARY(divw, "divw") BINARY(divuw, "divuw") BINARY(remw, "remw") BINARY(remuw, "remuw")

// Extensions the compiler is not told of.
#define EXTENDED(extension, name, text)                                              \
    static inline uint64_t op_##name(uint64_t a, uint64_t b) {                       \
        uint64_t result;                                                             \
        __asm__ volatile(".option push\n .option arch, +" extension "\n" text        \
                         "\n .option pop" : "=&r"(result) : "r"(a), "r"(b));         \
        return result;                                                               \
    }
#define TWO(extension, name, mnemonic) EXTENDED(extension, name, mnemonic " %0, %1, %2")
#define ONE(extension, name, mnemonic) EXTENDED(extension, name, mnemonic " %0, %1")
TWO("zba", sh1add, "sh1add") TWO("zba", sh3add, "sh3add") TWO("zba", add_uw, "add.uw")
TWO("zbb", andn, "andn") TWO("zbb", orn, "orn") TWO("zbb", xnor, "xnor") ONE("zbb", clz, "clz")
ONE("zbb", ctz, "ctz") ONE("zbb", cpop, "cpop") ONE("zbb", clzw, "clzw") ONE("zbb", cpopw, "cpopw")
TWO("zbb", max, "max") TWO("zbb", maxu, "maxu") TWO("zbb", min, "min") TWO("zbb", minu, "minu")
ONE("zbb", sext_b, "sext.b") ONE("zbb", sext_h, "sext.h") ONE("zbb", zext_h, "zext.h")
TWO("zbb", rol, "rol") TWO("zbb", ror, "ror") TWO("zbb", rolw, "rolw") TWO("zbb", rorw, "rorw")
ONE("zbb", orc_b, "orc.b") ONE("zbb", rev8, "rev8")
TWO("zbc", clmul, "clmul") TWO("zbc", clmulh, "clmulh") TWO("zbc", clmulr, "clmulr")
TWO("zbs", bclr, "bclr") TWO("zbs", bext, "bext") TWO("zbs", binv, "binv") TWO("zbs", bset, "bset")
TWO("zicond", czero_eqz, "czero.eqz") TWO("zicond", czero_nez, "czero.nez")
EXTENDED("zimop", mop_r_0, "mop.r.0 %0, %1")
EXTENDED("zacas", amocas, "li %0, 5\n amocas.d %0, %2, (%1)")
EXTENDED("zicboz", cbo_zero, "cbo.zero (%1)\n li %0, 0")

// rd, rs1, immediate: the second operand is not used.
#define IMMEDIATE(name, text)                                                        \
    static inline uint64_t op_##name(uint64_t a, uint64_t b) {                       \
        uint64_t result;                                                             \
        (void)b;                                                                     \
        __asm__ volatile(text : "=r"(result) : "r"(a));                              \
        return result;                                                               \
    }
IMMEDIATE(addi_least, "addi %0, %1, -2048") IMMEDIATE(slti_minus_1, "slti %0, %1, -1")
IMMEDIATE(sltiu_minus_1, "sltiu %0, %1, -1") IMMEDIATE(xori_minus_1, "xori %0, %1, -1")
IMMEDIATE(slli_63, "slli %0, %1, 63") IMMEDIATE(srli_63, "srli %0, %1, 63")
IMMEDIATE(srai_63, "srai %0, %1, 63") IMMEDIATE(addiw_1, "addiw %0, %1, 1")
IMMEDIATE(slliw_31, "slliw %0, %1, 31") IMMEDIATE(srliw_1, "srliw %0, %1, 1")
IMMEDIATE(sraiw_1, "sraiw %0, %1, 1")
IMMEDIATE(lui_top, "lui %0, 0x80000")
// auipc less its own address: what is left is the immediate.
static inline uint64_t op_auipc(uint64_t a, uint64_t b) {
    uint64_t result = a + b;
    __asm__ volatile("lla t0, 1f\n 1: auipc %0, 0xfffff\n sub %0, %0, t0" : "=r"(result)::"t0");
    return result;
}
// jalr drops bit 0 of its target, reads rs1 before it writes rd, and links the next address: 1.
static inline uint64_t op_jalr(uint64_t a, uint64_t b) {
    uint64_t result = a + b;
    __asm__ volatile("lla t0, 1f\n addi t0, t0, 1\n li %0, 0\n jalr t0, 0(t0)\n 2: j 3f\n"
                     "1: li %0, 1\n lla t1, 2b\n sub t0, t0, t1\n add %0, %0, t0\n 3:"
                     : "=&r"(result)::"t0", "t1");
    return result;
}

// 1 when the branch is taken.
#define BRANCH(name)                                                                 \
    static inline uint64_t op_##name(uint64_t a, uint64_t b) {                       \
        uint64_t result;                                                             \
        __asm__ volatile("li %0, 1\n " #name " %1, %2, 1f\n li %0, 0\n 1:"           \
                         : "=&r"(result) : "r"(a), "r"(b));                          \
        return result;                                                               \
    }
BRANCH(beq) BRANCH(bne) BRANCH(blt) BRANCH(bge) BRANCH(bltu) BRANCH(bgeu)

// A load or store is one instruction of four bytes, first in its function: sepc tells which.
#define LOAD(name)                                                                   \
    static uint64_t op_##name(uint64_t address, uint64_t b) {                        \
        uint64_t result;                                                             \
        (void)b;                                                                     \
        __asm__ volatile(".option push\n .option norvc\n " #name                     \
                         " %0, (%1)\n .option pop" : "=r"(result) : "r"(address) : "memory"); \
        return result;                                                               \
    }
#define STORE(name)                                                                  \
    static uint64_t op_##name(uint64_t address, uint64_t b) {                        \
        __asm__ volatile(".option push\n .option norvc\n " #name                     \
                         " %1, (%0)\n .option pop" ::"r"(address), "r"(b) : "memory"); \
        return 0;                                                                    \
    }
#define ATOMIC(name, mnemonic)                                                       \
    static uint64_t op_##name(uint64_t address, uint64_t b) {                        \
        uint64_t result;                                                             \
        __asm__ volatile(mnemonic " %0, %2, (%1)" : "=&r"(result) : "r"(address), "r"(b) : "memory"); \
        return result;                                                               \
    }
LOAD(lb) LOAD(lbu) LOAD(lh) LOAD(lhu) LOAD(lw) LOAD(lwu) LOAD(ld)
STORE(sb) STORE(sh) STORE(sw) STORE(sd)
ATOMIC(amoswap_d, "amoswap.d") ATOMIC(amoadd_d, "amoadd.d") ATOMIC(amoxor_d, "amoxor.d")
ATOMIC(amoand_d, "amoand.d") ATOMIC(amoor_d, "amoor.d") ATOMIC(amomin_d, "amomin.d")
ATOMIC(amomax_d, "amomax.d") ATOMIC(amominu_d, "amominu.d") ATOMIC(amomaxu_d, "amomaxu.d")
ATOMIC(amoswap_w, "amoswap.w") ATOMIC(amoadd_w, "amoadd.w") ATOMIC(amomin_w, "amomin.w")
ATOMIC(amomaxu_w, "amomaxu.w") ATOMIC(sc_d, "sc.d")

static uint64_t op_lr_d(uint64_t address, uint64_t b) {
    uint64_t result;
    (void)b;
    __asm__ volatile("lr.d %0, (%1)" : "=r"(result) : "r"(address) : "memory");
    return result;
}
// 0 when the pair succeeds; a second store-conditional has no reservation and must fail.
static uint64_t op_lr_sc_sc(uint64_t address, uint64_t value) {
    uint64_t first, second, old;
    __asm__ volatile("1: lr.d %2, (%3)\n sc.d %0, %4, (%3)\n bnez %0, 1b\n sc.d %1, zero, (%3)"
                     : "=&r"(first), "=&r"(second), "=&r"(old) : "r"(address), "r"(value) : "memory");
    return first | (second == 0) << 1;
}

// What must trap, or must not.
#define PROBE(name, text)                                                            \
    static uint64_t probe_##name(uint64_t a, uint64_t b) {                           \
        uint64_t result = 0;                                                         \
        (void)b;                                                                     \
        __asm__ volatile(text : "+r"(result) : "r"(a) : "memory");                   \
        return result;                                                               \
    }
PROBE(zero, ".word 0") PROBE(unimp, ".word 0xc0001073") PROBE(ebreak, ".option push\n .option norvc\n ebreak\n .option pop")
PROBE(mstatus, "csrr %0, mstatus") PROBE(mret, "mret") PROBE(no_csr, "csrr %0, 0x5c0")
PROBE(write_time, "csrw time, %1") PROBE(set_nothing, "csrrs %0, time, zero")
PROBE(clear_nothing_immediate, "csrrci %0, time, 0") PROBE(float_add, ".word 0x02007053")
PROBE(cycle, "rdcycle %0") PROBE(instret, "rdinstret %0") PROBE(wfi, "wfi")
static uint64_t probe_jump(uint64_t a, uint64_t b) {
    (void)b;
    return ((uint64_t(*)(void))a)();
}

// Floating point, with operands and results as bits; needs sstatus.FS to be on.
#define FLOAT(name, text)                                                            \
    static inline uint64_t fp_##name(uint64_t a, uint64_t b) {                       \
        uint64_t result;                                                             \
        __asm__ volatile(".option push\n .option arch, +d\n fmv.d.x ft0, %1\n"       \
                         "fmv.d.x ft1, %2\n" text "\n .option pop"                   \
                         : "=r"(result) : "r"(a), "r"(b));                           \
        return result;                                                               \
    }
#define FLOAT_RESULT(name, text) FLOAT(name, text "\n fmv.x.d %0, ft0")
FLOAT_RESULT(add_d, "fadd.d ft0, ft0, ft1, rne") FLOAT_RESULT(mul_d, "fmul.d ft0, ft0, ft1, rne")
FLOAT_RESULT(div_d, "fdiv.d ft0, ft0, ft1, rne") FLOAT_RESULT(div_up, "fdiv.d ft0, ft0, ft1, rup")
FLOAT_RESULT(div_down, "fdiv.d ft0, ft0, ft1, rdn") FLOAT_RESULT(sqrt_d, "fsqrt.d ft0, ft0, rne")
FLOAT_RESULT(min_d, "fmin.d ft0, ft0, ft1") FLOAT_RESULT(fms_d, "fmsub.d ft0, ft0, ft0, ft1, rne")
FLOAT_RESULT(add_s, "fadd.s ft0, ft0, ft1, rne") FLOAT_RESULT(narrow, "fcvt.s.d ft0, ft0, rne")
FLOAT_RESULT(sign_d, "fsgnjx.d ft0, ft0, ft1")
FLOAT(to_w, "fcvt.w.d %0, ft0, rtz") FLOAT(to_lu, "fcvt.lu.d %0, ft0, rtz")
FLOAT(to_nearest, "fcvt.l.d %0, ft0, rne") FLOAT(less, "flt.d %0, ft0, ft1")
FLOAT(equal, "feq.d %0, ft0, ft1") FLOAT(class, "fclass.d %0, ft0")
static inline uint64_t fp_flags(void) {
    uint64_t flags;
    __asm__ volatile("csrrw %0, fcsr, zero" : "=r"(flags));
    return flags;
}

// One operation of nanobench per turn. The skipping trap entry owns t6 and wants a7 not to be 0.
#define LOOP(name, text)                                                             \
    static uint64_t nano_##name(uint64_t count, uint64_t a, uint64_t b) {            \
        register uint64_t a7 __asm__("a7") = 1;                                      \
        for (uint64_t i = 0; i < count; i++)                                         \
            __asm__ volatile(".option push\n .option norvc\n" text "\n .option pop"  \
                             ::"r"(a), "r"(b), "r"(a7) : "a0", "t5", "t6", "ra", "memory"); \
        return 0;                                                                    \
    }
LOOP(in, "lbu t5, (%0)") LOOP(csrw, "csrw sie, %0") LOOP(callret, "call skiff_return")
LOOP(pgfault, "ld t5, (%0)") LOOP(divzero, ".word 0xc0001073") LOOP(syscall, "ecall")
static uint64_t nano_ptemod(uint64_t count, uint64_t entry, uint64_t address) {
    uint64_t value = *(volatile uint64_t *)entry;
    for (uint64_t i = 0; i < count; i++) {
        // The page number's lowest bit: two pages take turns.
        *(volatile uint64_t *)entry = value ^ (i & 1) << 10;
        __asm__ volatile("sfence.vma %0, zero" ::"r"(address) : "memory");
        (void)*(volatile uint8_t *)address;
    }
    return 0;
}

// What the programs do to be ended.
static inline uint64_t user_jump(uint64_t address) { return ((uint64_t(*)(void))address)(); }
static inline void user_illegal(void) { __asm__ volatile(".word 0"); }
static inline void user_sret(void) { __asm__ volatile("sret"); }
static inline void user_sfence(void) { __asm__ volatile("sfence.vma"); }
// Keeps a pattern in every register that a trap must save, until `end`; 0 when none changed.
static inline uint64_t user_hold(uint64_t end) {
    uint64_t bad;
    __asm__ volatile(
        "li s2, 2\n li s3, 3\n li s4, 4\n li s5, 5\n li s6, 6\n li s7, 7\n li s8, 8\n li s9, 9\n"
        "li s10, 10\n li s11, 11\n li t0, 12\n li t1, 13\n li t2, 14\n li t3, 15\n li t4, 16\n"
        "li a2, 17\n li a3, 18\n li a4, 19\n li a5, 20\n li a6, 21\n li a7, 22\n li ra, 23\n"
        "1: rdtime t5\n bltu t5, %1, 1b\n"
        "add t6, s2, s3\n add t6, t6, s4\n add t6, t6, s5\n add t6, t6, s6\n add t6, t6, s7\n"
        "add t6, t6, s8\n add t6, t6, s9\n add t6, t6, s10\n add t6, t6, s11\n add t6, t6, t0\n"
        "add t6, t6, t1\n add t6, t6, t2\n add t6, t6, t3\n add t6, t6, t4\n add t6, t6, a2\n"
        "add t6, t6, a3\n add t6, t6, a4\n add t6, t6, a5\n add t6, t6, a6\n add t6, t6, a7\n"
        "add t6, t6, ra\n addi %0, t6, -275"
        : "=&r"(bad) : "r"(end)
        : "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t0", "t1", "t2", "t3",
          "t4", "t5", "t6", "a2", "a3", "a4", "a5", "a6", "a7", "ra", "memory");
    return bad;
}
