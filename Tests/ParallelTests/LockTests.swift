import Bits
import HostIO
import Parallel
import Synchronization
import Testing

/// A count that threads change under a lock, without atomics.
private final class Shared: @unchecked Sendable {
    var count = 0
    let inside = Atomic<Int>(0)
    let collisions = Atomic<Int>(0)
}

@Suite("Locks and bells") struct LockTests {
    @Test(arguments: [1, 2, 4, 9]) func oneHolderAtATime(_ threads: Int) throws {
        let lock = MCSLock(places: threads)
        let shared = Shared()
        let rounds = 20_000
        let started = try (0..<threads).map { index in
            try HostThread("lock \(index)") {
                for _ in 0..<rounds {
                    lock.withLock(MCSLock.Place(index)) {
                        if shared.inside.wrappingAdd(1, ordering: .relaxed).oldValue != 0 {
                            shared.collisions.wrappingAdd(1, ordering: .relaxed)
                        }
                        shared.count += 1
                        shared.inside.wrappingSubtract(1, ordering: .relaxed)
                    }
                }
            }
        }
        for thread in started { thread.join() }
        #expect(shared.count == threads * rounds)
        #expect(shared.collisions.load(ordering: .relaxed) == 0)
    }

    /// Who waits longer than it spins for sleeps, and is woken.
    @Test func sleepersAreWoken() throws {
        let lock = MCSLock(places: 2)
        let bell = Bell()
        let shared = Shared()
        lock.acquire(MCSLock.Place(0))
        let thread = try HostThread("sleeper") {
            bell.ring()
            lock.withLock(MCSLock.Place(1)) { shared.count += 1 }
        }
        bell.wait()
        Bell().wait(timeoutNanoseconds: 20_000_000)
        #expect(shared.count == 0)
        lock.release(MCSLock.Place(0))
        thread.join()
        #expect(shared.count == 1)
    }

    /// Two threads ring each other back and forth; a ring that were lost would hang both.
    @Test func noRingIsLost() throws {
        let bells = (Bell(), Bell())
        let turns = Atomic<Int>(0)
        let rounds = 20_000
        let thread = try HostThread("answer") {
            for round in 0..<rounds {
                while turns.load(ordering: .acquiring) != 2 * round + 1 { bells.1.wait() }
                turns.store(2 * round + 2, ordering: .releasing)
                bells.0.ring()
            }
        }
        for round in 0..<rounds {
            turns.store(2 * round + 1, ordering: .releasing)
            bells.1.ring()
            while turns.load(ordering: .acquiring) != 2 * round + 2 { bells.0.wait() }
        }
        thread.join()
        #expect(turns.load(ordering: .relaxed) == 2 * rounds)
    }
}
