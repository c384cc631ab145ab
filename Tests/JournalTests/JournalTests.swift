import Effects
import Glibc
import Journal
import Testing

@Suite struct JournalTests {
    @Test func eventsAreNumberedInTheOrderOfDelivery() {
        var journal = Journal(recording: true)
        journal.stamp(.input(device: 0, [1]), hart: 0, retired: 10)
        let second = journal.stamp(.timer(device: 2), hart: 1, retired: 7)
        #expect(
            second == JournalEntry(number: 1, hart: 1, retired: 7, event: .timer(device: 2)))
        #expect(journal.entries.map(\.number) == [0, 1])
        #expect(journal.takeEntries().count == 2)
        #expect(journal.entries.isEmpty)
        #expect(journal.stamp(.stop(exitCode: 0), hart: 0, retired: 11).number == 2)
    }

    @Test func withoutRecordingNothingIsKept() {
        var journal = Journal()
        #expect(journal.stamp(.stop(exitCode: 0), hart: 0, retired: 1).number == 0)
        #expect(journal.stamp(.stop(exitCode: 0), hart: 0, retired: 1).number == 1)
        #expect(journal.entries.isEmpty)
    }

    @Test func theInputWindowCountsWhatTheGuestTook() {
        var window = InputWindow()
        window.delivered(10)
        #expect(window.taken(held: 10) == 0)
        #expect(window.taken(held: 4) == 6)
        window.delivered(3)
        #expect(window.taken(held: 7) == 0)
        #expect(window.taken(held: 0) == 7)
        #expect(window.taken(held: 5) == 0)
    }
}

@Suite struct BoardClockTests {
    @Test func hostTicksAreTenMegahertz() {
        let clock = BoardClock(.host, hostNanoseconds: 5_000)
        #expect(clock.ticks(retired: 99, hostNanoseconds: 5_000) == 0)
        #expect(clock.ticks(retired: 99, hostNanoseconds: 5_099) == 0)
        #expect(clock.ticks(retired: 99, hostNanoseconds: 5_100) == 1)
        #expect(clock.ticks(retired: 0, hostNanoseconds: 1_000_005_000) == 10_000_000)
        #expect(clock.ticks(retired: 0, hostNanoseconds: 4_000) == 0)
        #expect(clock.nanoseconds(until: 30, hostNanoseconds: 6_000) == 2_000)
        #expect(clock.nanoseconds(until: 10, hostNanoseconds: 6_000) == 0)
        #expect(clock.nanoseconds(until: .max, hostNanoseconds: 6_000) == .max)
        #expect(clock.instructions(until: 10, retired: 0) == nil)
    }

    @Test func hostTimeCanStandStill() {
        var clock = BoardClock(.host, hostNanoseconds: 0)
        clock.stop(hostNanoseconds: 1_000)
        #expect(clock.ticks(retired: 0, hostNanoseconds: 9_000) == 10)
        clock.resume(hostNanoseconds: 9_000)
        #expect(clock.ticks(retired: 0, hostNanoseconds: 9_000) == 10)
        #expect(clock.ticks(retired: 0, hostNanoseconds: 9_500) == 15)
    }

    @Test(arguments: [1, 3, 10, 100, 333, 5_000] as [UInt64])
    func instructionsUntilATickAreExact(megahertz: UInt64) throws {
        let clock = BoardClock(.instructions(megahertz: megahertz))
        for retired: UInt64 in [0, 1, 99, 12_345] {
            for tick: UInt64 in [1, 2, 17, 50_000] {
                let count = try #require(clock.instructions(until: tick, retired: retired))
                #expect(clock.ticks(retired: retired + count) >= tick)
                if count > 0 { #expect(clock.ticks(retired: retired + count - 1) < tick) }
            }
        }
        #expect(clock.nanoseconds(until: 5) == nil)
    }

    @Test func instructionTimeSkipsForwardButNeverBack() {
        var clock = BoardClock(.instructions(megahertz: 100))
        #expect(clock.ticks(retired: 1_000) == 100)
        clock.skip(to: 5_000, retired: 1_000)
        #expect(clock.ticks(retired: 1_000) == 5_000)
        #expect(clock.ticks(retired: 1_010) == 5_001)
        clock.skip(to: 10, retired: 1_010)
        #expect(clock.ticks(retired: 1_010) == 5_001)
        #expect(clock.instructions(until: 5_003, retired: 1_010) == 20)
    }

    @Test func anAbsurdTimeDoesNotTrap() {
        let clock = BoardClock(.instructions(megahertz: .max))
        #expect(clock.instructions(until: .max, retired: 0) == .max)
        #expect(clock.ticks(retired: .max) == 10)
        #expect(BoardClock(.instructions(megahertz: 0)).ticks(retired: 7) == 70)
    }
}

@Suite struct EventInboxTests {
    @Test func eventsComeOutInTheOrderOfPosting() {
        let inbox = EventInbox()
        #expect(inbox.isEmpty)
        inbox.post(.timer(device: 1))
        inbox.post(.timer(device: 2))
        #expect(!inbox.isEmpty)
        #expect(inbox.wait(timeoutNanoseconds: 0))
        #expect(inbox.drain() == [.timer(device: 1), .timer(device: 2)])
        #expect(inbox.isEmpty)
        #expect(inbox.drain() == [])
    }

    @Test func aWaitEndsWithoutAnEvent() {
        let inbox = EventInbox()
        #expect(!inbox.wait(timeoutNanoseconds: 1_000_000))
        inbox.wake()
        #expect(!inbox.wait())
        inbox.post(.stop(exitCode: 3))
        #expect(inbox.wait(timeoutNanoseconds: .max))
    }

    /// Four threads post a thousand events each while this one waits: none is lost, and the order
    /// of each thread's own events holds.
    @Test func nothingIsLostBetweenThreads() throws {
        final class Poster: Sendable {
            let inbox: EventInbox
            let device: Int
            init(_ inbox: EventInbox, _ device: Int) {
                self.inbox = inbox
                self.device = device
            }
        }
        let inbox = EventInbox()
        var threads: [pthread_t] = []
        for device in 0..<4 {
            var thread = pthread_t()
            let poster = unsafe Unmanaged.passRetained(Poster(inbox, device)).toOpaque()
            let started = unsafe pthread_create(
                &thread, nil,
                { argument in
                    guard let argument = unsafe argument else { return nil }
                    let poster = unsafe Unmanaged<Poster>.fromOpaque(argument).takeRetainedValue()
                    for count in 0..<1_000 {
                        poster.inbox.post(
                            .resize(device: poster.device, columns: count, rows: 0))
                    }
                    return nil
                }, poster)
            try #require(started == 0)
            threads.append(thread)
        }
        var next = [0, 0, 0, 0]
        while next.reduce(0, +) < 4_000 {
            _ = inbox.wait()
            for event in inbox.drain() {
                guard case .resize(let device, let count, _) = event else { continue }
                #expect(count == next[device])
                next[device] += 1
            }
        }
        for thread in threads { pthread_join(thread, nil) }
        #expect(next == [1_000, 1_000, 1_000, 1_000])
    }
}
