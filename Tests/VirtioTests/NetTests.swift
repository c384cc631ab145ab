import Effects
import GuestMemory
import Testing
import Virtio

/// Feature bits that Linux negotiates, and a few beside.
enum NetBits {
    static let version1: UInt64 = 1 << 32
    static let mergeable: UInt64 = 1 << 15
    static let checksum: UInt64 = 1 << 0
    static let guestChecksum: UInt64 = 1 << 1
    static let guestTCP4: UInt64 = 1 << 7
    static let hostTCP4: UInt64 = 1 << 11
    static let control: UInt64 = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20 | 1 << 23
    static let announce: UInt64 = 1 << 21
    static let queues: UInt64 = 1 << 22
}

@Suite struct NetTests {
    static let mac = MACAddress(0x5254_0012_3456)

    static func driver(pairs: Int = 1, mtu: UInt16? = nil) throws -> Driver {
        try Driver(.net(VirtioNet(device: 0, mac: mac, mtu: mtu, pairCount: pairs)))
    }
    /// A frame for the card, or for another station.
    static func frame(_ count: Int, to destination: MACAddress = mac, tag: [UInt8] = []) -> [UInt8]
    {
        let start = destination.bytes + [2, 0, 0, 0, 0, 9] + tag + [0x08, 0x00]
        return start + (0..<max(0, count - start.count)).map { UInt8(truncatingIfNeeded: $0 * 3) }
    }
    static func batch(_ frames: [[UInt8]], _ header: FrameHeader = FrameHeader()) -> FrameBatch {
        var batch = FrameBatch()
        for frame in frames { batch.append(frame[...], header) }
        return batch
    }
    static func offer(_ driver: Driver, _ addresses: [UInt64], _ count: UInt32, queue: Int = 0) {
        for address in addresses {
            driver.offer(
                driver.chain([Buffer(address, count, writable: true)], queue: queue), queue: queue)
        }
        driver.notify(queue)
    }
    /// Class, command and data to the control queue; returns the answer.
    static func command(_ driver: Driver, _ bytes: [UInt8], queue: Int = 2) -> UInt8? {
        let at = driver.free + 0x8000
        driver.put(at, bytes + [0xff])
        driver.send(
            [Buffer(at, UInt32(bytes.count)), Buffer(at + UInt64(bytes.count), 1, writable: true)],
            queue: queue)
        #expect(driver.collect(queue).map(\.written) == [1])
        return driver.bytes(at + UInt64(bytes.count), 1).first
    }
    static func send(_ driver: Driver, _ frame: [UInt8], _ header: FrameHeader = FrameHeader()) {
        driver.put(driver.free, header.bytes + frame)
        driver.send(
            [Buffer(driver.free, 12), Buffer(driver.free + 12, UInt32(frame.count))], queue: 1)
    }

    @Test func theConfigurationSaysWhatThereIs() throws {
        let driver = try Self.driver(pairs: 4, mtu: 9000)
        #expect(driver.read(0x08) == 1)
        let address: [UInt64?] = [0x52, 0x54, 0, 0x12, 0x34, 0x56]
        for index in 0..<6 {
            #expect(driver.read(0x100 + UInt64(index), .byte) == address[index])
        }
        #expect(driver.read(0x106, .half) == 1)
        #expect(driver.read(0x108, .half) == 4)
        #expect(driver.read(0x10a, .half) == 9000)
        for (queue, size): (UInt64, UInt64) in [(0, 1024), (1, 256), (7, 256), (8, 64), (9, 0)] {
            driver.write(0x30, queue)
            #expect(driver.read(0x34) == size)
        }
        driver.deliver(.link(device: 0, isUp: false))
        #expect(driver.read(0x106, .half) == 0)
        driver.write(0x14, 0)
        let onDemand: UInt64 = 1 << 3 | 1 << 22
        let offered = try #require(driver.read(0x10))
        #expect(offered & onDemand == onDemand)
        let plain = try #require(try Self.driver().read(0x10))
        #expect(plain & onDemand == 0)
    }

    @Test func framesLeave() throws {
        let driver = try Self.driver()
        driver.start(NetBits.version1, queues: 2)
        #expect(driver.offloads == [[]])
        let frame = Self.frame(100)
        Self.send(driver, frame)
        #expect(driver.transmitted == [Self.batch([frame])])
        #expect(driver.collect(1).map(\.written) == [0])
        #expect(driver.lineIsRaised)
    }

    @Test func headersThatWereNotNegotiatedGoNowhere() throws {
        let driver = try Self.driver()
        driver.start(NetBits.version1 | NetBits.checksum | NetBits.hostTCP4, queues: 2)
        var header = FrameHeader()
        header.flags = .needsChecksum
        header.checksumStart = 34
        header.checksumOffset = 16
        Self.send(driver, Self.frame(60), header)
        #expect(driver.transmitted == [Self.batch([Self.frame(60)], header)])
        header.segments = .tcp4
        header.segmentCount = 1000
        Self.send(driver, Self.frame(2000), header)
        #expect(driver.transmitted.count == 2)
        var wrong: [FrameHeader] = []
        for change in 0..<6 {
            var bad = header
            switch change {
            case 0: bad.segments = .tcp6
            case 1: bad.hasCongestion = true
            case 2: bad.segmentCount = 0
            case 3: bad.flags = []
            case 4: bad.checksumStart = 1999
            default: bad.segments = .udp
            }
            wrong.append(bad)
        }
        for bad in wrong { Self.send(driver, Self.frame(2000), bad) }
        #expect(driver.transmitted.count == 2)
        // Each buffer came back all the same.
        #expect(driver.collect(1).count == 8)
        #expect(!driver.needsReset)
    }

    @Test func aChainShorterThanAHeaderIsAMistake() throws {
        let driver = try Self.driver()
        driver.start(NetBits.version1, queues: 2)
        driver.send([Buffer(driver.free, 11)], queue: 1)
        #expect(driver.needsReset)
    }

    @Test func anOldDriversHeaderIsShorter() throws {
        let driver = try Self.driver()
        driver.start(0, queues: 2)
        let frame = Self.frame(64)
        driver.put(driver.free, [UInt8](repeating: 0, count: 10) + frame)
        driver.send([Buffer(driver.free, 74)], queue: 1)
        #expect(driver.transmitted == [Self.batch([frame])])
        Self.offer(driver, [driver.free], 1526)
        driver.deliver(.frames(device: 0, Self.batch([frame])))
        #expect(driver.bytes(driver.free, 74) == [UInt8](repeating: 0, count: 10) + frame)
        #expect(driver.collect().map(\.written) == [74])
    }

    /// What the back end has not sent stays bounded, and goes on when it has.
    @Test func aSlowBackEndStopsTheQueue() throws {
        let driver = try Self.driver()
        driver.start(NetBits.version1, queues: 2, size: 8)
        var sent = 0
        driver.put(driver.free, FrameHeader().bytes)
        for _ in 0..<100 {
            driver.send([Buffer(driver.free, 60_000)], queue: 1)
            if driver.collect(1).isEmpty { break }
            sent += 1
        }
        let bytes = driver.transmitted.reduce(0) { $0 + $1.bytes.count }
        #expect(bytes >= 2 << 20 && bytes < (2 << 20) + 70_000)
        #expect(sent < 100)
        driver.deliver(.transmitted(device: 0, bytes: bytes))
        #expect(driver.transmitted.reduce(0) { $0 + $1.bytes.count } > bytes)
    }

    @Test func aFrameIsSpreadOverBuffers() throws {
        let driver = try Self.driver()
        driver.start(NetBits.version1 | NetBits.mergeable, queues: 2)
        let places = (0..<3).map { driver.free + $0 * 0x1000 }
        Self.offer(driver, places, 50)
        let frame = Self.frame(100)
        driver.deliver(.frames(device: 0, Self.batch([frame])))
        let used = driver.collect()
        #expect(used.map(\.written) == [50, 50, 12])
        let got = places.flatMap { driver.bytes($0, 50) }.prefix(112)
        var header = FrameHeader()
        header.bufferCount = 3
        #expect(Array(got) == header.bytes + frame)
        #expect(driver.framesTaken == 112)
    }

    @Test func framesWaitForBuffers() throws {
        let driver = try Self.driver()
        driver.start(NetBits.version1 | NetBits.mergeable, queues: 2)
        let frames = [Self.frame(100), Self.frame(60), Self.frame(70)]
        driver.deliver(.frames(device: 0, Self.batch(Array(frames[..<2]))))
        driver.deliver(.frames(device: 0, Self.batch(Array(frames[2...]))))
        #expect(driver.framesTaken == 0)
        Self.offer(driver, [driver.free], 64)
        #expect(driver.collect().isEmpty && driver.framesTaken == 0)
        Self.offer(driver, [driver.free + 0x1000], 64)
        #expect(driver.collect().count == 2 && driver.framesTaken == 112)
        Self.offer(driver, [driver.free + 0x2000, driver.free + 0x3000], 100)
        #expect(driver.bytes(driver.free + 0x2000 + 12, 60) == frames[1])
        #expect(driver.bytes(driver.free + 0x3000 + 12, 70) == frames[2])
        #expect(driver.framesTaken == 112 + 72 + 82)
    }

    /// A frame that never fits is lost, and the next one is not.
    @Test(arguments: [false, true])
    func aFrameThatNeverFitsIsLost(isMergeable: Bool) throws {
        let driver = try Self.driver()
        driver.start(NetBits.version1 | (isMergeable ? NetBits.mergeable : 0), queues: 2, size: 2)
        Self.offer(driver, [driver.free, driver.free + 0x1000], 100)
        driver.deliver(.frames(device: 0, Self.batch([Self.frame(1000), Self.frame(60)])))
        #expect(driver.collect().map(\.written) == [72])
        #expect(driver.bytes(driver.free + 12, 60) == Self.frame(60))
        #expect(driver.framesTaken == 1012 + 72)
    }

    @Test func framesForNobodyAreAccountedFor() throws {
        let driver = try Self.driver()
        driver.deliver(.frames(device: 0, Self.batch([Self.frame(100)])))
        #expect(driver.framesTaken == 112)
        driver.start(NetBits.version1 | NetBits.mergeable, queues: 2)
        driver.deliver(.frames(device: 0, Self.batch([Self.frame(100)])))
        driver.write(0x70, 0)
        driver.start(NetBits.version1 | NetBits.mergeable, queues: 2)
        #expect(driver.framesTaken == 224)
    }
}
