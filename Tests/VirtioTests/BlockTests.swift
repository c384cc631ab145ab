import Bits
import Effects
import GuestMemory
import Testing
import Virtio

@Suite struct BlockTests {
    @Test func theConfigurationDescribesTheDrive() throws {
        let driver = try Driver(blockDevice(sectors: 0x1_2345_6789))
        #expect(driver.read(0x100) == 0x2345_6789)
        #expect(driver.read(0x104) == 1)
        #expect(driver.read(0x100, .double) == 0x1_2345_6789)
        #expect(driver.read(0x100, .byte) == 0x89)
        #expect(driver.read(0x102, .half) == 0x2345)
        #expect(driver.read(0x10c) == 254)
        #expect(driver.read(0x114) == 512)
        #expect(driver.read(0x118, .byte) == 3)
        #expect(driver.read(0x11a, .half) == 8)
        #expect(driver.read(0x124) == 1 << 21)
        #expect(driver.read(0x128) == 16)
        #expect(driver.read(0x134) == 16)
        #expect(driver.read(0x138, .byte) == 1)
        #expect(driver.read(0xfc) == 0)
    }

    @Test func aReadLandsAtItsDelivery() throws {
        let driver = try Driver(blockDevice())
        var drive = Drive(sectors: 64)
        driver.start()
        let data = driver.free + 0x1000
        // Two buffers, the first of no whole sector.
        let (buffers, status) = driver.blockBuffers(
            0, sector: 3,
            [Buffer(data, 700, writable: true), Buffer(data + 0x2000, 324, writable: true)])
        driver.send(buffers)
        #expect(
            driver.requests
                == [BlockRequest(device: 0, tag: 0, operation: .read, offset: 1536, count: 1024)])
        #expect(driver.bytes(data, 700) == [UInt8](repeating: 0, count: 700))
        #expect(driver.collect().isEmpty && !driver.lineIsRaised)
        driver.wrote = []
        drive.serve(driver)
        #expect(driver.bytes(data, 700) == Array(drive.content[1536..<2236]))
        #expect(driver.bytes(data + 0x2000, 324) == Array(drive.content[2236..<2560]))
        #expect(driver.status(at: status) == 0)
        let used = driver.collect()
        #expect(used.count == 1 && used[0] == (0, 1025))
        #expect(driver.lineIsRaised && driver.read(0x60) == 1)
        driver.acknowledge()
        #expect(!driver.lineIsRaised)
        for range in [
            GuestRange(start: GuestPhysical(data), count: 700),
            GuestRange(start: GuestPhysical(data + 0x2000), count: 324),
            GuestRange(start: GuestPhysical(status), count: 1),
        ] { #expect(driver.wrote.contains(range)) }
    }

    @Test func aWriteTakesWhatTheDriverWrote() throws {
        let driver = try Driver(blockDevice())
        var drive = Drive(sectors: 64)
        driver.start()
        let data = driver.free + 0x1000
        let content = (0..<1024).map { UInt8(truncatingIfNeeded: $0 &* 3) }
        driver.put(data, content)
        // The header comes in two buffers, the second with the first data in it.
        let (plain, status) = driver.blockBuffers(1, sector: 60, [])
        let header = plain[0].address
        driver.put(data - 8, driver.bytes(header + 8, 8))
        driver.send([Buffer(header, 8), Buffer(data - 8, 1032), plain[1]])
        #expect(driver.requests.first?.data == content)
        drive.serve(driver)
        #expect(Array(drive.content[(60 * 512)..<(62 * 512)]) == content)
        #expect(driver.status(at: status) == 0)
        let used = driver.collect()
        #expect(used.count == 1 && used[0].written == 1)
    }

    @Test func indirectTablesWork() throws {
        let driver = try Driver(blockDevice())
        var drive = Drive(sectors: 64)
        driver.start()
        let data = driver.free + 0x1000
        let (buffers, status) = driver.blockBuffers(0, [Buffer(data, 512, writable: true)])
        driver.offer(driver.indirectChain(buffers, table: driver.free + 0x800))
        driver.notify()
        drive.serve(driver)
        #expect(driver.bytes(data, 512) == Array(drive.content[..<512]))
        #expect(driver.status(at: status) == 0)
    }

