import Bits
import GuestMemory
import RISCV

/// What must happen before the next instruction at a resume slot.
@frozen @usableFromInline
struct Attention: OptionSet {
    @usableFromInline var rawValue: UInt8
    @usableFromInline init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Interrupt inputs or enables changed.
    @usableFromInline static var interrupts: Self { Self(rawValue: 1) }
    /// An exit waits in `pendingExit`.
    @usableFromInline static var exit: Self { Self(rawValue: 2) }
}

/// The state block of a hart: one allocation that generated code and the interpreter reach through one
/// pointer. The integer registers lie at offset 0.
struct HartState {
    var x: InlineArray<32, UInt64> = .init(repeating: 0)
    var f: InlineArray<32, UInt64> = .init(repeating: 0)
    var pc: UInt64 = 0
    /// `retired` when a run's budget reaches zero: retired = limit − remaining.
    var retiredLimit: UInt64 = 0
    /// Retired instructions up to the last synchronisation.
    var retired: UInt64 = 0
    /// Tables of the current translation context.
    var fetchTLB: UnsafeMutablePointer<TLBEntry>
    /// For data, by effective privilege (MPRV); the store table lies `TLBSet.storeOffset` behind.
    var dataTLB: UnsafeMutablePointer<TLBEntry>
    /// The slot that goes on at `pc`.
    var resumeSlot: UnsafePointer<Instruction>
    var attention: Attention = []
    var privilege: Privilege = .machine
    /// LR/SC: the reserved host address, its width and the value seen; no reservation is
    /// `reservedAddress == noReservation`.
    var reservedAddress: UInt64 = HartState.noReservation
    var reservedValue: UInt64 = 0
    var reservedWidth: AccessWidth = .byte
    var pendingExit: Exit = .budget
    var hostRoundings = HostRoundings()
    var csr: CSRFile

    static var noReservation: UInt64 { ~0 }
}
