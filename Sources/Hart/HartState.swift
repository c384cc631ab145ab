import Bits
import GuestMemory
import RISCV

/// What must happen before the next instruction at a resume slot.
@frozen @usableFromInline
package struct Attention: OptionSet, Sendable {
    @usableFromInline package var rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Interrupt inputs or enables changed.
    @inlinable package static var interrupts: Self { Self(rawValue: 1) }
    /// An exit waits in `pendingExit`.
    @inlinable package static var exit: Self { Self(rawValue: 2) }
}

/// The state block of a hart: one allocation that generated code and the interpreter reach through one
/// pointer. The integer registers lie at offset 0, the floating-point registers behind them.
package struct HartState {
    package var x: InlineArray<32, UInt64> = .init(repeating: 0)
    package var f: InlineArray<32, UInt64> = .init(repeating: 0)
    package var pc: UInt64 = 0
    /// `retired` when a run's budget reaches zero: retired = limit − remaining.
    package var retiredLimit: UInt64 = 0
    /// Retired instructions up to the last synchronisation.
    package var retired: UInt64 = 0
    /// The set of tables (`TableLayout`) of fetches and data accesses; 0 where they use different ones
    /// (MPRV), or where the hart serves no generated code.
    package var tables: UInt64 = 0
    package var attention: Attention = []
    package var privilege: Privilege = .machine
    /// 0 only where `mstatus.FS` is dirty and `frm` is a rounding mode of the host's.
    package var floatUnready: UInt8 = 1
    /// 0 only where `mstatus.FS` is not off.
    package var floatOff: UInt8 = 1
    /// Other harts run at the same time as this one.
    package var sharesMemory = false
    /// For generated code: words to use as it likes, the hart itself, and the tables that GS points at.
    package var scratch: InlineArray<8, UInt64> = .init(repeating: 0)
    package var engine: UInt64 = 0
    package var loadedTables: UInt64 = 0
    /// The interpreter's view of the tables of fetches and of data accesses, which differ under MPRV.
    /// Stores lie `TableLayout.dataCount` entries behind loads.
    var fetchTLB: UnsafeMutablePointer<TableEntry>
    var dataTLB: UnsafeMutablePointer<TableEntry>
    /// The slot that goes on at `pc`.
    var resumeSlot: UnsafePointer<Instruction>
    /// LR/SC: the reserved host address, its width and the value seen; no reservation is
    /// `reservedAddress == noReservation`.
    package var reservedAddress: UInt64 = HartState.noReservation
    package var reservedValue: UInt64 = 0
    package var reservedBytes: UInt8 = 0
    package var pendingExit: Exit = .budget
    package var hostRoundings = HostRoundings()
    /// Page-table entries that walks have read.
    package var walkReads: UInt64 = 0
    package var csr: CSRFile

    package static var noReservation: UInt64 { ~0 }
}
