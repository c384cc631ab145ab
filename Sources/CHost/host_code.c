#define _GNU_SOURCE
#include "host_code.h"
#include <asm/prctl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

bool hull_host_runs_generated_code(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")
        && __builtin_cpu_supports("lzcnt") && __builtin_cpu_supports("popcnt")
        && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")
        && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")
        && __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

bool hull_sets_gs_by_instruction(void) {
#if defined(__x86_64__)
    static int has_instruction = -1;
    if (has_instruction < 0) has_instruction = (getauxval(AT_HWCAP2) & 2) != 0;
    return has_instruction;
#else
    return true;
#endif
}

void hull_set_gs_base(uint64_t base) {
#if defined(__x86_64__)
    if (hull_sets_gs_by_instruction()) {
        __asm__ volatile("wrgsbase %0" : : "r"(base));
    } else {
        syscall(SYS_arch_prctl, ARCH_SET_GS, base);
    }
#endif
}

uint64_t hull_host_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void *hull_map_code_again(void *memory, uint64_t bytes) {
    // An old size of 0 makes a second mapping of the same pages (mremap(2)).
    void *again = mremap(memory, 0, bytes, MREMAP_MAYMOVE);
    if (again == MAP_FAILED) return 0;
    if (mprotect(again, bytes, PROT_READ | PROT_EXEC) == 0) return again;
    munmap(again, bytes);
    return 0;
}
