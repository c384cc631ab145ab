import Bits
import Devices
import Effects
import Testing

@Suite struct RTCTests {
    /// 2024-04-11 00:00:00 UTC.
    static let epoch: UInt64 = 1_712_793_600_000_000_000
    var rtc = RTC(line: 11, unixNanoseconds: RTCTests.epoch)
    var effects = EffectList()

    mutating func read(_ offset: UInt64, now: UInt64 = 0) -> UInt64 {
        rtc.read(offset, .word, now: now, &effects) ?? 0xdead
    }
    mutating func write(_ offset: UInt64, _ value: UInt64, now: UInt64 = 0) -> [Effect] {
        effects = EffectList()
        #expect(rtc.write(offset, value, .word, now: now, &effects))
        return effects.items
    }
    mutating func setAlarm(_ nanoseconds: UInt64, now: UInt64 = 0) -> [Effect] {
        _ = write(0x0c, nanoseconds >> 32, now: now)
        return write(0x08, nanoseconds & 0xffff_ffff, now: now)
    }

    @Test mutating func lowHalfLatchesTheHigh() {
        let tick: UInt64 = 12_345
        let time = Self.epoch + tick * 100
        #expect(read(0x00, now: tick) == time & 0xffff_ffff)
        #expect(read(0x04, now: tick + 50_000_000_000) == time >> 32)
    }

    @Test mutating func timeCanBeSet() {
        _ = write(0x04, 1, now: 500)
        _ = write(0x00, 2, now: 500)
        #expect(rtc.unixNanoseconds(now: 501) == 0x1_0000_0002 + 100)
    }

    @Test mutating func itMovesWithTheHost() {
        _ = write(0x10, 1)
        _ = setAlarm(Self.epoch + 1_000_000, now: 5)
        effects = EffectList()
        rtc.shift(byNanoseconds: 999_000, now: 5, &effects)
        #expect(rtc.unixNanoseconds(now: 5) == Self.epoch + 999_500)
        #expect(rtc.deadline(now: 5) == 10 && effects.items == [.schedule(at: 10)])
        effects = EffectList()
        rtc.shift(byNanoseconds: 1000, now: 6, &effects)
        #expect(effects.items == [.raise(line: 11)])
        rtc.shift(byNanoseconds: -2_000_000, now: 6, &effects)
        #expect(rtc.unixNanoseconds(now: 6) == Self.epoch - 999_400)
    }

    @Test mutating func alarmRingsOnceAndOnlyIfEnabled() {
        #expect(setAlarm(Self.epoch + 1050) == [.schedule(at: 11)], "the first tick after it")
        #expect(read(0x18) == 1)
        _ = write(0x10, 1)
        effects = EffectList()
        rtc.tick(now: 10, &effects)
        #expect(!effects.items.contains(.raise(line: 11)))
        effects = EffectList()
        rtc.tick(now: 11, &effects)
        #expect(effects.items == [.raise(line: 11)])
        #expect(read(0x18, now: 11) == 0)
        #expect(write(0x1c, 1, now: 12) == [.lower(line: 11)])
        #expect(write(0x10, 1, now: 13) == [])
    }

    @Test mutating func alarmInThePastRingsAtOnce() {
        _ = write(0x10, 1)
        #expect(setAlarm(Self.epoch, now: 5) == [.raise(line: 11)])
        #expect(write(0x10, 0, now: 5) == [.lower(line: 11)])
        #expect(write(0x10, 1, now: 5) == [.raise(line: 11)])
    }

    @Test mutating func clearedAlarmIsSilent() {
        _ = write(0x10, 1)
        _ = setAlarm(Self.epoch + 1000)
        _ = write(0x14, 1)
        #expect(read(0x18) == 0)
        effects = EffectList()
        rtc.tick(now: 1000, &effects)
        #expect(effects.isEmpty)
        #expect(rtc.deadline(now: 0) == nil)
    }

    @Test mutating func outsideSetsTheTimeOfDay() {
        _ = write(0x10, 1)
        _ = setAlarm(Self.epoch + 3_600_000_000_000)
        effects = EffectList()
        rtc.set(unixNanoseconds: Self.epoch + 7_200_000_000_000, now: 7, &effects)
        #expect(effects.items == [.raise(line: 11)])
        #expect(rtc.unixNanoseconds(now: 7) == Self.epoch + 7_200_000_000_000)
    }

    @Test mutating func otherAccessesFault() {
        #expect(rtc.read(0, .double, now: 0, &effects) == nil)
        #expect(rtc.read(2, .half, now: 0, &effects) == nil)
        #expect(rtc.read(0x20, .word, now: 0, &effects) == nil)
        #expect(!rtc.write(0x00, 0, .byte, now: 0, &effects))
    }
}
