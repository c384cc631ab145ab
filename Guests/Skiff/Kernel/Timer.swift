import CSkiff

/// The supervisor's timer: `stimecmp` where Sstc is there and opened, else SBI's TIME.
struct Timer {
    let frequency: UInt64
    let usesSstc: Bool
    static let never: UInt64 = ~0

    /// Needs the trap handler in place: whether `stimecmp` may be touched is found by touching it.
    init(_ board: Board) {
        frequency = board.timebase
        if case .value = attempt({ _, _ in csr_read_stimecmp() }) {
            usesSstc = true
        } else {
            usesSstc = false
        }
        arm(at: Self.never)
        csr_set_sie(1 << Interrupt.timer)
    }

    var now: UInt64 { read_time() }

    /// An interrupt is pending from this time on, and none before it.
    func arm(at time: UInt64) {
        if usesSstc { csr_write_stimecmp(time) } else { _ = SBI.call(SBI.time, 0, time) }
    }

    func ticks(microseconds: UInt64) -> UInt64 { microseconds &* frequency / 1_000_000 }
    func nanoseconds(ticks: UInt64) -> UInt64 {
        ticks / frequency &* 1_000_000_000 &+ ticks % frequency &* 1_000_000_000 / frequency
    }
}
