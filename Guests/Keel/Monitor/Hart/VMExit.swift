import Bits
import RISCV

/// Why the guest stopped running and the monitor runs: what a CPU back-end returns. `World.resolve`
/// is the one switch over it.
package enum VMExit: Sendable, Equatable {
    /// The real hart refused an instruction; its bits, or 0 where it does not tell.
    case illegal(bits: UInt32)
    /// The hypervisor extension left an instruction to the monitor.
    case virtual(bits: UInt32)
    /// `ecall`, from whatever mode the virtual hart is in.
    case call
    /// Not in the shadow: hidden, or the guest's own, or a device.
    case pageFault(AccessKind, address: UInt64)
    /// An access outside of the world's memory, at this guest-physical address.
    case guestPageFault(AccessKind, address: UInt64, physical: GuestPhysical)
    /// An exception that is the guest's own business.
    case exception(cause: UInt64, value: UInt64)
    /// The monitor's timer is due.
    case timer
    /// A device of the real board, or another hart, wants something of the monitor.
    case interrupt(cause: UInt64)

    /// What `scause` and `stval` of the real hart mean.
    package init(cause: UInt64, value: UInt64) {
        if cause & Interrupts.flag != 0 {
            self = cause == Interrupts.flag | 5 ? .timer : .interrupt(cause: cause)
            return
        }
        switch ExceptionCause(rawValue: cause) {
        case .illegalInstruction: self = .illegal(bits: UInt32(truncatingIfNeeded: value))
        case .ecallFromU: self = .call
        case .instructionPageFault: self = .pageFault(.fetch, address: value)
        case .loadPageFault: self = .pageFault(.load, address: value)
        case .storePageFault: self = .pageFault(.store, address: value)
        default: self = .exception(cause: cause, value: value)
        }
    }

    /// The same for a guest in VS- or VU-mode, whose page faults are its own; `guestAddress` is
    /// `htval`.
    package init(hardwareCause cause: UInt64, value: UInt64, guestAddress: UInt64) {
        let physical = GuestPhysical(guestAddress &<< 2 | value & 3)
        switch ExceptionCause(rawValue: cause) {
        case .virtualInstruction: self = .virtual(bits: UInt32(truncatingIfNeeded: value))
        case .ecallFromVS: self = .call
        case .instructionGuestPageFault:
            self = .guestPageFault(.fetch, address: value, physical: physical)
        case .loadGuestPageFault: self = .guestPageFault(.load, address: value, physical: physical)
        case .storeGuestPageFault:
            self = .guestPageFault(.store, address: value, physical: physical)
        case .instructionPageFault, .loadPageFault, .storePageFault:
            self = .exception(cause: cause, value: value)
        default: self.init(cause: cause, value: value)
        }
    }
}

/// How guests' instructions are run; chosen at boot, as `cpu=`.
package enum VCPUKind: UInt8, Sendable, CaseIterable { case trap, hardware }

/// How a guest's instructions are run: `trap` runs them in U-mode under shadow page tables, and
/// another back-end may have hardware that does more.
package protocol VCPUBackEnd: ~Copyable {
    /// Sets the real hart up for the world that is to run.
    mutating func prepare(_ world: inout World)
    /// Runs the guest until something happens that the monitor must see to. The world may change
    /// meanwhile (`VCPU.quickly`), so nobody holds it.
    mutating func run(_ frame: TrapFrame)
    /// What happened.
    mutating func exit(_ world: inout World) -> VMExit
}

/// What the monitor reads of the real hart at a VMExit.
package struct Clock: Sendable {
    package var time: UInt64
    package var retired: UInt64
    package init(time: UInt64, retired: UInt64) {
        self.time = time
        self.retired = retired
    }
}
