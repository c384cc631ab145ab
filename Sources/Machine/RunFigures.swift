import Glibc
import Hart
import Journal

/// What a machine has done so far, as the run loop sees it between two turns.
package struct RunFigures: Sendable, Equatable {
    package struct HartFigures: Sendable, Equatable {
        package var retired: UInt64
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
    package var guestResidentBytes: UInt64
    package var devices: [DeviceFigures]
    package var engine: [EngineCount]
}

extension Machine {
    package var figures: RunFigures {
        // One thread runs all harts; its time belongs to them together.
        let share = Self.threadNanoseconds() / UInt64(max(harts.count, 1))
        return RunFigures(
            harts: harts.map {
                .init(
                    retired: $0.retired, hostNanoseconds: share, waitNanoseconds: waitNanoseconds)
            },
            guestTicks: bus.now, guestResidentBytes: memory.residentBytes,
            devices: board.windows.compactMap { window in
                let loads = bus.accesses.loads(window.place)
                let stores = bus.accesses.stores(window.place)
                guard loads + stores > 0 else { return nil }
                return .init(name: window.place.name, loads: loads, stores: stores)
            },
            engine: engine.report)
    }

    private static func threadNanoseconds() -> UInt64 {
        var time = timespec()
        // SAFETY: the call fills a local.
        unsafe _ = clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
