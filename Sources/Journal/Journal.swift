import Effects

/// One thing the outside told the machine, and when: after how many retired instructions of which
/// hart. With the machine's first state, these entries are all that a run depends on.
package struct JournalEntry: Sendable, Equatable {
    package var number: UInt64
    package var hart: Int
    /// Instructions that `hart` had retired when the event was delivered.
    package var retired: UInt64
    package var event: Event
    package init(number: UInt64, hart: Int, retired: UInt64, event: Event) {
        self.number = number
        self.hart = hart
        self.retired = retired
        self.event = event
    }
}

/// Numbers the events of a deterministic run in the order of their delivery.
package struct Journal: Sendable, Equatable {
    /// The number that the next event gets.
    package private(set) var nextNumber: UInt64 = 0
    package let isRecording: Bool
    /// What was recorded, by number; empty unless recording.
    package private(set) var entries: [JournalEntry] = []

    package init(recording: Bool = false) { isRecording = recording }

    /// Numbers an event that is delivered now.
    @discardableResult
    package mutating func stamp(_ event: Event, hart: Int, retired: UInt64) -> JournalEntry {
        let entry = JournalEntry(number: nextNumber, hart: hart, retired: retired, event: event)
        nextNumber &+= 1
        if isRecording { entries.append(entry) }
        return entry
    }

    /// Hands over what was recorded so far, so that memory does not grow with the run.
    package mutating func takeEntries() -> [JournalEntry] {
        let taken = entries
        entries.removeAll()
        return taken
    }
}
