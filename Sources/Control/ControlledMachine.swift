/// A machine as its control socket sees it: asked and told from a thread that is not its own.
package protocol ControlledMachine: AnyObject, Sendable {
    var description: MachineDescription { get }
    /// nil: the machine does not come to its run loop.
    func figures() -> MachineFigures?
    /// Its harts stand still when this returns true, and its clock with them.
    func pause() -> Bool
    /// It runs on when this returns true.
    func resume() -> Bool
    /// What the guest's balloon holds, after it was given this size if there is one.
    func balloon(_ bytes: UInt64?) -> BalloonAnswer
    func stop(force: Bool) -> StopOutcome
    var console: any ConsoleDoor { get }
}

/// What became of the wish that a machine stops.
package enum StopOutcome: String, Sendable {
    /// The guest was told, as by a power button that it listens to.
    case asked
    /// The machine ends now.
    case ending
}

/// What a machine says of its guest's balloon.
package enum BalloonAnswer: Sendable, Equatable {
    /// The machine does not come to its run loop.
    case busy
    /// It has none.
    case missing
    /// Bytes of memory that the guest has in all, is asked to give up, and has given up.
    case figures(memory: UInt64, wanted: UInt64, held: UInt64)
}

/// A machine's console, for people who come and go.
package protocol ConsoleDoor: AnyObject, Sendable {
    /// Where the output stands now: how many bytes were written since the start.
    var position: UInt64 { get }
    /// What was written from a position on, at most `limit` bytes, and the position behind it. What
    /// is no longer kept was skipped.
    func output(from position: UInt64, limit: Int) -> ConsolePiece
    /// How much may be typed now, of so many bytes that wait. Claimed room must be used.
    func claimRoom(_ wanted: Int) -> Int
    func type(_ bytes: [UInt8])
    /// A person's window has this size.
    func resize(columns: Int, rows: Int)
}

package struct ConsolePiece: Sendable, Equatable {
    package var bytes: [UInt8]
    package var next: UInt64
    package var skipped: UInt64
    package init(bytes: [UInt8], next: UInt64, skipped: UInt64) {
        self.bytes = bytes
        self.next = next
        self.skipped = skipped
    }
}
