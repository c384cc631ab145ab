import Bits

/// The control and status registers of one hart, as plain values: what software wrote (legalised) and
/// the levels of the hart's lines. A hart and a monitor's virtual hart hold one each.
@frozen @usableFromInline
package struct CSRFile: Equatable, Sendable {
    // MARK: What the hart is
    @usableFromInline package private(set) var isa: ISA
    /// The largest mode that `satp` accepts, with all smaller ones.
    @usableFromInline package private(set) var largestMode: PageTableMode
    package var hartID: UInt64
    package var vendorID: UInt64 = 0
    package var architectureID: UInt64 = 0
    package var implementationID: UInt64 = 0

    // MARK: Machine
    /// Without SD, UXL and SXL, which are computed.
    @usableFromInline package var mstatus: UInt64 = 0
    @usableFromInline package var medeleg: UInt64 = 0
    @usableFromInline package var mideleg: UInt64 = 0
    @usableFromInline package var mie: UInt64 = 0
    /// The bits of `mip` that software wrote; `lines` holds the others.
    @usableFromInline package var mip: UInt64 = 0
    /// Levels driven from outside: MSIP, MTIP, MEIP, SEIP, and STIP by `stimecmp`.
    @usableFromInline package var lines: UInt64 = 0
    @usableFromInline package var mtvec: UInt64 = 0
    @usableFromInline package var mepc: UInt64 = 0
    @usableFromInline package var mcause: UInt64 = 0
    @usableFromInline package var mtval: UInt64 = 0
    @usableFromInline package var mscratch: UInt64 = 0
    @usableFromInline package var mcounteren: UInt64 = 0
    @usableFromInline package var mcountinhibit: UInt64 = 0
    @usableFromInline package var menvcfg: UInt64 = 0
    @usableFromInline package var mseccfg: UInt64 = 0
    @usableFromInline package var mstateen = InlineWords4()
    /// Added to the hart's own counts; the value itself while `mcountinhibit` stops the counter.
    @usableFromInline package var mcycle: UInt64 = 0
    @usableFromInline package var minstret: UInt64 = 0
    /// What the one counter of events counts: 0 nothing, 1 reads of page-table entries.
    @usableFromInline package var mhpmevent3: UInt64 = 0
    @usableFromInline package var mhpmcounter3: UInt64 = 0
    @usableFromInline package var pmp = PMP()

    // MARK: Supervisor
    @usableFromInline package var stvec: UInt64 = 0
    @usableFromInline package var sepc: UInt64 = 0
    @usableFromInline package var scause: UInt64 = 0
    @usableFromInline package var stval: UInt64 = 0
    @usableFromInline package var sscratch: UInt64 = 0
    @usableFromInline package var scounteren: UInt64 = 0
    @usableFromInline package var senvcfg: UInt64 = 0
    @usableFromInline package var satp: UInt64 = 0
    /// All ones at reset, so that no timer is due before software asks for one.
    @usableFromInline package var stimecmp: UInt64 = ~0

    // MARK: Hypervisor, for a hart with H
    /// V: the hart runs a guest. Supervisor's numbers then reach the `vs*` registers.
    @usableFromInline package var isVirtual = false
    /// Without VSXL, which is computed.
    @usableFromInline package var hstatus: UInt64 = 0
    @usableFromInline package var hedeleg: UInt64 = 0
    @usableFromInline package var hideleg: UInt64 = 0
    @usableFromInline package var hvip: UInt64 = 0
    @usableFromInline package var hcounteren: UInt64 = 0
    /// As written; what `menvcfg` does not grant reads as zero (`hypervisorEnvironment`).
    @usableFromInline package var henvcfg: UInt64 = 0
    @usableFromInline package var htimedelta: UInt64 = 0
    @usableFromInline package var htval: UInt64 = 0
    @usableFromInline package var htinst: UInt64 = 0
    @usableFromInline package var hgatp: UInt64 = 0
    @usableFromInline package var hstateen = InlineWords4()
    @usableFromInline package var mtval2: UInt64 = 0
    @usableFromInline package var mtinst: UInt64 = 0

    // MARK: The guest's supervisor
    @usableFromInline package var vsstatus: UInt64 = 0
    @usableFromInline package var vstvec: UInt64 = 0
    @usableFromInline package var vsepc: UInt64 = 0
    @usableFromInline package var vscause: UInt64 = 0
    @usableFromInline package var vstval: UInt64 = 0
    @usableFromInline package var vsscratch: UInt64 = 0
    @usableFromInline package var vsatp: UInt64 = 0
    @usableFromInline package var vstimecmp: UInt64 = ~0

    // MARK: Floating point
    @usableFromInline package var fflags: UInt64 = 0
    @usableFromInline package var frm: UInt64 = 0

    /// The state after reset: machine mode's, everything off but the update of A and D.
    package init(isa: ISA, hartID: UInt64 = 0, largestMode: PageTableMode = .sv57) {
        self.isa = isa
        self.hartID = hartID
        self.largestMode = largestMode
        // Svadu without Svade: A and D are updated from reset on, for guests that know neither (xv6
        // sets no A bit and has no firmware that would set ADUE).
        if isa.has(.svadu) && !isa.has(.svade) { menvcfg = Environment.adue }
        // What is a guest's is never the machine's: these bits are read-only ones (§18.4.2).
        if isa.has(.h) { mideleg = Interrupts.virtual }
    }
}

