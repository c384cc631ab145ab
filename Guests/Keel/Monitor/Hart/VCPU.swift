import Bits
import RISCV

/// A virtual hart: what the guest believes it runs on. Its integer registers lie in its trap frame
/// while the monitor runs; its floating-point registers are the real ones.
package struct VCPU {
    package let frame: TrapFrame
    /// Its control and status registers, with all their rules.
    package var csr: CSRFile
    package var privilege = Privilege.machine
    var decoder: CachedDecoder
    /// The address that a load-reserved of an emulated instruction reserved.
    var reservation: UInt64?

    package init(frame: UInt64, isa: ISA, hartID: UInt64, largestMode: PageTableMode) {
        self.frame = TrapFrame(address: frame)
        csr = CSRFile(isa: isa, hartID: hartID, largestMode: largestMode)
        decoder = CachedDecoder(isa: isa)
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

/// What the trap page's instructions save and load: a page that they reach through `sscratch`.
/// `trap.S` knows the layout.
package struct TrapFrame: Sendable {
    package let address: UInt64
    package init(address: UInt64) { self.address = address }

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
    /// Where the trap page is now.
    package var trapPage: UInt64 {
        get { self[35] }
        nonmutating set { self[35] = newValue }
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
    /// Not zero: the real hart has no ASIDs, and each change of roots needs a fence.
    package var needsFence: UInt64 {
        get { self[39] }
        nonmutating set { self[39] = newValue }
    }
    /// What the real hart said at the last VMExit: `scause` and `stval`.
    package var cause: UInt64 { self[40] }
    package var value: UInt64 { self[41] }
}

/// The instructions that trap are few and come again: a decoded one is remembered by its bits.
struct CachedDecoder {
    private let decoder: Decoder
    private var keys: InlineArray<64, UInt32>
    private var values: InlineArray<64, UInt64>

    init(isa: ISA) {
        decoder = Decoder(isa: isa)
        // No instruction is all zeroes: an empty place is never found.
        keys = InlineArray(repeating: 0)
        values = InlineArray(repeating: 0)
    }

    @inline(__always) private static func place(_ bits: UInt32) -> Int {
        Int(truncatingIfNeeded: (bits &>> 20 ^ bits &>> 7) & 63)
    }

    /// As `decode`, of what was seen before.
    @inline(__always) func known(_ bits: UInt32) -> Instruction? {
        let place = Self.place(bits)
        return keys[place] == bits && bits != 0 ? Instruction(word: values[place]) : nil
    }

    mutating func decode(_ bits: UInt32) -> Instruction? {
        if let known = known(bits) { return known }
        guard let instruction = decoder.decode(bits) else { return nil }
        keys[Self.place(bits)] = bits
        values[Self.place(bits)] = instruction.word
        return instruction
    }
}
