import Bits
import RISCV

/// A virtual hart: what the guest believes it runs on. Its integer registers lie in its trap frame
/// while the monitor runs; its floating-point registers are the real ones.
package struct VCPU: ~Copyable {
    package let frame: TrapFrame
    /// Its control and status registers, with all their rules.
    package var csr: CSRFile
    package var privilege = Privilege.machine
    var decoder: CachedDecoder
    /// The address that a load-reserved of an emulated instruction reserved.
    var reservation: UInt64?

    package init(frame: UInt64, isa: ISA, hartID: UInt64, largestMode: PageTableMode) {
        HostMemory.zero(frame, count: 2048)
        self.frame = TrapFrame(address: frame)
        csr = CSRFile(isa: isa, hartID: hartID, largestMode: largestMode)
        decoder = CachedDecoder(isa: isa, frame: frame)
    }

    package subscript(x register: Int) -> UInt64 {
        @inline(__always) get { register == 0 ? 0 : frame[register] }
        @inline(__always) nonmutating set { if register != 0 { frame[register] = newValue } }
    }
    package var pc: UInt64 {
        @inline(__always) get { frame.pc }
        @inline(__always) nonmutating set { frame.pc = newValue }
    }
}

/// The real floating-point unit, which holds the registers of the vCPU that runs: both functions take
/// the address of a frame's `floatArea`.
package struct FloatUnit: Sendable {
    package var save: @Sendable (UInt64) -> Void
    package var load: @Sendable (UInt64) -> Void
    package init(
        save: @escaping @Sendable (UInt64) -> Void, load: @escaping @Sendable (UInt64) -> Void
    ) {
        self.save = save
        self.load = load
    }
}

/// What the trap page's instructions save and load: a page that they reach through `sscratch`.
/// `trap.S` knows the layout.
package struct TrapFrame: Sendable {
    package let address: UInt64
    package init(address: UInt64) { self.address = address }

    /// A place for what is written to x0, which itself is 0 for good.
    static let discarded = 43

    /// x1 to x31 at their number.
    @inline(__always) package subscript(_ register: Int) -> UInt64 {
        get { HostMemory.load64(address &+ UInt64(register) &* 8) }
        nonmutating set { HostMemory.store64(address &+ UInt64(register) &* 8, newValue) }
    }
    /// Where the guest goes on.
    package var pc: UInt64 {
        @inline(__always) get { self[32] }
        @inline(__always) nonmutating set { self[32] = newValue }
    }
    /// The guest's root, for the real `satp`.
    package var guestRoot: UInt64 {
        get { self[33] }
        nonmutating set { self[33] = newValue }
    }
    /// The monitor's own root of the same mode.
    package var monitorRoot: UInt64 {
        get { self[34] }
        nonmutating set { self[34] = newValue }
    }
    /// Where the real hart's trap vector points: into the trap page, where it is now. It has ways out of
    /// the guest and into it with a fence and without.
    package var trapPage: UInt64 { self[35] }
    package func setTrapPage(_ address: UInt64) {
        self[35] = needsFence ? address &+ 0x800 : address
        self[38] = self[35] &+ 0x400
    }
    /// Where this frame is, seen from the trap page.
    package var ownAddress: UInt64 {
        get { self[36] }
        nonmutating set { self[36] = newValue }
    }
    /// The address of this frame in the monitor's own tables.
    package var monitorAddress: UInt64 {
        get { self[37] }
        nonmutating set { self[37] = newValue }
    }
    /// The real hart has no ASIDs, and each change of roots needs a fence.
    package var needsFence: Bool {
        get { self[39] != 0 }
        nonmutating set { self[39] = newValue ? 1 : 0 }
    }
    /// Address of the world that the frame belongs to, for the monitor's short way.
    package var world: UInt64 {
        get { self[45] }
        nonmutating set { self[45] = newValue }
    }
    /// Where the floating-point registers lie while another world has the real ones: f0 to f31, fcsr.
    package var floatArea: UInt64 { address &+ 1024 }
    package func float(_ register: Int) -> UInt64 { self[128 &+ register] }
    package func setFloat(_ register: Int, _ value: UInt64) { self[128 &+ register] = value }
    /// What the real hart said at the last VMExit: `scause` and `stval`.
    package var cause: UInt64 { self[40] }
    package var value: UInt64 { self[41] }
}

/// The instructions that trap are few and come again: a decoded one is remembered by its bits, in
/// the second half of the frame's page. A place holds the bits, the instruction, and its
/// `QuickCSR`.
struct CachedDecoder {
    private let decoder: Decoder
    private let frame: UInt64

    init(isa: ISA, frame: UInt64) {
        decoder = Decoder(isa: isa)
        self.frame = frame
        HostMemory.zero(frame &+ 2048, count: 2048)
    }

    @inline(__always) private static func place(_ bits: UInt32, _ frame: UInt64) -> UInt64 {
        frame &+ 2048 &+ UInt64((bits &>> 20 ^ bits &>> 7) & 63) &* 32
    }

    /// What was found out when the instruction was decoded; a `word` of 0 in an empty place too.
    @inline(__always) static func quick(_ bits: UInt32, frame: UInt64) -> QuickCSR {
        let place = place(bits, frame)
        return QuickCSR(
            word: HostMemory.load64(place) == UInt64(bits) ? HostMemory.load64(place &+ 16) : 0)
    }

    mutating func decode(_ bits: UInt32) -> Instruction? {
        let place = Self.place(bits, frame)
        // No instruction is all zeroes.
        if HostMemory.load64(place) == UInt64(bits) && bits != 0 {
            return Instruction(word: HostMemory.load64(place &+ 8))
        }
        guard let instruction = decoder.decode(bits) else { return nil }
        HostMemory.store64(place, UInt64(bits))
        HostMemory.store64(place &+ 8, instruction.word)
        HostMemory.store64(place &+ 16, QuickCSR(instruction).word)
        return instruction
    }
}
