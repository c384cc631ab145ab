#ifndef HULL_GUEST_ATOMICS_H
#define HULL_GUEST_ATOMICS_H
#include <stdbool.h>
#include <stdint.h>

// Atomic access to memory at a run-time address. Swift's Atomic<T> owns its storage, and guest RAM
// is not Swift's; these are inlined into their callers.

static inline bool hull_compare_exchange_32(void *at, uint32_t *expected, uint32_t desired) {
    return __atomic_compare_exchange_n((uint32_t *)at, expected, desired, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static inline bool hull_compare_exchange_64(void *at, uint64_t *expected, uint64_t desired) {
    return __atomic_compare_exchange_n((uint64_t *)at, expected, desired, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/// 16 bytes, aligned to 16; `expected` and `desired` hold the low half first.
static inline bool hull_compare_exchange_128(void *at, uint64_t *expected, const uint64_t *desired) {
#if defined(__x86_64__)
    bool same;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(same), "+m"(*(unsigned __int128 *)at), "+a"(expected[0]),
                       "+d"(expected[1])
                     : "b"(desired[0]), "c"(desired[1])
                     : "memory");
    return same;
#else
    unsigned __int128 before = ((unsigned __int128)expected[1] << 64) | expected[0];
    unsigned __int128 after = ((unsigned __int128)desired[1] << 64) | desired[0];
    unsigned __int128 seen = __sync_val_compare_and_swap((unsigned __int128 *)at, before, after);
    expected[0] = (uint64_t)seen;
    expected[1] = (uint64_t)(seen >> 64);
    return seen == before;
#endif
}

/// All accesses before it are seen before any behind it is made.
static inline void hull_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

static inline uint8_t hull_load_relaxed_8(const uint8_t *at) {
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

static inline void hull_or_8(uint8_t *at, uint8_t mask) {
    __atomic_fetch_or(at, mask, __ATOMIC_SEQ_CST);
}

/// Clears the bits of `mask` and returns the byte as it was.
static inline uint8_t hull_clear_8(uint8_t *at, uint8_t mask) {
    return __atomic_fetch_and(at, (uint8_t)~mask, __ATOMIC_SEQ_CST);
}

#endif
