import Bits
import GuestMemory
import RISCV

/// One hart: its state block, its translation tables and the doors through which the machine around it
/// reaches it.
///
/// SAFETY: `state` and the tables live as long as the hart. A hart is run by one thread at a time.
package final class Hart {
    package let id: Int
    package let isa: ISA
    package let memory: GuestMemory
    let decoder: Decoder
    package let state: UnsafeMutablePointer<HartState>
    let pool: UnsafeMutablePointer<TablePool>
    /// The world beyond RAM; set once before the first run.
    @exclusivity(unchecked) package unowned(unsafe) var bus: any Bus
    /// Those who run at the same time; nil where harts run in turns.
    @exclusivity(unchecked) package unowned(unsafe) var peers: (any Peers)?
    /// When firmware raises the supervisor timer, where the hart has no `stimecmp`; all ones: never.
    @exclusivity(unchecked) package var firmwareTimer = UInt64.max
    /// True where the machine itself is the firmware: an `ecall` from S-mode is an exit.
    @exclusivity(unchecked) package var exitsOnFirmwareCall = false
    /// Told of each trap as it is taken, for tracing.
    @exclusivity(unchecked) package var onTrap:
        ((_ cause: UInt64, _ value: UInt64, _ pc: UInt64) -> Void)?
    /// Code that engines made from this page is stale; its `hasCode` flag is clear already.
    @exclusivity(unchecked) package var onCodeWrite: (GuestPhysical) -> Void = { _ in }
    @exclusivity(unchecked) package var statistics = Statistics()
    /// Breakpoints and watchpoints; after a change of either call the engine's `debugChanged`.
    @exclusivity(unchecked) package var debug = DebugState()

    /// Counts of what is rare enough to count.
    package struct Statistics: Sendable {
        package var traps: InlineArray<64, UInt64> = .init(repeating: 0)
        package var interrupts: InlineArray<64, UInt64> = .init(repeating: 0)
        package var loadMisses: UInt64 = 0
        package var storeMisses: UInt64 = 0
        package var tlbMisses: UInt64 { loadMisses &+ storeMisses }
        package var fetchMisses: UInt64 = 0
        package var tlbFlushes: UInt64 = 0
        package var pagesDecoded: UInt64 = 0
        package var codeInvalidations: UInt64 = 0
        package var deviceLoads: UInt64 = 0
        package var deviceStores: UInt64 = 0
    }

    package init(id: Int, isa: ISA, memory: GuestMemory, bus: any Bus) {
        self.id = id
        self.isa = isa
        self.memory = memory
        self.bus = bus
        decoder = Decoder(isa: isa)
        pool = .allocate(capacity: 1)
        pool.initialize(to: TablePool())
        state = .allocate(capacity: 1)
        state.initialize(
            to: HartState(
                fetchTLB: UnsafeMutablePointer(bitPattern: 16).unsafelyUnwrapped,
                dataTLB: UnsafeMutablePointer(bitPattern: 16).unsafelyUnwrapped,
                resumeSlot: UnsafePointer(bitPattern: 8).unsafelyUnwrapped,
                csr: CSRFile(isa: isa, hartID: UInt64(id))))
        updateTranslation()
        refreshFloatState()
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
        pool.pointee.release()
        pool.deallocate()
    }
}

extension Unmanaged where Instance == Hart {
    /// Calls a method of the hart without counting references, which costs more than most of them do.
    @inline(__always)
    func borrow<Result>(_ body: (Hart) throws(Trap) -> Result) throws(Trap) -> Result {
        let outcome: Swift.Result<Result, Trap> = _withUnsafeGuaranteedRef { hart in
            do throws(Trap) { return .success(try body(hart)) } catch { return .failure(error) }
        }
        switch outcome {
        case .success(let result): return result
        case .failure(let trap): throw trap
        }
    }
}

/// What others may look at and change while the hart does not run.
extension Hart {
    package var pc: UInt64 {
        get { state.pointee.pc }
        set { state.pointee.pc = newValue }
    }
    package var privilege: Privilege {
        get { state.pointee.privilege }
        set {
            state.pointee.privilege = newValue
            updateTranslation()
        }
    }
    /// Retired instructions; exact at an exit and inside a device access.
    package var retired: UInt64 { state.pointee.retired }
    /// Page-table entries that its walks have read.
    package var walkReads: UInt64 { state.pointee.walkReads }
    package subscript(x register: Int) -> UInt64 {
        get { state.pointee.x[register & 31] }
        set { if register & 31 != 0 { state.pointee.x[register & 31] = newValue } }
    }
    package subscript(f register: Int) -> UInt64 {
        get { state.pointee.f[register & 31] }
        set { state.pointee.f[register & 31] = newValue }
    }
    package var csr: CSRFile {
        get { state.pointee.csr }
        set {
            let protection = state.pointee.csr.pmp
            state.pointee.csr = newValue
            state.pointee.attention.insert(.interrupts)
            if newValue.pmp != protection { flushTranslations() }
            updateTranslation()
            refreshFloatState()
        }
    }
    package var isReservationHeld: Bool {
        state.pointee.reservedAddress != HartState.noReservation
    }

    package func dropReservation() {
        state.pointee.reservedAddress = HartState.noReservation
    }

    /// Sets the level of interrupt inputs (bits of `mip`).
    package func setLines(_ mask: UInt64, _ on: Bool) {
        for bit in UInt64(0)..<14 where mask.bit(Int(bit)) {
            state.pointee.csr.setLine(1 &<< bit, on)
        }
        state.pointee.attention.insert(.interrupts)
    }
    /// Leaves the run loop after the current instruction.
    package func requestExit(_ exit: Exit = .requested) {
        state.pointee.pendingExit = exit
        state.pointee.attention.insert(.exit)
    }
    /// An interrupt is pending and enabled in its own register, whatever the global enable: what ends
    /// `wfi` (privileged specification, §3.3.3).
    package var canWake: Bool { state.pointee.csr.wakes }
    /// The next `time` at which a timer fires that Sstc drives, the supervisor's or a guest's.
    package func timerDeadline(after now: UInt64) -> UInt64? {
        state.pointee.csr.timerDeadline(after: now)
    }
    /// Whether a timer is due that the hart has not been told of.
    package func isTimerDue(at time: UInt64) -> Bool { state.pointee.csr.isTimerDue(at: time) }
    /// Raises or lowers the supervisor timer for the board's `time`.
    package func advance(to time: UInt64) {
        state.pointee.csr.updateTimer(time: time)
        state.pointee.attention.insert(.interrupts)
    }
}
