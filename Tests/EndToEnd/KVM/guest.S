// What runs in KVM's guest: an SBI call, device accesses without and with page tables, a timer, and
// the end. a0 of the first call comes back from the client.
    .section .rodata
    .globl guest_start, guest_end
    .balign 4096
guest_start:
    li a0, 0x1234
    li a1, 0x5678
    li a6, 7
    li a7, 0x08000000       // the experimental range, which KVM hands to its user
    ecall
    mv s1, a1
    li s0, 0x10000000
    sb s1, 3(s0)
    .option push
    .option norvc
    lw t2, 8(s0)
    .option pop
    c.lw a5, 12(s0)
    add a5, a5, t2
    // A gigabyte page each for the devices and for memory.
    li t0, 0x80001000
    li t1, 0xcf             // D A X W R V, frame 0
    sd t1, 0(t0)
    li t1, (0x80000 << 10) | 0xcf
    sd t1, 16(t0)
    li t1, (8 << 60) | 0x80001
    csrw satp, t1
    sfence.vma
    c.sw a5, 16(s0)
    ld a4, 24(s0)
    sd a4, -8(t0)
    // A timer of the guest's own.
    csrr t1, time
    li t2, 1000
    add t1, t1, t2
    csrw stimecmp, t1
    li t2, 0x20
    csrw sie, t2
1:  wfi
    csrr t2, sip
    andi t2, t2, 0x20
    beqz t2, 1b
    li a0, 0                // shutdown, for no reason
    li a1, 0
    li a6, 0
    li a7, 0x53525354
    ecall
    j .
guest_end:
