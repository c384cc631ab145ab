import Bits
import Effects

/// The machine-level timer and software interrupts of the RISC-V ACLINT (MTIMER and MSWI), laid out
/// as SiFive's CLINT. `now` is the board's `time`; what the guest reads as `mtime` differs from it
/// by what the guest wrote there.
package struct ACLINT: Sendable, Equatable {
    package static let windowBytes: UInt64 = 0x1_0000

    package enum Register: Sendable, Equatable {
        case softwareInterrupt(hart: Int)
        case timeCompare(hart: Int)
        case time
        case reserved
    }

    struct HartTimer: Sendable, Equatable {
        /// All ones until the guest writes it, so that a fresh timer stays silent.
        var compare = ~0 as UInt64
        var isExpired = false
        var softwareIsPending = false
    }

    var timers: [HartTimer]
    /// `mtime` minus the board's `time`.
    package private(set) var timeOffset: UInt64 = 0

    package init(hartCount: Int) {
        timers = [HartTimer](repeating: HartTimer(), count: hartCount)
    }

    /// `mtime`, which is also what the harts' `time` reads.
    package func time(now: UInt64) -> UInt64 { now &+ timeOffset }

    private func access(_ offset: UInt64, _ width: AccessWidth) -> RegisterAccess<Register>? {
        switch offset {
        case 0..<0x4000:
            let hart = Int(offset / 4)
            let register: Register =
                hart < timers.count ? .softwareInterrupt(hart: hart) : .reserved
            return RegisterAccess(
                register, at: offset & ~3, .word, .exact, offset: offset, width)
        case 0x4000..<Self.windowBytes:
            let start = offset & ~7
            let hart = Int((start - 0x4000) / 8)
            let register: Register =
                start == 0xbff8
                ? .time : hart < timers.count ? .timeCompare(hart: hart) : .reserved
            guard width.bytes >= 4 else { return nil }
            return RegisterAccess(register, at: start, .double, .parts, offset: offset, width)
        default: return nil
        }
    }

    package mutating func read(
        _ offset: UInt64, _ width: AccessWidth, now: UInt64, _ effects: inout EffectList
    ) -> UInt64? {
        guard let access = access(offset, width) else { return nil }
        return access.part(of: value(of: access.register, now: now))
    }

    package mutating func write(
        _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, now: UInt64,
        _ effects: inout EffectList
    ) -> Bool {
        guard let access = access(offset, width) else { return false }
        let whole = access.whole(self.value(of: access.register, now: now), writing: value)
        switch access.register {
        case .softwareInterrupt(let hart):
            let level = whole.bit(0)
            guard level != timers[hart].softwareIsPending else { return true }
            timers[hart].softwareIsPending = level
            effects.append(.interrupt(hart: hart, .machineSoftware, level))
        case .timeCompare(let hart):
            timers[hart].compare = whole
            tick(now: now, &effects)
        case .time:
            timeOffset = whole &- now
            tick(now: now, &effects)
        case .reserved: break
        }
        return true
    }

    private func value(of register: Register, now: UInt64) -> UInt64 {
        switch register {
        case .softwareInterrupt(let hart): timers[hart].softwareIsPending ? 1 : 0
        case .timeCompare(let hart): timers[hart].compare
        case .time: time(now: now)
        case .reserved: 0
        }
    }

    /// Time has passed: raises or lowers the timer interrupts and says when to come again.
    package mutating func tick(now: UInt64, _ effects: inout EffectList) {
        let time = time(now: now)
        for hart in timers.indices {
            let isExpired = time >= timers[hart].compare
            guard isExpired != timers[hart].isExpired else { continue }
            timers[hart].isExpired = isExpired
            effects.append(.interrupt(hart: hart, .machineTimer, isExpired))
        }
        if let next = deadline(now: now) { effects.append(.schedule(at: next)) }
    }

    /// The board's `time` at which the next timer expires; nil if none will.
    package func deadline(now: UInt64) -> UInt64? {
        let time = time(now: now)
        var next: UInt64?
        for timer in timers where timer.compare > time && timer.compare != ~0 {
            // Beyond the end of the board's own time it never comes.
            let (at, isBeyond) = now.addingReportingOverflow(timer.compare &- time)
            if !isBeyond, at < next ?? ~0 { next = at }
        }
        return next
    }
}
