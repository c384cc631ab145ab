import SBI
import Testing

private let pmu = SBIExtension.counters
private let cycles: UInt64 = 0x0_0001
private let instructions: UInt64 = 0x0_0002
/// Firmware event 5: set_timer.
private let timerSet: UInt64 = 0xf_0005

@Suite struct CounterTests {
    @Test func descriptions() {
        var supervisor = Supervisor()
        #expect(supervisor.call(pmu, 0) == value(19))
        // CSR in bits 11…0, width less one in 17…12.
        #expect(supervisor.call(pmu, 1, 0) == value(0x3_fc00))
        #expect(supervisor.call(pmu, 1, 1) == error(.invalidParameter))
        #expect(supervisor.call(pmu, 1, 2) == value(0x3_fc02))
        #expect(supervisor.call(pmu, 1, 3) == value(1 << 63))
        #expect(supervisor.call(pmu, 1, 18) == value(1 << 63))
        #expect(supervisor.call(pmu, 1, 19) == error(.invalidParameter))
    }

    @Test func hardwareEventsHaveTheirFixedCounters() {
        var supervisor = Supervisor()
        let all: UInt64 = 0x7_ffff
        #expect(supervisor.call(pmu, 2, 0, all, 0, cycles) == value(0))
        #expect(supervisor.call(pmu, 2, 0, all, 0, instructions) == value(2))
        #expect(supervisor.call(pmu, 2, 0, all, 0, cycles) == error(.notSupported), "in use")
        #expect(supervisor.call(pmu, 2, 0, 0b100, 0, cycles, hart: 1) == error(.notSupported))
        #expect(supervisor.call(pmu, 2, 0, all, 0, 3) == error(.notSupported), "cache references")
        #expect(supervisor.call(pmu, 2, 0, all, 0, 0x2_0000) == error(.notSupported), "raw")
        #expect(supervisor.call(pmu, 2, 19, 1, 0, cycles) == error(.invalidParameter))
        #expect(supervisor.call(pmu, 2, 0, 1 << 19, 0, cycles) == error(.invalidParameter))
    }

    @Test func startAndStopOfACounter() {
        var supervisor = Supervisor()
        #expect(supervisor.call(pmu, 3, 0, 1, 0) == error(.invalidParameter), "not configured")
        supervisor.call(pmu, 2, 0, 1, 0, cycles)
        #expect(supervisor.call(pmu, 3, 0, 1, 1, 500) == ok)
        #expect(
            supervisor.actions
                == [.runCounter(hart: 0, .cycle, true), .setCounter(hart: 0, .cycle, to: 500)])
        #expect(supervisor.call(pmu, 3, 0, 1, 0) == error(.alreadyStarted))
        #expect(supervisor.call(pmu, 4, 0, 1, 0) == ok)
        #expect(supervisor.actions == [.runCounter(hart: 0, .cycle, false)])
        #expect(supervisor.call(pmu, 4, 0, 1, 1) == error(.alreadyStopped))
        #expect(supervisor.call(pmu, 2, 0, 1, 0b110, cycles) == value(0), "reset made it free")
        #expect(
            supervisor.actions
                == [.setCounter(hart: 0, .cycle, to: 0), .runCounter(hart: 0, .cycle, true)])
        #expect(supervisor.call(pmu, 3, 0, 1, 2) == error(.noSharedMemory))
    }

    @Test func firmwareCountsItsOwnEvents() {
        var supervisor = Supervisor()
        #expect(supervisor.call(pmu, 2, 0, 0x7_ffff, 0, timerSet) == value(3))
        supervisor.call(SBIExtension.time, 0, 1)
        #expect(supervisor.call(pmu, 5, 3) == ok, "does not run yet")
        #expect(supervisor.call(pmu, 3, 3, 1, 1, 10) == ok)
        supervisor.call(SBIExtension.time, 0, 1)
        supervisor.call(SBIExtension.time, 0, 1, hart: 1)
        #expect(supervisor.call(pmu, 5, 3) == value(11))
        #expect(supervisor.call(pmu, 6, 3) == ok)
        #expect(supervisor.call(pmu, 4, 3, 1, 0) == ok)
        supervisor.call(SBIExtension.time, 0, 1)
        #expect(supervisor.call(pmu, 5, 3) == value(11))
        #expect(supervisor.call(pmu, 5, 0) == error(.invalidParameter))
        #expect(supervisor.call(pmu, 5, 19) == error(.invalidParameter))
        #expect(supervisor.call(pmu, 2, 0, 0x7_ffff, 0, 0xf_00ff) == error(.notSupported))
    }
}
