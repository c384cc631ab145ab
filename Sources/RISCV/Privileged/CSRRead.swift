import Bits

extension CSRFile {
    /// The value that a CSR instruction puts into `rd`. `seed` cannot be only read.
    package func read(_ number: Int, privilege: Privilege, context: CSRContext)
        throws(Trap) -> UInt64
    {
        var file = self
        try file.permit(number, writes: false, privilege: privilege)
        return file.current(file.reached(number), context)
    }

    /// The value of a register that exists, without the checks of an access: also for debuggers.
    package func value(_ number: Int, _ context: CSRContext) -> UInt64 {
        var file = self
        return file.current(number, context)
    }

    /// The same; this and what it calls are `mutating` so that the file stays in its place, where a plain
    /// method would be given a copy of its half kilobyte.
    mutating func current(_ number: Int, _ context: CSRContext) -> UInt64 {
        switch (number &>> 8) & 3 {
        case 0: userValue(number, context)
        case 1: supervisorValue(number, context)
        case 2: hypervisorValue(number, context)
        default: machineValue(number, context)
        }
    }

    @inline(__always) private mutating func userValue(_ number: Int, _ context: CSRContext)
        -> UInt64
    {
        switch number {
        case CSR.fflags: fflags
        case CSR.frm: frm
        case CSR.fcsr: frm &<< 5 | fflags
        case CSR.seed: Self.seedValue(context.entropy)
        case CSR.cycle: counter(mcycle, context.cycle, 0)
        case CSR.time: isVirtual ? context.time &+ htimedelta : context.time
        case CSR.instret: counter(minstret, context.instret, 2)
        case CSR.hpmcounter3: eventCounter(context)
        default: 0  // Counters of events that nothing counts.
        }
    }

    @inline(__always) private mutating func supervisorValue(_ number: Int, _ context: CSRContext)
        -> UInt64
    {
        switch number {
        case CSR.sstatus: fullStatus & Status.supervisorReadable
        case CSR.sie: mie & mideleg & ~Interrupts.virtual
        case CSR.stvec: stvec
        case CSR.scounteren: scounteren
        case CSR.senvcfg: senvcfg
        case CSR.sscratch: sscratch
        case CSR.sepc: sepc & ~instructionAlignment
        case CSR.scause: scause
        case CSR.stval: stval
        case CSR.sip: pendingValue(context) & mideleg & ~Interrupts.virtual
        case CSR.stimecmp: stimecmp
        case CSR.satp: satp
        default: 0  // sstateen0–3: no state that they would gate; scountovf: nothing overflows.
        }
    }

    @inline(__always) private mutating func machineValue(_ number: Int, _ context: CSRContext)
        -> UInt64
    {
        switch number {
        case CSR.mstatus: fullStatus
        case CSR.misa: misa
        case CSR.medeleg: medeleg
        case CSR.mideleg: mideleg
        case CSR.mie: mie
        case CSR.mtvec: mtvec
        case CSR.mcounteren: mcounteren
        case CSR.menvcfg: menvcfg
        case CSR.mstateen0...CSR.mstateen3: mstateen[number & 3]
        case CSR.mcountinhibit: mcountinhibit
        case CSR.mscratch: mscratch
        case CSR.mepc: mepc & ~instructionAlignment
        case CSR.mcause: mcause
        case CSR.mtval: mtval
        case CSR.mtinst: mtinst
        case CSR.mtval2: mtval2
        case CSR.mip: pendingValue(context)
        case CSR.pmpcfg0: pmp.configuration.0
        case CSR.pmpcfg2: pmp.configuration.1
        case CSR.pmpaddr0...0x3bf: pmp.addresses[number & 15]
        case CSR.mseccfg: mseccfg
        case CSR.mcycle: counter(mcycle, context.cycle, 0)
        case CSR.minstret: counter(minstret, context.instret, 2)
        case CSR.mhpmevent3: mhpmevent3
        case CSR.mhpmcounter3: eventCounter(context)
        case CSR.mvendorid: vendorID
        case CSR.marchid: architectureID
        case CSR.mimpid: implementationID
        case CSR.mhartid: hartID
        default: 0  // No triggers, no event counters, no configuration structure.
        }
    }

    var fullStatus: UInt64 {
        let isDirty = mstatus & Status.fs == Status.fs
        return mstatus | Status.uxl64 | Status.sxl64 | (isDirty ? Status.sd : 0)
    }

    /// `mip` as read: exact in STIP and VSTIP, also between two looks of the hart at its timers.
    @inline(__always) func pendingValue(_ context: CSRContext) -> UInt64 {
        isSupervisorTimerDriven ? mip | hvip | lines(at: context.time) : pending
    }

    /// A counter from its stored part and the hart's count.
    @inline(__always) func counter(_ stored: UInt64, _ count: UInt64, _ inhibitBit: Int) -> UInt64 {
        mcountinhibit.bit(inhibitBit) ? stored : stored &+ count
    }

    private var countsEvents: Bool { mhpmevent3 == 1 && !mcountinhibit.bit(3) }
    func eventCounter(_ context: CSRContext) -> UInt64 {
        countsEvents ? mhpmcounter3 &+ context.walkReads : mhpmcounter3
    }
    /// What to store so that the counter reads `value`.
    func storedEventCounter(_ value: UInt64, _ context: CSRContext) -> UInt64 {
        countsEvents ? value &- context.walkReads : value
    }

    /// MXL 64 and a letter for each extension that has one; not switchable.
    package var misa: UInt64 {
        var letters: UInt64 = 1 &<< 18 | 1 &<< 20  // S, U
        if isa.has(.a) { letters |= 1 }
        if isa.has(.zba) && isa.has(.zbb) && isa.has(.zbs) { letters |= 1 &<< 1 }
        if isa.has(.c) { letters |= 1 &<< 2 }
        if isa.has(.d) { letters |= 1 &<< 3 }
        if isa.has(.f) { letters |= 1 &<< 5 }
        if isa.has(.h) { letters |= 1 &<< 7 }
        if isa.has(.i) { letters |= 1 &<< 8 }
        if isa.has(.m) { letters |= 1 &<< 12 }
        return letters | 2 &<< 62
    }

    /// OPST in bits 31:30: ES16 with sixteen bits of entropy, or WAIT.
    private static func seedValue(_ entropy: UInt16?) -> UInt64 {
        entropy.map { 2 &<< 30 | UInt64($0) } ?? 1 &<< 30
    }
}
