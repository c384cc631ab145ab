import Bits
import Effects

/// What a hart that runs `fence.i` or `sfence.vma` for another orders.
package enum RemoteFence: Sendable, Equatable {
    case instructions
    /// A nil range means the whole address space, a nil ASID all of them.
    case addresses(start: UInt64, count: UInt64?, asid: UInt64?)
    /// The same for what the tables of the guest `vmid` translate.
    case guestAddresses(start: UInt64, count: UInt64?, vmid: UInt64, asid: UInt64?)
    /// Guest-physical addresses, of all guests where `vmid` is nil.
    case guestStage(start: UInt64, count: UInt64?, vmid: UInt64?)
}

/// The two counters of the hardware.
package enum HardwareCounter: UInt8, Sendable { case cycle, instret }

/// What the firmware asks of harts, beyond an `Effect`. Each is done before the next instruction of
/// the hart it names.
package enum SBIAction: Sendable, Equatable {
    /// Sets `stimecmp`, which also withdraws a pending timer interrupt.
    case setTimer(hart: Int, deadline: UInt64)
    case fence(hart: Int, RemoteFence)
    /// The hart starts at `address` in S-mode with `satp` and `sstatus.SIE` zero, its own number in
    /// a0 and `opaque` in a1.
    case start(hart: Int, address: UInt64, opaque: UInt64)
    case stop(hart: Int)
    /// The hart waits until an interrupt that `sie` enables is pending; the machine then calls
    /// `SBIFirmware.wake`.
    case suspend(hart: Int)
    /// Sets or clears `menvcfg.ADUE`.
    case setADUpdating(hart: Int, Bool)
    case setCounter(hart: Int, HardwareCounter, to: UInt64)
    /// Lets a counter run on, or stops it by `mcountinhibit`.
    case runCounter(hart: Int, HardwareCounter, Bool)
}

/// All that a call asks for. A caller keeps one and empties it, so that its storage stays.
package struct SBIOutcome: Sendable {
    package var effects = EffectList()
    package var actions: [SBIAction] = []
    package init() {}
}

/// What a call may look at while it runs.
package protocol SBIPlatform: ~Copyable {
    /// All of the range is RAM; false for a range that wraps around.
    func contains(_ range: GuestRange) -> Bool
    /// The bytes of a range, or nil if it is not all RAM.
    func bytes(_ range: GuestRange) -> [UInt8]?
    func write(_ address: GuestPhysical, _ bytes: [UInt8]) -> Bool
    /// Takes the next byte that was typed at the console, if there is one.
    mutating func takeConsoleInput() -> UInt8?
}
