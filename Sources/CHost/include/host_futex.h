#ifndef HULL_HOST_FUTEX_H
#define HULL_HOST_FUTEX_H
#include <stdint.h>

// `syscall` has variable arguments, which Swift cannot call.

/// Sleeps while `*word` is `expected`, for so many nanoseconds at most (negative: no limit).
void hull_futex_wait(const uint32_t *word, uint32_t expected, int64_t nanoseconds);

/// Wakes one thread that sleeps there.
void hull_futex_wake(const uint32_t *word);

/// Tells the processor that this is a loop that waits for another.
static inline void hull_spin_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}
#endif
