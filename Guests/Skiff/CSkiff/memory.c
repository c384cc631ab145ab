// The four functions a compiler may call without being asked. They are C because Swift cannot
// promise that a copying loop is not turned into a call of itself; -fno-builtin promises it.
#include <stddef.h>
#include <stdint.h>

typedef uint64_t __attribute__((may_alias)) Word;

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    unsigned char *d = to;
    const unsigned char *s = from;
    if ((((uintptr_t)d | (uintptr_t)s) & 7) == 0)
        for (; count >= 8; count -= 8, d += 8, s += 8) *(Word *)d = *(const Word *)s;
    while (count--) *d++ = *s++;
    return to;
}

void *memmove(void *to, const void *from, size_t count) {
    unsigned char *d = to;
    const unsigned char *s = from;
    if ((uintptr_t)d - (uintptr_t)s >= count) return memcpy(to, from, count);
    while (count--) d[count] = s[count];
    return to;
}

void *memset(void *to, int value, size_t count) {
    unsigned char *d = to;
    uint64_t word = (unsigned char)value * 0x0101010101010101u;
    if (((uintptr_t)d & 7) == 0)
        for (; count >= 8; count -= 8, d += 8) *(Word *)d = word;
    while (count--) *d++ = (unsigned char)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t count) {
    const unsigned char *x = a, *y = b;
    for (; count--; x++, y++)
        if (*x != *y) return *x - *y;
    return 0;
}
