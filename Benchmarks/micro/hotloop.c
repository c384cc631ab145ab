/* The interpreter's hot loop, without an operating system: a sieve (byte loads and stores, short
 * branches), fib (calls and returns) and a table-driven CRC (dependent loads). The sum of the three
 * results goes to the word at 0x100000, which ends the run. */
typedef unsigned char u8;
typedef unsigned long u64;

enum { LIMIT = 65536 };
static u8 flags[LIMIT];
static u64 table[256];

static __attribute__((noinline)) u64 sieve(void) {
    u64 count = 0;
    for (u64 i = 2; i < LIMIT; i++) flags[i] = 1;
    for (u64 i = 2; i < LIMIT; i++) {
        if (!flags[i]) continue;
        count++;
        for (u64 j = i + i; j < LIMIT; j += i) flags[j] = 0;
    }
    return count;
}

static __attribute__((noinline)) u64 fib(u64 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static __attribute__((noinline)) u64 crc(u64 n) {
    u64 c = ~0ul;
    for (u64 i = 0; i < n; i++) c = table[(c ^ i) & 255] ^ (c >> 8);
    return c;
}

void _start(void) {
    for (u64 i = 0; i < 256; i++) {
        u64 c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? (c >> 1) ^ 0xC96C5795D7870F42ul : c >> 1;
        table[i] = c;
    }
    u64 sum = 0;
    for (int i = 0; i < 40; i++) sum += sieve();
    sum += fib(27) + crc(5000000);
    *(volatile u64 *)0x100000 = sum;
    for (;;) {}
}