    @Test func aHugeRequestGoesInPieces() throws {
        let sectors = (9 << 20) / 512
        let driver = try Driver(blockDevice(sectors: UInt64(sectors)))
        var drive = Drive(sectors: sectors)
        driver.start()
        let data = driver.free + 0x1000
        let (buffers, status) = driver.blockBuffers(0, [Buffer(data, 9 << 20, writable: true)])
        driver.send(buffers)
        #expect(driver.requests.map(\.count) == [4 << 20])
        drive.serve(driver)
        #expect(driver.bytes(data, 9 << 20) == drive.content)
        #expect(driver.status(at: status) == 0)
        driver.put(data, [UInt8](repeating: 7, count: 9 << 20))
        let (write, writeStatus) = driver.blockBuffers(1, [Buffer(data, 9 << 20)])
        driver.send(write)
        drive.serve(driver)
        #expect(drive.content == [UInt8](repeating: 7, count: 9 << 20))
        #expect(driver.status(at: writeStatus) == 0)
        #expect(driver.collect().count == 2)
    }

    @Test func flushDiscardAndWriteZeroes() throws {
        let driver = try Driver(blockDevice())
        var drive = Drive(sectors: 64)
        driver.start()
        driver.send(driver.blockBuffers(4, []).buffers)
        drive.serve(driver)
        #expect(drive.flushes == 1)
        let segments = driver.free + 0x400
        func segment(_ index: UInt64, _ sector: UInt64, _ count: UInt32, flags: UInt32 = 0) {
            let at = segments + index * 16
            #expect(driver.memory.store64(GuestPhysical(at), sector))
            #expect(driver.memory.store32(GuestPhysical(at + 8), count))
            #expect(driver.memory.store32(GuestPhysical(at + 12), flags))
        }
        func send(_ type: UInt32, _ count: UInt32) -> UInt8? {
            let (buffers, status) = driver.blockBuffers(type, [Buffer(segments, count)])
            driver.send(buffers)
            drive.serve(driver)
            return driver.status(at: status)
        }
        segment(0, 8, 8)
        segment(1, 32, 1, flags: 0)
        #expect(send(11, 32) == 0)
        #expect(drive.content[4096..<8192].allSatisfy { $0 == 0 })
        #expect(drive.content[16384..<16896].allSatisfy { $0 == 0 })
        #expect(drive.content[16896..<20000].contains { $0 != 0 })
        segment(0, 63, 1, flags: 1)
        #expect(send(13, 16) == 0)
        #expect(drive.content.suffix(512).allSatisfy { $0 == 0 })
        // Unmap is for write-zeroes only, other flags for nobody.
        #expect(send(11, 16) == 2)
        segment(0, 63, 1, flags: 2)
        #expect(send(13, 16) == 2)
        segment(0, 63, 2)
        #expect(send(13, 16) == 1)
        segment(0, 1 << 60, 1)
        #expect(send(11, 16) == 1)
        segment(0, 0, 1)
        #expect(send(11, 15) == 1)
        #expect(send(11, 17 * 16) == 1)
        let (nothing, status) = driver.blockBuffers(11, [])
        driver.send(nothing)
        #expect(driver.status(at: status) == 1)
        #expect(!driver.needsReset)
    }

