import Bits
import Effects
import Glibc
import HostIO
import Journal
import Testing

/// A port on a switch of its own test, and what arrives there.
private final class Station {
    let mac: MACAddress
    let inbox = EventInbox()
    let port: NetworkPort

    init(_ number: UInt64, _ name: String) throws {
        mac = MACAddress(0x0200_0000_0000 + number)
        port = try NetworkPort(device: 0, .switched(name), mac: mac, inbox: inbox)
        port.accept(.all)
    }
    deinit { port.close() }

    func frame(to destination: MACAddress, _ mark: UInt8, count: Int = 64) -> FrameBatch {
        var batch = FrameBatch()
        let bytes = destination.bytes + mac.bytes + [0x88, 0xb5]
        batch.append((bytes + [UInt8](repeating: mark, count: count))[...], FrameHeader())
        return batch
    }
    func send(to destination: MACAddress, _ mark: UInt8) {
        port.transmit(frame(to: destination, mark))
        _ = inbox.collect { if case .transmitted = $0 { true } else { false } }
    }
    /// The marks of the frames that came, up to and with this one.
    func marks(upTo last: UInt8) -> [UInt8] {
        var marks: [UInt8] = []
        _ = inbox.collect { event in
            guard case .frames(_, let batch) = event else { return false }
            for index in 0..<batch.count {
                marks.append(batch.bytes[batch.range(index).upperBound - 1])
            }
            port.taken(batch.bytes.count)
            return marks.contains(last)
        }
        return marks
    }
}

@Suite struct SwitchTests {
    private static func name() -> String {
        "test-" + HostEntropy.bytes(4).map { String($0, radix: 16) }.joined()
    }

    @Test func frameGoWhereTheirAddressIs() throws {
        let name = Self.name()
        let (one, two, three) = try (
            Station(1, name), Station(2, name), Station(3, name)
        )
        one.send(to: .broadcast, 1)
        #expect(two.marks(upTo: 1) == [1] && three.marks(upTo: 1) == [1])
        // Where the first is, the others know by now; where the second is, nobody does.
        two.send(to: one.mac, 2)
        #expect(one.marks(upTo: 2) == [2])
        one.send(to: two.mac, 3)
        one.send(to: .broadcast, 4)
        #expect(two.marks(upTo: 4) == [3, 4])
        // Frames for others that were known where to go never came here.
        #expect(three.marks(upTo: 4) == [4])
    }

    @Test func theFirstMembersEndIsNotTheSwitchs() throws {
        let name = Self.name()
        var first: Station? = try Station(1, name)
        let second = try Station(2, name)
        first?.send(to: .broadcast, 1)
        #expect(second.marks(upTo: 1) == [1])
        first = nil
        let third = try Station(3, name)
        third.send(to: .broadcast, 2)
        #expect(second.marks(upTo: 2) == [2])
        second.send(to: third.mac, 3)
        #expect(third.marks(upTo: 3) == [3])
        // What is sent to the one that left is lost, and nothing else.
        second.send(to: MACAddress(0x0200_0000_0001), 4)
        second.send(to: .broadcast, 5)
        #expect(third.marks(upTo: 5).last == 5)
    }

    /// A member that takes nothing: its frames are lost at last, and those for others arrive.
    @Test func aStuckMemberHoldsUpNobody() throws {
        let name = Self.name()
        let (sender, stuck, other) = try (
            Station(1, name), Station(2, name), Station(3, name)
        )
        stuck.send(to: .broadcast, 1)
        #expect(sender.marks(upTo: 1) == [1])
        let large = sender.frame(to: stuck.mac, 7, count: 60_000)
        for _ in 0..<100 { sender.port.transmit(large) }
        sender.port.transmit(sender.frame(to: .broadcast, 8))
        #expect(other.marks(upTo: 8).last == 8)
        // What was delivered to it stays below what its window says.
        var held = 0
        for case .frames(_, let batch) in stuck.inbox.drain() { held += batch.bytes.count }
        #expect(held > 0 && held < 3 << 20)
    }

    @Test func whatTheGuestCannotTakeIsFinishedBefore() throws {
        let name = Self.name()
        let (one, two) = try (Station(1, name), Station(2, name))
        two.port.accept([])
        var header = FrameHeader()
        header.flags = .needsChecksum
        (header.checksumStart, header.checksumOffset) = (14, 0)
        var batch = FrameBatch()
        let bytes = MACAddress.broadcast.bytes + one.mac.bytes + [0x88, 0xb5, 0, 0, 0x12, 0x34]
        batch.append(bytes[...], header)
        one.port.transmit(batch)
        let events = two.inbox.collect { if case .frames = $0 { true } else { false } }
        guard case .frames(_, let got)? = events.last else {
            Issue.record("no frame came")
            return
        }
        #expect(Array(got.bytes[12...]) == bytes[..<14] + [0xed, 0xcb, 0x12, 0x34])
        #expect(got.bytes[0] == 0)
    }

    @Test(arguments: ["", "a/b", "..", String(repeating: "x", count: 33)])
    func aNameThatIsNoneIsRefused(name: String) throws {
        #expect(throws: HullError.self) {
            try NetworkPort(
                device: 0, .switched(name), mac: MACAddress(2), inbox: EventInbox())
        }
    }
}

@Suite struct LengthStreamTests {
    private func frames(_ chunks: [[UInt8]]) -> (frames: [[UInt8]], isGood: Bool) {
        var stream = LengthStream()
        var batch = FrameBatch()
        var isGood = true
        for chunk in chunks where isGood {
            var rest = chunk[...]
            while !rest.isEmpty, isGood {
                let count = unsafe stream.fill { buffer in
                    let count = min(buffer.count, rest.count)
                    unsafe buffer.copyBytes(from: rest.prefix(count))
                    return count
                }
                rest = rest.dropFirst(count)
                isGood = stream.take(into: &batch, behind: FrameHeader())
            }
        }
        return ((0..<batch.count).map { Array(batch.bytes[batch.range($0).dropFirst(12)]) }, isGood)
    }

    @Test func framesAreCutOutOfAnyPieces() {
        let frames = [14, 60, 1514, 65_535, 100].map { count in
            (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
        }
        var stream: [UInt8] = []
        for frame in frames {
            stream += [0, 0, UInt8(frame.count >> 8), UInt8(frame.count & 255)]
            stream += frame
        }
        for piece in [1, 2, 3, 5, 64, 4096, stream.count] {
            let pieces = stride(from: 0, to: stream.count, by: piece).map {
                Array(stream[$0..<min($0 + piece, stream.count)])
            }
            let got = self.frames(pieces)
            #expect(got.isGood && got.frames == frames)
        }
    }

    @Test func lengthsThatCannotBeEndIt() {
        #expect(!frames([[0xff, 0xff, 0xff, 0xff]]).isGood)
        #expect(!frames([[0, 1, 0xff, 0xff]]).isGood)
        // Too short for a frame: it is left out.
        let short: [UInt8] = [0, 0, 0, 1, 9]
        #expect(frames([short, short]).frames.isEmpty && frames([short]).isGood)
    }
}
