// The smallest user of KVM: one guest, one hart, and a line for each exit. Without a C library, so that
// a cross compiler alone builds it. Structures and numbers are those of Linux' linux/kvm.h.
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;

enum { sys_ioctl = 29, sys_openat = 56, sys_write = 64, sys_exit = 93, sys_mmap = 222 };
enum { exit_mmio = 6, exit_system_event = 24, exit_sbi = 35 };

static long call(long number, long a, long b, long c, long d, long e, long f) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    __asm__ volatile("ecall" : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
    return a0;
}

static void text(const char *s) {
    long n = 0;
    while (s[n]) n++;
    call(sys_write, 1, (long)s, n, 0, 0, 0);
}
static void number(const char *before, u64 value) {
    char digits[17] = {0};
    for (int i = 0; i < 16; i++) digits[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    int first = 0;
    while (first < 15 && digits[first] == '0') first++;
    text(before);
    text(digits + first);
}
static void fail(const char *what, long code) {
    text(what);
    number(" failed: -", (u64)-code);
    text("\n");
    call(sys_exit, 1, 0, 0, 0, 0, 0);
}
static long control(long file, u64 request, u64 argument, const char *what) {
    long result = call(sys_ioctl, file, request, argument, 0, 0, 0);
    if (result < 0) fail(what, result);
    return result;
}
static void *map(u64 bytes, long file) {
    long result = call(sys_mmap, 0, bytes, 3, file < 0 ? 0x22 : 1, file, 0);
    if (result < 0 && result > -4096) fail("mmap", result);
    return (void *)result;
}

struct region { u32 slot, flags; u64 guest, bytes, host; };
struct one_register { u64 id, address; };
struct run {
    u8 before[8];
    u32 reason;
    u8 between[20];
    union {
        struct { u64 address; u8 data[8]; u32 length; u8 is_write; } mmio;
        struct { u64 extension, function, arguments[6], results[2]; } sbi;
        struct { u32 type, count; u64 data[16]; } event;
    };
};

extern const u8 guest_start[], guest_end[];

static void mmio(struct run *run) {
    u64 value = 0;
    if (!run->mmio.is_write) {
        // Told apart by address: each byte is the address' lowest, plus its place.
        for (u32 i = 0; i < run->mmio.length; i++) run->mmio.data[i] = run->mmio.address + i;
    }
    for (u32 i = 0; i < run->mmio.length; i++) value |= (u64)run->mmio.data[i] << 8 * i;
    text(run->mmio.is_write ? "mmio write " : "mmio read ");
    number("", run->mmio.length);
    number(" at ", run->mmio.address);
    number(": ", value);
    text("\n");
}

__attribute__((used)) static void program(void) {
    long kvm = call(sys_openat, -100, (long)"/dev/kvm", 2, 0, 0, 0);
    if (kvm < 0) fail("/dev/kvm", kvm);
    long machine = control(kvm, 0xae01, 0, "KVM_CREATE_VM");
    u8 *memory = map(1 << 20, -1);
    for (u64 i = 0; guest_start + i < guest_end; i++) memory[i] = guest_start[i];
    struct region region = {0, 0, 0x80000000, 1 << 20, (u64)memory};
    control(machine, 0x4020ae46, (u64)&region, "KVM_SET_USER_MEMORY_REGION");
    long hart = control(machine, 0xae41, 0, "KVM_CREATE_VCPU");
    struct run *run = map(control(kvm, 0xae04, 0, "KVM_GET_VCPU_MMAP_SIZE"), hart);
    u64 pc = 0x80000000;
    struct one_register set = {0x8030000002000000, (u64)&pc};
    control(hart, 0x4010aeac, (u64)&set, "KVM_SET_ONE_REG");
    for (;;) {
        control(hart, 0xae80, 0, "KVM_RUN");
        switch (run->reason) {
        case exit_sbi:
            number("sbi ", run->sbi.extension);
            number(" ", run->sbi.function);
            number(": ", run->sbi.arguments[0]);
            number(" ", run->sbi.arguments[1]);
            text("\n");
            run->sbi.results[0] = 0;
            run->sbi.results[1] = 0x99;
            break;
        case exit_mmio: mmio(run); break;
        case exit_system_event:
            number("system event ", run->event.type);
            number(", memory ", *(u64 *)(memory + 0xff8));
            text("\n");
            call(sys_exit, 0, 0, 0, 0, 0, 0);
        default: fail("an exit of this reason", -(long)run->reason);
        }
    }
}

__attribute__((naked, used)) void _start(void) {
    __asm__(".option push\n.option norelax\nla gp, __global_pointer$\n.option pop\ncall program");
}