    @Test func theIdentificationIsTwentyBytes() throws {
        let driver = try Driver(blockDevice())
        driver.start()
        let data = driver.free + 0x1000
        driver.put(data, [UInt8](repeating: 0xee, count: 32))
        let (buffers, status) = driver.blockBuffers(8, [Buffer(data, 20, writable: true)])
        driver.send(buffers)
        #expect(
            driver.bytes(data, 21)
                == Array("hull-drive".utf8) + [UInt8](repeating: 0, count: 10) + [0xee])
        #expect(driver.status(at: status) == 0 && driver.requests.isEmpty)
        #expect(driver.collect().map(\.written) == [21])
    }

    @Test func whatCannotBeDoneIsAnErrorOfTheRequest() throws {
        let driver = try Driver(blockDevice())
        driver.start()
        let data = driver.free + 0x1000
        func send(_ type: UInt32, _ sector: UInt64, _ buffer: Buffer) -> UInt8? {
            let (buffers, status) = driver.blockBuffers(type, sector: sector, [buffer])
            driver.send(buffers)
            return driver.status(at: status)
        }
        let into = Buffer(data, 512, writable: true)
        for sector: UInt64 in [64, 65, 1 << 55, .max, 1 << 63] {
            #expect(send(0, sector, into) == 1)
            #expect(send(1, sector, Buffer(data, 512)) == 1)
        }
        #expect(send(0, 63, Buffer(data, 1024, writable: true)) == 1)
        #expect(send(0, 0, Buffer(data, 511, writable: true)) == 1)
        for type: UInt32 in [2, 3, 5, 9, 12, 14, 0x8000_0000, 0xffff_ffff] {
            #expect(send(type, 0, into) == 2)
        }
        // A failed read tells of all bytes, so all are written.
        driver.put(data, [UInt8](repeating: 0xee, count: 513))
        #expect(send(0, 64, into) == 1)
        #expect(driver.bytes(data, 513) == [UInt8](repeating: 0, count: 512) + [0xee])
        #expect(driver.requests.isEmpty && !driver.needsReset)
    }

    @Test func anErrorOfTheHostReachesTheDriver() throws {
        let driver = try Driver(blockDevice())
        driver.start()
        let (buffers, status) = driver.blockBuffers(
            0, [Buffer(driver.free + 0x1000, 512, writable: true)])
        driver.send(buffers)
        driver.deliver(.block(device: 0, tag: 0, .ioError, data: []))
        #expect(driver.status(at: status) == 1)
        driver.send(buffers)
        driver.deliver(.block(device: 0, tag: 1, .ok, data: [1, 2, 3]))
        #expect(driver.status(at: status) == 1)
        driver.deliver(.block(device: 0, tag: 1, .ok, data: [1, 2, 3]))
        #expect(driver.collect().count == 2)
    }

    @Test func aReadOnlyDriveRefusesWrites() throws {
        let driver = try Driver(blockDevice(readOnly: true))
        #expect(driver.read(0x10) == 0x3000_0664)
        driver.start()
        for type: UInt32 in [1, 11, 13] {
            let (buffers, status) = driver.blockBuffers(type, [Buffer(driver.free + 0x1000, 512)])
            driver.send(buffers)
            #expect(driver.status(at: status) == 1)
        }
        #expect(driver.requests.isEmpty)
    }

    @Test func aRequestWithoutHeaderOrStatusNeedsAReset() throws {
        for buffers in [
            [Buffer(ramStart + 0x10_0000, 15), Buffer(ramStart + 0x10_1000, 1, writable: true)],
            [Buffer(ramStart + 0x10_0000, 16)],
            [Buffer(ramStart + 0x10_0000, 16), Buffer(ramStart + 0x10_1000, 0, writable: true)],
            [Buffer(ramStart + 0x10_0000, 16, writable: true)],
        ] {
            let driver = try Driver(blockDevice())
            driver.start()
            driver.send(buffers)
            #expect(driver.needsReset && driver.requests.isEmpty && driver.collect().isEmpty)
        }
    }

    @Test func withoutTheFlushFeatureAWriteIsDurableWhenItEnds() throws {
        let driver = try Driver(blockDevice())
        var drive = Drive(sectors: 64)
        driver.start(1 << 32)
        let (buffers, status) = driver.blockBuffers(1, [Buffer(driver.free + 0x1000, 512)])
        driver.send(buffers)
        driver.deliver(drive.answer(driver.requests.removeFirst()))
        #expect(driver.status(at: status) == 0xff)
        #expect(driver.requests.map(\.operation) == [.flush])
        drive.serve(driver)
        #expect(driver.status(at: status) == 0 && driver.collect().count == 1)
        // A read needs none.
        driver.send(
            driver.blockBuffers(0, [Buffer(driver.free + 0x1000, 512, writable: true)]).buffers)
        drive.serve(driver)
        #expect(drive.flushes == 1)
    }

    /// A write of before the reset is still on its way: its completion belongs to nobody, and no
    /// request of after the reset may overtake it.
    @Test func aResetForgetsWhatIsUnderWay() throws {
        let driver = try Driver(blockDevice())
        driver.start()
        let data = driver.free + 0x1000
        driver.send(driver.blockBuffers(1, [Buffer(data, 512)]).buffers)
        driver.send(driver.blockBuffers(0, [Buffer(data, 512, writable: true)], at: 1).buffers)
        let old = driver.requests
        driver.requests = []
        #expect(old.count == 2)
        driver.start()
        let (buffers, status) = driver.blockBuffers(0, [Buffer(data, 512, writable: true)])
        driver.send(buffers)
        #expect(driver.requests.isEmpty)
        driver.deliver(.block(device: 0, tag: old[0].tag, .ok, data: []))
        #expect(driver.requests.isEmpty)
        let marker = [UInt8](repeating: 0xaa, count: 512)
        driver.deliver(.block(device: 0, tag: old[1].tag, .ok, data: marker))
        #expect(driver.collect().isEmpty && driver.bytes(data, 512) != marker)
        #expect(driver.requests.count == 1 && !old.map(\.tag).contains(driver.requests[0].tag))
        var drive = Drive(sectors: 64)
        drive.serve(driver)
        #expect(driver.status(at: status) == 0 && driver.collect().count == 1)
        #expect(driver.bytes(data, 512) == Array(drive.content[..<512]))
    }

    @Test func aRestoredSnapshotAsksAgain() throws {
        let driver = try Driver(blockDevice())
        var drive = Drive(sectors: 64)
        driver.start()
        let (buffers, status) = driver.blockBuffers(
            1, sector: 5, [Buffer(driver.free + 0x1000, 512)])
        driver.send(buffers)
        let snapshot = driver.slot
        let asked = driver.requests
        driver.requests = []
        driver.slot = snapshot
        driver.slot.resubmit(&driver.effects)
        driver.drain()
        #expect(driver.requests == asked)
        drive.serve(driver)
        #expect(driver.status(at: status) == 0)
    }

    @Test func withEventIndexesInterruptsComeOnlyWhereTheyAreWanted() throws {
        let driver = try Driver(blockDevice())
        driver.start(1 << 32 | 1 << 29 | 1 << 9)
        let usedEvent = driver.available(0) + 4 + 8 * 2
        driver.put16(usedEvent, 1)
        for index: UInt64 in 0..<3 { driver.send(driver.blockBuffers(4, [], at: index).buffers) }
        // The device asks to be told of the next one.
        #expect(driver.memory.load16(GuestPhysical(driver.used(0) + 4 + 8 * 8)) == 3)
        var drive = Drive(sectors: 64)
        driver.deliver(drive.answer(driver.requests.removeFirst()))
        #expect(!driver.lineIsRaised)
        driver.deliver(drive.answer(driver.requests.removeFirst()))
        #expect(driver.lineIsRaised)
        driver.acknowledge()
        driver.deliver(drive.answer(driver.requests.removeFirst()))
        #expect(!driver.lineIsRaised && driver.collect().count == 3)
    }

    @Test func aDriverMayAskForNoInterrupts() throws {
        let driver = try Driver(blockDevice())
        var drive = Drive(sectors: 64)
        driver.start()
        driver.put16(driver.available(0), 1)
        driver.send(driver.blockBuffers(4, []).buffers)
        drive.serve(driver)
        #expect(!driver.lineIsRaised && driver.collect().count == 1)
    }

    @Test func onlySoMuchIsUnderWay() throws {
        let driver = try Driver(blockDevice(sectors: 1 << 20))
        driver.start(size: 64)
        let data = driver.free + 0x10_0000
        for index: UInt64 in 0..<12 {
            let (buffers, _) = driver.blockBuffers(
                0, [Buffer(data, 4 << 20, writable: true)], at: index)
            driver.send(buffers)
        }
        #expect(driver.requests.count == 8)
        let zeros = [UInt8](repeating: 0, count: 4 << 20)
        for tag: UInt64 in 0..<12 { driver.deliver(.block(device: 0, tag: tag, .ok, data: zeros)) }
        #expect(driver.requests.count == 12 && driver.collect().count == 12)
    }
}

