import Glibc

/// What `time` follows: the one place where that is said.
package enum ClockMode: Sendable, Equatable {
    /// The host's monotonic clock.
    case host
    /// Retired instructions, at this many million a second. Nothing else is read.
    case instructions(megahertz: UInt64)
}

/// The board's time, in ticks of 100 ns.
package struct BoardClock: Sendable, Equatable {
    package static let ticksPerSecond: UInt64 = 10_000_000
    package static let nanosecondsPerTick: UInt64 = 1_000_000_000 / ticksPerSecond
    package static let defaultMegahertz: UInt64 = 100

    package let mode: ClockMode
    /// Ticks that neither the host's clock nor instructions account for: skipped or restored ones.
    private var offset: UInt64 = 0
    /// The host's clock at tick `offset`.
    private var origin: UInt64
    /// The host's clock when time was stopped.
    private var stoppedAt: UInt64?

    package init(_ mode: ClockMode, hostNanoseconds: UInt64 = BoardClock.hostNanoseconds()) {
        self.mode =
            switch mode {
            case .host: .host
            case .instructions(let megahertz): .instructions(megahertz: max(megahertz, 1))
            }
        origin = hostNanoseconds
    }

    /// CLOCK_MONOTONIC.
    package static func hostNanoseconds() -> UInt64 {
        var now = timespec()
        // SAFETY: the call fills `now`, which outlives it.
        unsafe _ = clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    }

    /// CLOCK_REALTIME, in nanoseconds since 1970.
    package static func hostUnixNanoseconds() -> UInt64 {
        var now = timespec()
        // SAFETY: the call fills `now`, which outlives it.
        unsafe _ = clock_gettime(CLOCK_REALTIME, &now)
        return UInt64(max(now.tv_sec, 0)) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    }

    /// `time`, in host mode.
    package var hostTicks: UInt64 { ticks(retired: 0) }

    /// `time`, for a board whose harts retired that many instructions in all.
    package func ticks(retired: UInt64) -> UInt64 {
        switch mode {
        case .host: ticks(retired: retired, hostNanoseconds: Self.hostNanoseconds())
        case .instructions: ticks(retired: retired, hostNanoseconds: 0)
        }
    }
    package func ticks(retired: UInt64, hostNanoseconds: UInt64) -> UInt64 {
        switch mode {
        case .host:
            let now = stoppedAt ?? hostNanoseconds
            return offset &+ (now > origin ? now &- origin : 0) / Self.nanosecondsPerTick
        case .instructions(let megahertz):
            return offset &+ Self.scale(retired, 10, megahertz)
        }
    }

    /// How many more instructions until `time` reaches `tick`: 0 if it has, nil in host mode.
    package func instructions(until tick: UInt64, retired: UInt64) -> UInt64? {
        guard case .instructions(let megahertz) = mode else { return nil }
        guard tick > ticks(retired: retired, hostNanoseconds: 0) else { return 0 }
        // The least n with floor(n * 10 / megahertz) >= tick - offset.
        let target = Self.scale(tick &- offset, megahertz, 10, roundingUp: true)
        return target &- min(target, retired)
    }

    /// How long to sleep until `time` reaches `tick`: 0 if it has, nil in instructions mode, where
    /// one skips instead.
    package func nanoseconds(
        until tick: UInt64, hostNanoseconds: UInt64 = BoardClock.hostNanoseconds()
    ) -> UInt64? {
        guard mode == .host else { return nil }
        let now = ticks(retired: 0, hostNanoseconds: hostNanoseconds)
        guard tick > now else { return 0 }
        let (wait, overflow) = (tick &- now).multipliedReportingOverflow(
            by: Self.nanosecondsPerTick)
        return overflow ? .max : wait
    }

    /// Nothing runs before `tick`, so let it be `tick` now (WFI in instructions mode, or a snapshot
    /// that is restored). Time never goes back by this.
    package mutating func skip(to tick: UInt64, retired: UInt64) {
        let now = ticks(retired: retired)
        if tick > now { offset &+= tick &- now }
    }

    // MARK: In host mode, time can stand still while somebody looks.

    package mutating func stop(hostNanoseconds: UInt64 = BoardClock.hostNanoseconds()) {
        if stoppedAt == nil { stoppedAt = hostNanoseconds }
    }
    package mutating func resume(hostNanoseconds: UInt64 = BoardClock.hostNanoseconds()) {
        guard let since = stoppedAt else { return }
        origin &+= hostNanoseconds > since ? hostNanoseconds &- since : 0
        stoppedAt = nil
    }

    private static func scale(
        _ value: UInt64, _ factor: UInt64, _ divisor: UInt64, roundingUp: Bool = false
    ) -> UInt64 {
        let product = UInt128(value) * UInt128(factor) + UInt128(roundingUp ? divisor - 1 : 0)
        return UInt64(clamping: product / UInt128(divisor))
    }
}
