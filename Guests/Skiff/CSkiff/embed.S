// The programs, linked before the kernel: pages of it are mapped into processes as they lie here.
    .section .rodata.programs, "a"
    .balign 4096
    .globl skiff_programs_start
skiff_programs_start:
    .incbin "programs.elf"
    .globl skiff_programs_end
skiff_programs_end:
    .balign 4096