/// What §2.7 forbids ends in DEVICE_NEEDS_RESET, and never here.
@Suite struct QueueMisuseTests {
    private func isRefused(
        features: UInt64 = 1 << 32 | 1 << 28, _ misuse: (Driver) -> Void
    ) throws -> Bool {
        let driver = try Driver(blockDevice())
        driver.start(features)
        misuse(driver)
        driver.notify()
        #expect(driver.requests.isEmpty && driver.collect().isEmpty)
        return driver.needsReset
    }
    private let table = ramStart

    @Test func loopsAndWildIndexes() throws {
        #expect(
            try isRefused {
                $0.describe(table: table, 0, $0.free, 16, flags: 1, next: 1)
                $0.describe(table: table, 1, $0.free, 16, flags: 1, next: 0)
                $0.offer(0)
            })
        #expect(
            try isRefused {
                $0.describe(table: table, 0, $0.free, 16, flags: 1, next: 0)
                $0.offer(0)
            })
        #expect(
            try isRefused {
                $0.describe(table: table, 0, $0.free, 16, flags: 1, next: 8)
                $0.offer(0)
            })
        #expect(try isRefused { $0.offer(8) })
        #expect(try isRefused { $0.offer(0xffff) })
        #expect(try isRefused { $0.put16($0.available(0) + 2, 9) })
    }

    @Test func buffersOutsideOfRAM() throws {
        for (address, count): (UInt64, UInt32) in [
            (0, 16), (0x1000, 16), (ramStart - 1, 16), (ramStart + ramBytes - 15, 16),
            (.max, 16), (.max - 15, 16), (ramStart, .max),
        ] {
            #expect(
                try isRefused {
                    $0.describe(table: table, 0, address, count, flags: 0, next: 0)
                    $0.offer(0)
                })
        }
    }

    @Test func indirectTablesThatCannotBe() throws {
        func indirect(_ driver: Driver, _ address: UInt64, _ bytes: UInt32, flags: UInt16 = 4) {
            driver.describe(table: table, 0, address, bytes, flags: flags, next: 1)
            driver.describe(table: table, 1, driver.free, 16, flags: 0, next: 0)
            driver.offer(0)
        }
        #expect(
            try isRefused {
                $0.describe(table: $0.free, 0, $0.free, 16, flags: 4, next: 0)
                indirect($0, $0.free, 16)
            })
        #expect(try isRefused { indirect($0, $0.free, 0) })
        #expect(try isRefused { indirect($0, $0.free, 17) })
        #expect(try isRefused { indirect($0, $0.free, 32, flags: 5) })
        #expect(try isRefused { indirect($0, 0, 32) })
        #expect(try isRefused { indirect($0, .max - 15, 32) })
        #expect(try isRefused(features: 1 << 32) { indirect($0, $0.free, 32) })
        #expect(
            try isRefused {
                $0.describe(table: $0.free, 0, $0.free, 16, flags: 1, next: 0)
                indirect($0, $0.free, 16)
            })
        // Longer than the queue.
        #expect(
            try isRefused { driver in
                for index: UInt16 in 0..<32 {
                    driver.describe(
                        table: driver.free, index, driver.free, 16, flags: index < 31 ? 1 : 0,
                        next: index + 1)
                }
                indirect(driver, driver.free, 512)
            })
    }

    @Test func readableAfterWritable() throws {
        #expect(
            try isRefused {
                $0.offer($0.chain([Buffer($0.free, 16, writable: true), Buffer($0.free, 16)]))
            })
    }
}
