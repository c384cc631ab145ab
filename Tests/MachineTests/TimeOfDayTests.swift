import Bits
import Effects
import GuestMemory
import Hart
import Journal
import Machine
import Testing

/// The clock of a board on the host's time.
@Suite struct TimeOfDayTests {
    private func rtc(_ machine: Machine) -> UInt64 {
        let hart = machine.harts[0]
        let low = machine.bus.load(GuestPhysical(0x10_1000), .word, from: hart) ?? 0
        let high = machine.bus.load(GuestPhysical(0x10_1004), .word, from: hart) ?? 0
        return high << 32 | low
    }
    /// A machine that spins.
    private func machine(_ clock: ClockMode) throws -> Machine {
        try bareMachine([0x0000_006f], clock: clock)
    }

    @Test func itFollowsTheHostAfterThePause() throws {
        let machine = try machine(.host)
        _ = try machine.step()
        let before = rtc(machine)
        machine.bus.clock.stop()
        // What a pause of 50 ms or more is for the board.
        _ = EventInbox().wait(timeoutNanoseconds: 50_000_000)
        let stood = machine.bus.now
        _ = EventInbox().wait(timeoutNanoseconds: 1_000_000)
        #expect(machine.bus.now == stood)
        machine.bus.clock.resume()
        #expect(rtc(machine) - before >= 50_000_000)
    }

    @Test func theOutsideMayMoveIt() throws {
        let machine = try machine(.instructions(megahertz: 100))
        _ = try machine.step()
        let before = rtc(machine)
        machine.inbox.post(.timeOfDay(shift: 3_600_000_000_000))
        _ = try machine.beginTurn()
        #expect(rtc(machine) - before == 3_600_000_000_000)
        _ = try machine.step()
        #expect(rtc(machine) - before < 3_700_000_000_000, "nothing else is read")
    }
}
