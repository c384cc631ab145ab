import Effects
import GuestMemory
import Testing
import Virtio

@Suite struct NetControlTests {
    private let mac = NetTests.mac

    /// Which of these the card takes: each is delivered on its own.
    private func taken(_ driver: Driver, _ frames: [[UInt8]]) -> [Bool] {
        frames.map { frame in
            NetTests.offer(driver, [driver.free], 2000)
            driver.deliver(.frames(device: 0, NetTests.batch([frame])))
            let isTaken = !driver.collect().isEmpty
            // The buffer that was not used is still there: fill it.
            if !isTaken {
                driver.deliver(.frames(device: 0, NetTests.batch([NetTests.frame(60)])))
                #expect(!driver.collect().isEmpty)
            }
            return isTaken
        }
    }

    private func live(_ more: UInt64 = 0) throws -> Driver {
        let driver = try NetTests.driver()
        driver.start(
            NetBits.version1 | NetBits.mergeable | NetBits.control & ~(1 << 19) | more, queues: 3)
        return driver
    }

    @Test func modesDecideWhatIsTaken() throws {
        let driver = try live()
        let station = MACAddress(0x0200_0000_0077)
        let group = MACAddress(0x0100_5e00_0001)
        let frames = [mac, .broadcast, group, station].map { NetTests.frame(60, to: $0) }
        #expect(taken(driver, frames) == [true, true, true, true])
        #expect(NetTests.command(driver, [0, 0, 0]) == 0)
        #expect(taken(driver, frames) == [true, true, false, false])
        #expect(NetTests.command(driver, [0, 1, 1]) == 0)
        #expect(taken(driver, frames) == [true, true, true, false])
        #expect(NetTests.command(driver, [0, 2, 1]) == 0)
        #expect(taken(driver, frames) == [true, true, true, true])
        for command: UInt8 in [1, 2] { #expect(NetTests.command(driver, [0, command, 0]) == 0) }
        let table: [UInt8] = [1, 0, 0, 0] + station.bytes + [1, 0, 0, 0] + group.bytes
        #expect(NetTests.command(driver, [1, 0] + table) == 0)
        #expect(taken(driver, frames) == [true, true, true, true])
        for command: UInt8 in [3, 5] { #expect(NetTests.command(driver, [0, command, 1]) == 0) }
        #expect(taken(driver, frames) == [true, false, false, true])
        #expect(NetTests.command(driver, [1, 1] + station.bytes) == 0)
        #expect(NetTests.command(driver, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]) == 0)
        // The card has another address now, so that is where its frames go.
        NetTests.offer(driver, [driver.free], 2000)
        driver.deliver(.frames(device: 0, NetTests.batch([frames[0], frames[3]])))
        #expect(driver.collect().count == 1)
        #expect(driver.bytes(driver.free + 12, 60) == frames[3])
    }

    @Test func tagsAreFilteredWhereThatWasNegotiated() throws {
        let driver = try live(1 << 19)
        let frames = [[], [0x81, 0, 0, 5], [0x81, 0, 0x20, 6]].map {
            NetTests.frame(60, tag: $0)
        }
        #expect(taken(driver, frames) == [true, false, false])
        #expect(NetTests.command(driver, [2, 0, 5, 0]) == 0)
        #expect(NetTests.command(driver, [2, 0, 6, 0]) == 0)
        #expect(taken(driver, frames) == [true, true, true])
        #expect(NetTests.command(driver, [2, 1, 5, 0]) == 0)
        #expect(taken(driver, frames) == [true, false, true])
        #expect(NetTests.command(driver, [2, 0, 0, 0x10]) == 1)
        // A reset takes it back.
        driver.write(0x70, 0)
        driver.start(NetBits.version1 | NetBits.mergeable | NetBits.control, queues: 3)
        #expect(taken(driver, frames) == [true, false, false])
    }

    @Test(
        arguments: [
            [0, 0], [0, 0, 1, 1], [0, 9, 1], [1, 0], [1, 0, 1, 0, 0, 0], [1, 1, 1], [1, 2],
            [2, 0, 1],
            [1, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], [3, 0], [4, 0, 1, 0], [5, 0, 0], [6, 0],
            [255, 255],
            [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
        ] as [[UInt8]])
    func commandsThatCannotBeAreRefused(bytes: [UInt8]) throws {
        let driver = try live()
        #expect(NetTests.command(driver, bytes) == 1)
        #expect(!driver.needsReset)
    }

    @Test func aCommandWithoutRoomForTheAnswerIsAMistake() throws {
        let driver = try live()
        driver.send([Buffer(driver.free, 3)], queue: 2)
        #expect(driver.needsReset)
    }

    @Test func offloadsAreSetAtAnyTime() throws {
        let bits = NetBits.guestChecksum | NetBits.guestTCP4
        let driver = try live(bits | 1 << 2)
        #expect(driver.offloads == [[.checksum, .tcp4]])
        #expect(NetTests.command(driver, [5, 0, 2, 0, 0, 0, 0, 0, 0, 0]) == 0)
        #expect(NetTests.command(driver, [5, 0, 0, 0, 0, 0, 0, 0, 0, 0]) == 0)
        #expect(NetTests.command(driver, [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]) == 1)
        #expect(driver.offloads == [[.checksum, .tcp4], .checksum, []])
        // A large frame that comes all the same is lost.
        var header = FrameHeader()
        header.flags = .needsChecksum
        (header.checksumStart, header.checksumOffset) = (34, 16)
        header.segments = .tcp4
        header.segmentCount = 100
        NetTests.offer(driver, [driver.free], 2000)
        driver.deliver(.frames(device: 0, NetTests.batch([NetTests.frame(500)], header)))
        #expect(driver.collect().isEmpty && driver.framesTaken == 512)
    }

    @Test func aDriverWithoutChecksumsGetsThemDone() throws {
        for bits in [0, NetBits.guestChecksum] {
            let driver = try live(bits)
            var header = FrameHeader()
            header.flags = .needsChecksum
            (header.checksumStart, header.checksumOffset) = (34, 6)
            NetTests.offer(driver, [driver.free], 2000)
            let frame = NetTests.frame(60)
            driver.deliver(.frames(device: 0, NetTests.batch([frame], header)))
            let got = driver.bytes(driver.free, 72)
            if bits == 0 {
                #expect(got[0] == 0)
                var sum = 0
                var expected = frame
                for at in stride(from: 34, to: 60, by: 2) {
                    sum += Int(frame[at]) << 8 + Int(frame[at + 1])
                }
                while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
                sum ^= 0xffff
                expected.replaceSubrange(40..<42, with: [UInt8(sum >> 8), UInt8(sum & 0xff)])
                #expect(Array(got[12...]) == expected)
            } else {
                #expect(got[0] == 1)
                #expect(Array(got[12...]) == frame)
            }
        }
    }

    @Test func anAnnouncementIsAskedForWhenTheLinkIsBack() throws {
        let driver = try live(NetBits.announce)
        driver.deliver(.link(device: 0, isUp: false))
        #expect(driver.lineIsRaised && driver.read(0x106, .half) == 0)
        driver.deliver(.link(device: 0, isUp: true))
        #expect(driver.read(0x106, .half) == 3)
        #expect(NetTests.command(driver, [3, 0]) == 0)
        #expect(driver.read(0x106, .half) == 1)
    }

    @Test func connectionsStayOnTheirPair() throws {
        let driver = try NetTests.driver(pairs: 2)
        driver.start(
            NetBits.version1 | NetBits.mergeable | NetBits.control & ~(1 << 19) | NetBits.queues,
            queues: 5)
        #expect(NetTests.command(driver, [4, 0, 3, 0], queue: 4) == 1)
        #expect(NetTests.command(driver, [4, 0, 0, 0], queue: 4) == 1)
        #expect(NetTests.command(driver, [4, 0, 2, 0], queue: 4) == 0)
        func connection(_ own: [UInt8], _ other: [UInt8]) -> [UInt8] {
            NetTests.frame(14) + [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0] + own + other
                + [0, 80, 0, 90] + [UInt8](repeating: 0, count: 16)
        }
        NetTests.offer(driver, [driver.free + 0x1000], 2000)
        NetTests.offer(driver, [driver.free + 0x2000], 2000, queue: 2)
        // Sent on the second pair, so the answer comes there.
        driver.put(driver.free, FrameHeader().bytes + connection([10, 0, 0, 1], [10, 0, 0, 2]))
        driver.send([Buffer(driver.free, 66)], queue: 3)
        let answer = connection([10, 0, 0, 2], [10, 0, 0, 1])
        driver.deliver(.frames(device: 0, NetTests.batch([answer])))
        #expect(driver.collect(2).count == 1 && driver.collect(0).isEmpty)
        // Back to one pair.
        #expect(NetTests.command(driver, [4, 0, 1, 0], queue: 4) == 0)
        driver.deliver(.frames(device: 0, NetTests.batch([answer])))
        #expect(driver.collect(0).count == 1)
    }

    /// Without MQ the third queue is the control queue, whatever the card could have.
    @Test func theControlQueueIsWhereTheDriverLooksForIt() throws {
        let driver = try NetTests.driver(pairs: 2)
        driver.start(NetBits.version1 | NetBits.mergeable | NetBits.control, queues: 3)
        #expect(NetTests.command(driver, [0, 0, 1], queue: 2) == 0)
    }
}
