/// Numbers of the control and status registers (privileged specification, chapter 2).
@usableFromInline package enum CSR {
    @inlinable package static var fflags: Int { 0x001 }
    @inlinable package static var frm: Int { 0x002 }
    @inlinable package static var fcsr: Int { 0x003 }
    @inlinable package static var seed: Int { 0x015 }
    @inlinable package static var sstatus: Int { 0x100 }
    @inlinable package static var sie: Int { 0x104 }
    @inlinable package static var stvec: Int { 0x105 }
    @inlinable package static var scounteren: Int { 0x106 }
    @inlinable package static var senvcfg: Int { 0x10a }
    @inlinable package static var sstateen0: Int { 0x10c }
    @inlinable package static var sstateen1: Int { 0x10d }
    @inlinable package static var sstateen2: Int { 0x10e }
    @inlinable package static var sstateen3: Int { 0x10f }
    @inlinable package static var sscratch: Int { 0x140 }
    @inlinable package static var sepc: Int { 0x141 }
    @inlinable package static var scause: Int { 0x142 }
    @inlinable package static var stval: Int { 0x143 }
    @inlinable package static var sip: Int { 0x144 }
    @inlinable package static var stimecmp: Int { 0x14d }
    @inlinable package static var satp: Int { 0x180 }
    @inlinable package static var vsstatus: Int { 0x200 }
    @inlinable package static var vsie: Int { 0x204 }
    @inlinable package static var vstvec: Int { 0x205 }
    @inlinable package static var vsscratch: Int { 0x240 }
    @inlinable package static var vsepc: Int { 0x241 }
    @inlinable package static var vscause: Int { 0x242 }
    @inlinable package static var vstval: Int { 0x243 }
    @inlinable package static var vsip: Int { 0x244 }
    @inlinable package static var vstimecmp: Int { 0x24d }
    @inlinable package static var vsatp: Int { 0x280 }
    @inlinable package static var mstatus: Int { 0x300 }
    @inlinable package static var misa: Int { 0x301 }
    @inlinable package static var medeleg: Int { 0x302 }
    @inlinable package static var mideleg: Int { 0x303 }
    @inlinable package static var mie: Int { 0x304 }
    @inlinable package static var mtvec: Int { 0x305 }
    @inlinable package static var mcounteren: Int { 0x306 }
    @inlinable package static var menvcfg: Int { 0x30a }
    @inlinable package static var mstateen0: Int { 0x30c }
    @inlinable package static var mstateen1: Int { 0x30d }
    @inlinable package static var mstateen2: Int { 0x30e }
    @inlinable package static var mstateen3: Int { 0x30f }
    @inlinable package static var mcountinhibit: Int { 0x320 }
    @inlinable package static var mscratch: Int { 0x340 }
    @inlinable package static var mepc: Int { 0x341 }
    @inlinable package static var mcause: Int { 0x342 }
    @inlinable package static var mtval: Int { 0x343 }
    @inlinable package static var mip: Int { 0x344 }
    @inlinable package static var mtinst: Int { 0x34a }
    @inlinable package static var mtval2: Int { 0x34b }
    @inlinable package static var pmpcfg0: Int { 0x3a0 }
    @inlinable package static var pmpcfg2: Int { 0x3a2 }
    @inlinable package static var hstatus: Int { 0x600 }
    @inlinable package static var hedeleg: Int { 0x602 }
    @inlinable package static var hideleg: Int { 0x603 }
    @inlinable package static var hie: Int { 0x604 }
    @inlinable package static var htimedelta: Int { 0x605 }
    @inlinable package static var hcounteren: Int { 0x606 }
    @inlinable package static var hgeie: Int { 0x607 }
    @inlinable package static var henvcfg: Int { 0x60a }
    @inlinable package static var hstateen0: Int { 0x60c }
    @inlinable package static var hstateen3: Int { 0x60f }
    @inlinable package static var htval: Int { 0x643 }
    @inlinable package static var hip: Int { 0x644 }
    @inlinable package static var hvip: Int { 0x645 }
    @inlinable package static var htinst: Int { 0x64a }
    @inlinable package static var hgatp: Int { 0x680 }
    @inlinable package static var mseccfg: Int { 0x747 }
    @inlinable package static var tselect: Int { 0x7a0 }
    @inlinable package static var tdata1: Int { 0x7a1 }
    @inlinable package static var tdata2: Int { 0x7a2 }
    @inlinable package static var tdata3: Int { 0x7a3 }
    @inlinable package static var mcycle: Int { 0xb00 }
    @inlinable package static var minstret: Int { 0xb02 }
    @inlinable package static var cycle: Int { 0xc00 }
    @inlinable package static var time: Int { 0xc01 }
    @inlinable package static var instret: Int { 0xc02 }
    @inlinable package static var scountovf: Int { 0xda0 }
    @inlinable package static var hgeip: Int { 0xe12 }
    @inlinable package static var mvendorid: Int { 0xf11 }
    @inlinable package static var marchid: Int { 0xf12 }
    @inlinable package static var mimpid: Int { 0xf13 }
    @inlinable package static var mhartid: Int { 0xf14 }
    @inlinable package static var mconfigptr: Int { 0xf15 }
    /// The first of sixteen.
    @inlinable package static var pmpaddr0: Int { 0x3b0 }
    /// The first of 29 each.
    @inlinable package static var mhpmevent3: Int { 0x323 }
    @inlinable package static var mhpmcounter3: Int { 0xb03 }
    @inlinable package static var hpmcounter3: Int { 0xc03 }

    /// `pmpcfg0` to `pmpaddr63`.
    @inlinable package static func isProtection(_ number: Int) -> Bool {
        number >= 0x3a0 && number <= 0x3ef
    }
    /// Whether an access looks at `CSRContext`: clocks and counters are read only for these.
    @inlinable package static func needsContext(_ number: Int) -> Bool {
        switch number {
        case cycle, time, instret, mcycle, minstret, mcountinhibit, sip, mip, seed, vsip, hip,
            mhpmevent3, mhpmcounter3, hpmcounter3:
            true
        default: false
        }
    }
}
