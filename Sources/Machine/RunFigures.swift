import Glibc
import Hart
import Journal

/// What a machine has done so far, as the run loop sees it between two turns.
package struct RunFigures: Sendable, Equatable {
    package struct HartFigures: Sendable, Equatable {
        package var retired: UInt64
        /// Page-table entries that its walks read.
        package var walkReads: UInt64
        /// Time that a thread of the host spent on the hart.
        package var hostNanoseconds: UInt64
        /// Time that it sat in `wfi` while the machine was not paused.
        package var waitNanoseconds: UInt64
    }
    package struct DeviceFigures: Sendable, Equatable {
        package var name: String
        package var loads: UInt64
        package var stores: UInt64
    }
    package var harts: [HartFigures]
    package var guestTicks: UInt64
    package var devices: [DeviceFigures]
    package var drives: [DriveCounts]
    package var engine: [EngineCount]
}

extension Machine {
    /// To be asked when no hart runs.
    package var figures: RunFigures {
        RunFigures(
            harts: harts.map { hartFigures($0) }, guestTicks: bus.now,
            devices: board.windows.compactMap { window in
                let loads = bus.accesses.loads(window.place)
                let stores = bus.accesses.stores(window.place)
                guard loads + stores > 0 else { return nil }
                return .init(name: window.place.name, loads: loads, stores: stores)
            },
            drives: Array(bus.driveCounts.prefix(bus.backEnds.drives.count)),
            engine: engineReport)
    }

    private func hartFigures(_ hart: Hart) -> RunFigures.HartFigures {
        guard let thread = parallel?.threads[hart.id] else {
            // One thread runs all harts; its time belongs to them together.
            return .init(
                retired: hart.retired, walkReads: hart.walkReads,
                hostNanoseconds: Self.nanoseconds(CLOCK_THREAD_CPUTIME_ID) / UInt64(harts.count),
                waitNanoseconds: waitNanoseconds)
        }
        return .init(
            retired: hart.retired, walkReads: hart.walkReads,
            hostNanoseconds: thread.threadClock.map { Self.nanoseconds($0) } ?? 0,
            waitNanoseconds: thread.waitNanoseconds)
    }

    private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // SAFETY: the call fills a local.
        unsafe _ = clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
