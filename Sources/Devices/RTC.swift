import Bits
import Effects

/// Goldfish's real-time clock (`google,goldfish-rtc`): nanoseconds since 1970, and an alarm.
///
/// It has no clock of its own: its time is the board's `time` (`now`, in ticks) times the length of
/// a tick, plus `epoch`. So it is as deterministic as the board's time is.
package struct RTC: Sendable, Equatable {
    package static let windowBytes: UInt64 = 0x1000

    package enum Register: UInt64, Sendable {
        /// Reading it latches the high half.
        case timeLow = 0x00
        case timeHigh = 0x04
        /// Writing it arms the alarm; the high half is written first.
        case alarmLow = 0x08
        case alarmHigh = 0x0c
        case interruptEnable = 0x10
        case clearAlarm = 0x14
        case alarmStatus = 0x18
        case clearInterrupt = 0x1c
    }

    /// Its source number at the interrupt controller.
    package let line: Int
    let nanosecondsPerTick: UInt64
    /// The clock's time, in nanoseconds, when the board's `time` was 0.
    private var epoch: UInt64
    private var latchedHigh: UInt32 = 0
    private var writtenTimeHigh: UInt32 = 0
    private var writtenAlarmHigh: UInt32 = 0
    private var alarm: UInt64 = 0
    private var alarmIsArmed = false
    private var interruptIsEnabled = false
    private var interruptIsPending = false
    private var lineIsRaised = false

    /// `unixNanoseconds` is the time of day at tick 0.
    package init(line: Int, unixNanoseconds: UInt64, nanosecondsPerTick: UInt64 = 100) {
        self.line = line
        self.nanosecondsPerTick = max(1, nanosecondsPerTick)
        epoch = unixNanoseconds
    }

    package func unixNanoseconds(now: UInt64) -> UInt64 { epoch &+ now &* nanosecondsPerTick }

    /// The outside says what time of day it is: after the machine was stopped or moved.
    package mutating func set(unixNanoseconds: UInt64, now: UInt64, _ effects: inout EffectList) {
        epoch = unixNanoseconds &- now &* nanosecondsPerTick
        tick(now: now, &effects)
    }

    /// The host's time of day moved; what the guest has set moves with it.
    package mutating func shift(
        byNanoseconds shift: Int64, now: UInt64, _ effects: inout EffectList
    ) {
        epoch = epoch &+ UInt64(bitPattern: shift)
        tick(now: now, &effects)
    }

    private static func access(_ offset: UInt64, _ width: AccessWidth) -> RegisterAccess<Register>?
    {
        guard let register = Register(rawValue: offset) else { return nil }
        return RegisterAccess(register, at: offset, .word, .exact, offset: offset, width)
    }

    package mutating func read(
        _ offset: UInt64, _ width: AccessWidth, now: UInt64, _ effects: inout EffectList
    ) -> UInt64? {
        guard let access = Self.access(offset, width) else { return nil }
        switch access.register {
        case .timeLow:
            let time = unixNanoseconds(now: now)
            latchedHigh = UInt32(truncatingIfNeeded: time >> 32)
            return time & 0xffff_ffff
        case .timeHigh: return UInt64(latchedHigh)
        case .alarmLow: return alarm & 0xffff_ffff
        case .alarmHigh: return alarm >> 32
        case .interruptEnable: return interruptIsEnabled ? 1 : 0
        case .alarmStatus: return alarmIsArmed ? 1 : 0
        case .clearAlarm, .clearInterrupt: return 0
        }
    }

    package mutating func write(
        _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, now: UInt64,
        _ effects: inout EffectList
    ) -> Bool {
        guard let access = Self.access(offset, width) else { return false }
        let word = UInt32(truncatingIfNeeded: value)
        switch access.register {
        case .timeLow:
            epoch = (UInt64(writtenTimeHigh) << 32 | UInt64(word)) &- now &* nanosecondsPerTick
        case .timeHigh: writtenTimeHigh = word
        case .alarmLow:
            alarm = UInt64(writtenAlarmHigh) << 32 | UInt64(word)
            alarmIsArmed = true
        case .alarmHigh: writtenAlarmHigh = word
        case .interruptEnable: interruptIsEnabled = word & 1 != 0
        case .clearAlarm: alarmIsArmed = false
        case .clearInterrupt: interruptIsPending = false
        case .alarmStatus: break
        }
        tick(now: now, &effects)
        return true
    }

    /// Time has passed: the alarm may ring. Says when to come again.
    package mutating func tick(now: UInt64, _ effects: inout EffectList) {
        if alarmIsArmed {
            if unixNanoseconds(now: now) >= alarm {
                alarmIsArmed = false
                interruptIsPending = true
            } else if let at = deadline(now: now) {
                effects.append(.schedule(at: at))
            }
        }
        let raised = interruptIsPending && interruptIsEnabled
        guard raised != lineIsRaised else { return }
        lineIsRaised = raised
        effects.append(raised ? .raise(line: line) : .lower(line: line))
    }

    /// The board's `time` at which the alarm rings; nil if it will not.
    package func deadline(now: UInt64) -> UInt64? {
        let time = unixNanoseconds(now: now)
        guard alarmIsArmed, alarm > time else { return nil }
        let wait = alarm &- time
        let ticks = wait / nanosecondsPerTick &+ (wait % nanosecondsPerTick == 0 ? 0 : 1)
        let (at, isBeyond) = now.addingReportingOverflow(ticks)
        return isBeyond ? nil : at
    }
}
