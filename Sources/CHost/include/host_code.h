#ifndef HULL_HOST_CODE_H
#define HULL_HOST_CODE_H
#include <stdbool.h>
#include <stdint.h>

/// Whether the host has what generated code uses: BMI1, BMI2, LZCNT, POPCNT, PCLMULQDQ, SSE4.1, FMA,
/// F16C and MOVBE's generation of AVX2 (x86-64-v3).
bool hull_host_runs_generated_code(void);

/// Sets the base of GS for this thread: by instruction where the kernel allows it (CPUID alone is not
/// enough: without the kernel's consent the instruction is undefined), else by a system call.
void hull_set_gs_base(uint64_t base);
/// Which of the two it is here.
bool hull_sets_gs_by_instruction(void);

/// Maps shared memory that is mapped at `memory` once more, to run code there; NULL where that fails.
void *hull_map_code_again(void *memory, uint64_t bytes);

/// A counter of the host that runs at one speed and costs a few nanoseconds to read; and the host's
/// monotonic clock beside it.
uint64_t hull_host_nanoseconds(void);
static inline uint64_t hull_host_ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return hull_host_nanoseconds();
#endif
}
#endif
