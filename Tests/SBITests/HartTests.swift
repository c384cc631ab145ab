import Bits
import Effects
import SBI
import Testing

private let hsm = SBIExtension.hartState
private let base = TestPlatform.base

@Suite struct HartStateTests {
    @Test func startStatusStop() {
        var supervisor = Supervisor()
        #expect(supervisor.call(hsm, 2, 0) == value(0))
        #expect(supervisor.call(hsm, 2, 1) == value(1))
        #expect(supervisor.call(hsm, 0, 1, base + 0x200, 99) == ok)
        #expect(supervisor.actions.last == .start(hart: 1, address: base + 0x200, opaque: 99))
        #expect(supervisor.call(hsm, 2, 1) == value(0))
        #expect(supervisor.call(hsm, 0, 1, base) == error(.alreadyAvailable))
        #expect(supervisor.call(hsm, 1, hart: 1) == .none)
        #expect(supervisor.actions == [.stop(hart: 1)])
        #expect(supervisor.call(hsm, 2, 1) == value(1))
        #expect(supervisor.call(hsm, 0, 1, base) == ok)
    }

    @Test func startErrors() {
        var supervisor = Supervisor()
        #expect(supervisor.call(hsm, 0, 4, base) == error(.invalidParameter))
        #expect(supervisor.call(hsm, 0, ~0, base) == error(.invalidParameter))
        #expect(supervisor.call(hsm, 0, 0, base) == error(.alreadyAvailable))
        for address in [0, base + 1, base + 0x4000, ~0, ~1] as [UInt64] {
            #expect(supervisor.call(hsm, 0, 1, address) == error(.invalidAddress))
        }
        #expect(supervisor.call(hsm, 2, 4) == error(.invalidParameter))
        #expect(supervisor.actions.isEmpty)
    }

    @Test func retentiveSuspendReturns() {
        var supervisor = Supervisor()
        #expect(supervisor.call(hsm, 3, 0, 0, 0) == ok)
        #expect(supervisor.actions == [.suspend(hart: 0)])
        #expect(supervisor.firmware.state(of: 0) == .suspended)
        supervisor.outcome = SBIOutcome()
        supervisor.firmware.wake(hart: 0, &supervisor.outcome)
        #expect(supervisor.actions.isEmpty)
        #expect(supervisor.firmware.state(of: 0) == .started)
    }

    @Test func nonRetentiveSuspendResumesElsewhere() {
        var supervisor = Supervisor()
        #expect(supervisor.call(hsm, 3, 0x8000_0000, base + 8, 5) == .none)
        supervisor.outcome = SBIOutcome()
        supervisor.firmware.wake(hart: 0, &supervisor.outcome)
        #expect(supervisor.actions == [.start(hart: 0, address: base + 8, opaque: 5)])
        supervisor.outcome = SBIOutcome()
        supervisor.firmware.wake(hart: 0, &supervisor.outcome)
        #expect(supervisor.actions.isEmpty)
    }

    @Test func suspendErrors() {
        var supervisor = Supervisor()
        for type in [1, 0x0fff_ffff, 0x1000_0000, 0x8000_0001, 0xffff_ffff] as [UInt64] {
            #expect(supervisor.call(hsm, 3, type, base) == error(.invalidParameter))
        }
        #expect(supervisor.call(hsm, 3, 0x8000_0000, 0x10) == error(.invalidAddress))
        #expect(supervisor.firmware.state(of: 0) == .started)
    }

    @Test func systemSuspendNeedsTheOtherHartsStopped() {
        let susp = SBIExtension.systemSuspend
        var supervisor = Supervisor()
        supervisor.call(hsm, 0, 2, base)
        #expect(supervisor.call(susp, 0, 0, base, 0) == error(.denied))
        supervisor.call(hsm, 1, hart: 2)
        #expect(supervisor.call(susp, 0, 1, base, 0) == error(.invalidParameter))
        #expect(supervisor.call(susp, 0, 0, 0, 0) == error(.invalidAddress))
        #expect(supervisor.call(susp, 0, 0, base, 77) == .none)
        supervisor.firmware.wake(hart: 0, &supervisor.outcome)
        #expect(
            supervisor.actions == [.suspend(hart: 0), .start(hart: 0, address: base, opaque: 77)])
    }

    @Test func shutdownAndReboot() {
        let cases: [(UInt64, UInt64, EndOfRun)] = [
            (0, 0, EndOfRun(.shutdown, exitCode: 0)), (0, 1, EndOfRun(.failure, exitCode: 1)),
            (1, 0, EndOfRun(.reset, exitCode: 0)), (2, 0, EndOfRun(.reset, exitCode: 0)),
        ]
        for (type, reason, end) in cases {
            var supervisor = Supervisor()
            #expect(supervisor.call(SBIExtension.systemReset, 0, type, reason) == .none)
            #expect(supervisor.effects == [.end(end)])
        }
        for (type, reason) in [(3, 0), (0xf000_0000, 0), (0, 2), (0, 0xe000_0000)]
            as [(UInt64, UInt64)]
        {
            var supervisor = Supervisor()
            #expect(
                supervisor.call(SBIExtension.systemReset, 0, type, reason)
                    == error(.invalidParameter))
            #expect(supervisor.effects.isEmpty)
        }
    }
}

