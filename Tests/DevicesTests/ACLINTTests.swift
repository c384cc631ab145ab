import Bits
import Devices
import Effects
import Testing

@Suite struct ACLINTTests {
    var clint = ACLINT(hartCount: 2)
    var effects = EffectList()

    mutating func write(_ offset: UInt64, _ value: UInt64, _ width: AccessWidth, now: UInt64)
        -> [Effect]
    {
        effects = EffectList()
        #expect(clint.write(offset, value, width, now: now, &effects))
        return effects.items
    }
    mutating func read(_ offset: UInt64, _ width: AccessWidth, now: UInt64) -> UInt64? {
        clint.read(offset, width, now: now, &effects)
    }
    mutating func tick(_ now: UInt64) -> [Effect] {
        effects = EffectList()
        clint.tick(now: now, &effects)
        return effects.items
    }

    @Test mutating func softwareInterruptFollowsBitZero() {
        #expect(write(4, 1, .word, now: 0) == [.interrupt(hart: 1, .machineSoftware, true)])
        #expect(read(4, .word, now: 0) == 1)
        #expect(
            write(4, 0xffff_fffe, .word, now: 0) == [.interrupt(hart: 1, .machineSoftware, false)])
        #expect(read(4, .word, now: 0) == 0)
        #expect(write(8, 1, .word, now: 0) == [], "no such hart")
    }

    @Test mutating func timerRisesWhenTimeReachesCompareAndFallsWhenItMoves() {
        #expect(write(0x4000, 1000, .double, now: 10) == [.schedule(at: 1000)])
        #expect(tick(999) == [.schedule(at: 1000)])
        #expect(tick(1000) == [.interrupt(hart: 0, .machineTimer, true)])
        #expect(tick(1001) == [], "the level has not changed")
        #expect(
            write(0x4000, 2000, .double, now: 1001)
                == [.interrupt(hart: 0, .machineTimer, false), .schedule(at: 2000)])
    }

    @Test mutating func nearestTimerIsScheduled() {
        _ = write(0x4000, 500, .double, now: 0)
        #expect(write(0x4008, 300, .double, now: 0) == [.schedule(at: 300)])
        #expect(
            tick(300) == [.interrupt(hart: 1, .machineTimer, true), .schedule(at: 500)])
    }

    @Test mutating func compareIsWrittenInHalvesToo() {
        // The order that the privileged specification gives for 32-bit harts.
        _ = write(0x4000, 0xffff_ffff, .word, now: 0)
        _ = write(0x4004, 1, .word, now: 0)
        #expect(write(0x4000, 5, .word, now: 0) == [.schedule(at: 0x1_0000_0005)])
        #expect(read(0x4000, .double, now: 0) == 0x1_0000_0005)
        #expect(read(0x4004, .word, now: 0) == 1)
        #expect(read(0x4001, .byte, now: 0) == nil)
    }

    @Test mutating func timeCanBeSet() {
        #expect(read(0xbff8, .double, now: 77) == 77)
        _ = write(0xbff8, 1_000_000, .double, now: 100)
        #expect(read(0xbff8, .double, now: 150) == 1_000_050)
        #expect(read(0xbffc, .word, now: 150) == 0)
        #expect(clint.time(now: 150) == 1_000_050)
        #expect(write(0x4000, 1_000_100, .double, now: 150) == [.schedule(at: 200)])
        _ = write(0xbff8, 0, .double, now: 150)
        #expect(clint.deadline(now: 150) == 150 + 1_000_100)
    }

    @Test mutating func compareOfAllOnesMeansNever() {
        #expect(write(0x4000, ~0, .double, now: 5) == [])
        #expect(write(0x4000, ~1, .double, now: 5) == [.schedule(at: ~1)])
        #expect(write(0xbff8, 0, .double, now: ~5).isEmpty, "beyond the end of the board's time")
    }

    @Test func supervisorSoftwareIsAPulse() {
        var sswi = SupervisorSoftware(hartCount: 2)
        var effects = EffectList()
        #expect(sswi.write(4, 1, .word, &effects))
        #expect(sswi.write(0, 2, .word, &effects))
        #expect(sswi.write(8, 1, .word, &effects))
        #expect(effects.items == [.interrupt(hart: 1, .supervisorSoftware, true)])
        #expect(sswi.read(4, .word, &effects) == 0)
        #expect(sswi.read(4, .double, &effects) == nil)
        #expect(sswi.read(0x4000, .word, &effects) == nil)
    }
}
