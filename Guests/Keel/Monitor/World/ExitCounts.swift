/// How often each kind of VMExit came, for `stats`.
package struct ExitCounts: Sendable, Equatable {
    package var illegal = 0
    package var virtual = 0
    package var guestPageFaults = 0
    package var calls = 0
    package var pageFaults = 0
    package var exceptions = 0
    package var timers = 0
    package var interrupts = 0
    /// CSR instructions that took the short way are in none of the others.
    package var quick = 0
    /// Of the page faults, those whose instruction the monitor carried out.
    package var emulated = 0
    package var deviceAccesses = 0
    package var virtualInterrupts = 0
    /// Another real hart took the world over.
    package var moves = 0

    mutating func count(_ exit: VMExit) {
        switch exit {
        case .illegal: illegal += 1
        case .virtual: virtual += 1
        case .guestPageFault: guestPageFaults += 1
        case .call: calls += 1
        case .pageFault: pageFaults += 1
        case .exception: exceptions += 1
        case .timer: timers += 1
        case .interrupt: interrupts += 1
        }
    }
    package var total: Int {
        illegal + virtual + guestPageFaults + calls + pageFaults + exceptions + timers + interrupts
            + quick
    }
}
