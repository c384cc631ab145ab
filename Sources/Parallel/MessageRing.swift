import Synchronization

/// A one-way channel between two threads, a cache line for each message (Bershad et al., "User-level
/// interprocess communication for shared memory multiprocessors", 1991; Baumann et al., "The
/// Multikernel", 2009, §4.6). The sender writes a line and then its number, which is what the receiver
/// looks at, so that a message costs both together the transfer of one line. The sender has a credit
/// for each line that is empty; it counts them itself, and looks at what the receiver has given back
/// only when it has none left.
///
/// SAFETY: lines lie in one allocation that lives as long as the ring. A line's message belongs to the
/// sender until its number is stored, and to the receiver until the credit is back. `sent`, `credits`
/// and `received` are each used by one side alone: one thread at a time sends, and one receives.
@safe
package final class MessageRing<Message: Sendable>: @unchecked Sendable {
    /// Two lines, as the processor prefetches them in pairs.
    private static var alignment: Int { 128 }
    private static var lineBytes: Int { 64 }
    private static var messageOffset: Int {
        max(MemoryLayout<Atomic<UInt64>>.size, MemoryLayout<Message>.alignment)
    }

    private let capacity: Int
    private let stride: Int
    private let lines: UnsafeMutableRawPointer
    /// How many messages the receiver has taken; on a line of its own.
    private let returned: UnsafeMutablePointer<Atomic<UInt64>>

    // The sender's.
    private var sent: UInt64 = 0
    private var credits: Int
    // The receiver's, far from the sender's.
    private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
        (0, 0, 0, 0, 0, 0, 0, 0)
    private var received: UInt64 = 0

    /// `capacity` messages may be on their way.
    package init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
        credits = capacity
        let needed = Self.messageOffset + MemoryLayout<Message>.size
        stride = (needed + Self.lineBytes - 1) / Self.lineBytes * Self.lineBytes
        // The line before the first is the receiver's word.
        let words = UnsafeMutableRawPointer.allocate(
            byteCount: Self.alignment + stride * capacity, alignment: Self.alignment)
        unsafe returned = words.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
        unsafe returned.initialize(to: Atomic(0))
        unsafe lines = words + Self.alignment
        for index in 0..<capacity {
            unsafe (lines + index * stride).bindMemory(to: Atomic<UInt64>.self, capacity: 1)
                .initialize(to: Atomic(0))
        }
    }
    deinit {
        while receive() != nil {}
        unsafe (lines - Self.alignment).deallocate()
    }

    /// False where no credit is left: the receiver has not come to what it was sent.
    package func send(_ message: Message) -> Bool {
        if credits == 0 {
            let taken = unsafe returned.pointee.load(ordering: .acquiring)
            credits = capacity - Int(sent &- taken)
            guard credits > 0 else { return false }
        }
        credits -= 1
        let (number, place) = unsafe line(sent)
        unsafe place.initialize(to: message)
        sent &+= 1
        unsafe number.pointee.store(sent, ordering: .releasing)
        return true
    }

    /// The next message; nil: none has come.
    package func receive() -> Message? {
        let (number, place) = unsafe line(received)
        guard unsafe number.pointee.load(ordering: .acquiring) == received &+ 1 else { return nil }
        let message = unsafe place.move()
        received &+= 1
        unsafe returned.pointee.store(received, ordering: .releasing)
        return message
    }

    private func line(
        _ index: UInt64
    ) -> (number: UnsafeMutablePointer<Atomic<UInt64>>, message: UnsafeMutablePointer<Message>) {
        let start = unsafe lines + Int(index % UInt64(capacity)) * stride
        return unsafe (
            start.assumingMemoryBound(to: Atomic<UInt64>.self),
            (start + Self.messageOffset).assumingMemoryBound(to: Message.self)
        )
    }
}