@Suite struct RemoteTests {
    private let ipi = SBIExtension.ipi
    private let fence = SBIExtension.remoteFence

    @Test func timer() {
        var supervisor = Supervisor()
        #expect(supervisor.call(SBIExtension.time, 0, 0x1234_5678_9abc) == ok)
        #expect(supervisor.actions == [.setTimer(hart: 0, deadline: 0x1234_5678_9abc)])
    }

    @Test func maskAndBaseNameHarts() {
        var supervisor = Supervisor()
        supervisor.startAll()
        func interrupted(_ harts: Int...) -> [Effect] {
            harts.map { .interrupt(hart: $0, .supervisorSoftware, true) }
        }
        #expect(supervisor.call(ipi, 0, 0b1010, 0) == ok)
        #expect(supervisor.effects == interrupted(1, 3))
        #expect(supervisor.call(ipi, 0, 0b11, 2) == ok)
        #expect(supervisor.effects == interrupted(2, 3))
        #expect(supervisor.call(ipi, 0, 0, ~0) == ok)
        #expect(supervisor.effects == interrupted(0, 1, 2, 3))
        #expect(supervisor.call(ipi, 0, 0, 0) == ok)
        #expect(supervisor.effects.isEmpty)
        for (mask, base) in [(0b1_0000, 0), (0b100, 2), (1, 4), (~0, 3), (1, ~1), (1 << 63, 1)]
            as [(UInt64, UInt64)]
        {
            #expect(supervisor.call(ipi, 0, mask, base) == error(.invalidParameter))
            #expect(supervisor.effects.isEmpty)
        }
    }

    /// Functions 3 to 6 are for a hypervisor: of what the caller's VMID sees, or of what it is told.
    @Test func fencesOfGuests() {
        var plain = Supervisor()
        for function in UInt64(3)...6 {
            #expect(plain.call(fence, function, 1, 0, 0x4000, 0x2000) == error(.notSupported))
        }
        var supervisor = Supervisor { $0.hasHypervisor = true }
        let expected: [RemoteFence] = [
            .guestStage(start: 0x4000, count: 0x2000, vmid: 5),
            .guestStage(start: 0x4000, count: 0x2000, vmid: nil),
            .guestAddresses(start: 0x4000, count: 0x2000, vmid: 0, asid: 5),
            .guestAddresses(start: 0x4000, count: 0x2000, vmid: 0, asid: nil),
        ]
        for (function, order) in zip(UInt64(3)..., expected) {
            #expect(supervisor.call(fence, function, 1, 0, 0x4000, 0x2000, 5) == ok)
            #expect(supervisor.actions == [.fence(hart: 0, order)])
        }
    }

    @Test func stoppedHartsAreLeftOut() {
        var supervisor = Supervisor()
        #expect(supervisor.call(ipi, 0, 0, ~0) == ok)
        #expect(supervisor.effects == [.interrupt(hart: 0, .supervisorSoftware, true)])
    }

    @Test func sixtyFourHarts() {
        var supervisor = Supervisor(harts: 64)
        supervisor.startAll()
        #expect(supervisor.call(ipi, 0, 0, ~0) == ok)
        #expect(supervisor.effects.count == 64)
        #expect(supervisor.call(ipi, 0, ~0, 0) == ok)
        #expect(supervisor.effects.count == 64)
        #expect(supervisor.call(ipi, 0, 1, 63) == ok)
        #expect(supervisor.effects == [.interrupt(hart: 63, .supervisorSoftware, true)])
        #expect(supervisor.call(ipi, 0, 2, 63) == error(.invalidParameter))
    }

    @Test func fences() {
        var supervisor = Supervisor()
        supervisor.startAll()
        #expect(supervisor.call(fence, 0, 0b10, 0) == ok)
        #expect(supervisor.actions == [.fence(hart: 1, .instructions)])
        #expect(supervisor.call(fence, 1, 0b10, 0, 0x1000, 0x2000) == ok)
        #expect(
            supervisor.actions
                == [.fence(hart: 1, .addresses(start: 0x1000, count: 0x2000, asid: nil))])
        #expect(supervisor.call(fence, 2, 0b1, 0, 0x1000, 0x2000, 42) == ok)
        #expect(
            supervisor.actions
                == [.fence(hart: 0, .addresses(start: 0x1000, count: 0x2000, asid: 42))])
        for (start, count) in [(0, 0), (0x1000, ~0), (0, ~0)] as [(UInt64, UInt64)] {
            #expect(supervisor.call(fence, 1, 1, 0, start, count) == ok)
            #expect(
                supervisor.actions
                    == [.fence(hart: 0, .addresses(start: start, count: nil, asid: nil))])
        }
        #expect(supervisor.call(fence, 1, 0b1_0000, 0) == error(.invalidParameter))
        for function in 3...6 as ClosedRange<UInt64> {
            #expect(supervisor.call(fence, function, 1, 0) == error(.notSupported))
        }
    }
}
