import Bits

/// Interrupts (privileged specification §3.1.9, §4.1.3; Sstc).
extension CSRFile {
    /// STIP follows `stimecmp` and is not software's.
    @inlinable package var isSupervisorTimerDriven: Bool {
        menvcfg & Environment.stce != 0
    }

    /// What is pending, from software, from the hypervisor and from the lines.
    @inlinable package var pending: UInt64 { mip | hvip | lines }

    /// A line of the hart changes. The supervisor's software interrupt is an edge: a rise sets the
    /// bit, which software clears.
    @inlinable package mutating func setLine(_ bit: UInt64, _ level: Bool) {
        if bit == Interrupts.supervisorSoftware {
            if level { mip |= bit }
        } else {
            lines.set(bit, level)
        }
    }

    /// All lines that the board drives at once: the levels of MSIP, MTIP, MEIP and SEIP, and whether
    /// SSIP rose.
    @inlinable package mutating func setInputs(levels: UInt64, rises: UInt64) {
        lines = lines & ~Interrupts.driven | levels & Interrupts.driven
        mip |= rises & Interrupts.supervisorSoftware
    }

    /// The guest's STIP follows `vstimecmp`, in the guest's time.
    @inlinable package var isGuestTimerDriven: Bool {
        hypervisorEnvironment & Environment.stce != 0
    }
    /// The first time after `now` at which a timer fires that a comparison register drives; nil where
    /// none does. One that is due already hides nothing: a guest's may be for long.
    @inlinable package func timerDeadline(after now: UInt64) -> UInt64? {
        guard isSupervisorTimerDriven else { return nil }
        let own = stimecmp > now ? stimecmp : nil
        guard isGuestTimerDriven, guestDeadline > now else { return own }
        return min(own ?? guestDeadline, guestDeadline)
    }
    /// When the guest's timer fires, in the board's time: at once or never where that would wrap.
    @usableFromInline var guestDeadline: UInt64 {
        if Int64(bitPattern: htimedelta) >= 0 {
            return vstimecmp > htimedelta ? vstimecmp &- htimedelta : 0
        }
        let (deadline, wraps) = vstimecmp.addingReportingOverflow(0 &- htimedelta)
        return wraps ? ~0 : deadline
    }

    /// Compares `stimecmp` and `vstimecmp` with the time; call it when the time reaches
    /// `timerDeadline` and after a `.timer` effect.
    @inlinable package mutating func updateTimer(time: UInt64) { lines = lines(at: time) }

    /// Whether `updateTimer` would change something.
    @inlinable package func isTimerDue(at time: UInt64) -> Bool {
        isSupervisorTimerDriven && lines(at: time) != lines
    }

    /// The lines as they are when the time is this.
    @inlinable @inline(__always) func lines(at time: UInt64) -> UInt64 {
        var lines = lines
        lines.set(
            Interrupts.supervisorTimer, isSupervisorTimerDriven && time >= stimecmp)
        lines.set(
            Interrupts.virtualTimer, isGuestTimerDriven && time &+ htimedelta >= vstimecmp)
        return lines
    }

    /// What `wfi` waits for: an enabled interrupt, whether or not it can be delivered.
    @inlinable package var wakes: Bool { pending & mie != 0 }

    /// The interrupt to take now, with the interrupt bit as in `mcause`, or nil.
    @inlinable @inline(__always) package func pendingInterrupt(privilege: Privilege) -> UInt64? {
        let enabled = pending & mie
        return enabled == 0 ? nil : deliverable(enabled, privilege)
    }

    @inlinable @inline(__always) func deliverable(_ enabled: UInt64, _ privilege: Privilege)
        -> UInt64?
    {
        let toMachine = enabled & ~mideleg
        if toMachine != 0 && (privilege != .machine || mstatus & Status.mie != 0) {
            return Self.highest(toMachine)
        }
        let toSupervisor = enabled & mideleg & ~hideleg
        let supervisorListens =
            isVirtual || privilege == .user
            || (privilege == .supervisor && mstatus & Status.sie != 0)
        if toSupervisor != 0 && supervisorListens { return Self.highest(toSupervisor) }
        let toGuest = enabled & mideleg & hideleg
        guard isVirtual, toGuest != 0 else { return nil }
        let guestListens = privilege == .user || vsstatus & Status.sie != 0
        return guestListens ? Self.highest(toGuest) : nil
    }

    /// The fixed order: MEI, MSI, MTI, SEI, SSI, STI, VSEI, VSSI, VSTI, LCOFI.
    @usableFromInline static func highest(_ bits: UInt64) -> UInt64? {
        let order: InlineArray<10, Int> = [11, 3, 7, 9, 1, 5, 10, 2, 6, 13]
        for index in order.indices where bits.bit(order[index]) {
            return Interrupts.flag | UInt64(order[index])
        }
        return nil
    }
}
