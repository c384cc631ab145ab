import HostIO
import Parallel
import Testing

@Suite struct MessageRingTests {
    @Test func messagesArriveInOrderAsLongAsThereAreCredits() {
        let ring = MessageRing<[Int]>(capacity: 3)
        #expect(ring.receive() == nil)
        for round in 0..<10 {
            #expect(ring.send([round, 0]) && ring.send([round, 1]) && ring.send([round, 2]))
            // The fourth finds no line.
            #expect(!ring.send([round, 3]))
            #expect(ring.receive() == [round, 0])
            #expect(ring.send([round, 4]) && !ring.send([round, 5]))
            #expect([1, 2, 4].map { [round, $0] } == (0..<3).map { _ in ring.receive() })
            #expect(ring.receive() == nil)
        }
    }

    @Test func whatWasNotReceivedIsReleased() {
        final class Mark: Sendable {}
        weak var mark: Mark?
        do {
            let ring = MessageRing<Mark>(capacity: 4)
            let sent = Mark()
            mark = sent
            #expect(ring.send(sent))
        }
        #expect(mark == nil)
    }

    /// Two threads, few lines: each message is whole and comes once, in its order.
    @Test(arguments: [1, 2, 64]) func threadsLoseNothing(_ capacity: Int) throws {
        let ring = MessageRing<[UInt64]>(capacity: capacity)
        let bell = Bell()
        let count: UInt64 = 50_000
        let sender = try HostThread("sender") {
            for number in 0..<count {
                while !ring.send([number, number &* 0x9e37_79b9_7f4a_7c15]) {}
                bell.ring()
            }
        }
        var expected: UInt64 = 0
        while expected < count {
            guard let message = ring.receive() else {
                bell.wait()
                continue
            }
            guard message == [expected, expected &* 0x9e37_79b9_7f4a_7c15] else {
                Issue.record("\(message) instead of \(expected)")
                break
            }
            expected += 1
        }
        sender.join()
        #expect(ring.receive() == nil)
    }
}