/// Four words that are one register each.
@frozen @usableFromInline
package struct InlineWords4: Equatable, Sendable {
    @usableFromInline var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    @inlinable package init() {}

    package subscript(_ index: Int) -> UInt64 {
        get {
            switch index & 3 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        }
        set {
            switch index & 3 {
            case 0: words.0 = newValue
            case 1: words.1 = newValue
            case 2: words.2 = newValue
            default: words.3 = newValue
            }
        }
    }
    @inlinable package static func == (a: Self, b: Self) -> Bool { a.words == b.words }
}

/// What a CSR access sees of the hart around the file. Clocks cost something to read: the hart fills
/// it in only where `CSR.needsContext`.
@frozen @usableFromInline
package struct CSRContext: Sendable {
    /// The board's `mtime`.
    @usableFromInline package var time: UInt64
    /// Cycles and instructions before this instruction, since the hart was made.
    @usableFromInline package var cycle: UInt64
    @usableFromInline package var instret: UInt64
    /// Page-table entries that walks have read since then. How many walks there are is each engine's
    /// own business, so who looks at this sees which engine runs.
    @usableFromInline package var walkReads: UInt64
    /// Sixteen bits of entropy for `seed`; nil: none yet.
    @usableFromInline package var entropy: UInt16?
    @inlinable package init(
        time: UInt64 = 0, cycle: UInt64 = 0, instret: UInt64 = 0, walkReads: UInt64 = 0,
        entropy: UInt16? = nil
    ) {
        self.walkReads = walkReads
        self.time = time
        self.cycle = cycle
        self.instret = instret
        self.entropy = entropy
    }
}

/// What the hart has to look at again after a CSR write.
@frozen @usableFromInline
package struct CSREffects: OptionSet, Sendable {
    @usableFromInline package var rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Cached translations and permissions (satp and its kin, SUM, MXR, MPRV, PMP, ADUE, PBMTE).
    @inlinable package static var translation: Self { Self(rawValue: 1) }
    /// An interrupt may be deliverable now.
    @inlinable package static var interrupts: Self { Self(rawValue: 2) }
    /// `mstatus.FS`, `fflags` or `frm`.
    @inlinable package static var floatState: Self { Self(rawValue: 4) }
    /// A counter was set, stopped or started.
    @inlinable package static var counters: Self { Self(rawValue: 8) }
    /// `stimecmp` or `menvcfg.STCE`.
    @inlinable package static var timer: Self { Self(rawValue: 16) }
    /// `menvcfg`, `senvcfg`: cache-block permissions and FIOM.
    @inlinable package static var environment: Self { Self(rawValue: 32) }
}

/// The three kinds of a CSR instruction.
@frozen @usableFromInline
package enum CSROperation: UInt8, Sendable {
    case write, set, clear

    @inlinable @inline(__always) package func result(_ old: UInt64, _ operand: UInt64) -> UInt64 {
        switch self {
        case .write: operand
        case .set: old | operand
        case .clear: old & ~operand
        }
    }
}

/// What derived state the hart asks of the file.
extension CSRFile {
    /// The address space of `satp`.
    @inlinable package var asid: UInt64 { satp.bits(59, 44) }

    /// Whether floating point is usable, and whether it is marked as written: in a guest by both the
    /// guest's FS and the hypervisor's (§18.2.13).
    @inlinable package var isFloatOff: Bool { floatStatus == 0 }
    @inlinable package var floatStatus: UInt64 {
        let status = mstatus & Status.fs
        guard isVirtual else { return status }
        let inner = vsstatus & Status.fs
        return min(status, inner)
    }
    /// Any write of floating-point state makes FS dirty.
    @inlinable @inline(__always) package mutating func markFloatDirty() {
        mstatus |= Status.fs
        if isVirtual { vsstatus |= Status.fs }
    }
    /// Accrues exception flags.
    @inlinable package mutating func raise(floatFlags: UInt64) {
        fflags |= floatFlags & 0x1f
        markFloatDirty()
    }

    /// Bits that an instruction address cannot have.
    @usableFromInline var instructionAlignment: UInt64 { isa.has(.c) ? 1 : 3 }
}
