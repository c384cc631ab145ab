import Bits
import Effects
import GuestMemory
import Testing
import Virtio

private func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
}

@Suite struct VirtioBalloonTests {
    private static let features: UInt64 = 1 << 32 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5

    private func started(_ features: UInt64 = features) throws -> Driver {
        let driver = try Driver(
            .balloon(VirtioBalloon(device: 3, ramBytes: ramBytes)), slot: 3)
        #expect(driver.read(0x008) == 5)
        driver.start(features, queues: 5)
        return driver
    }
    private func page(_ address: UInt64) -> [UInt8] {
        little(address >> 12, 4)
    }
    private func state(_ driver: Driver) throws -> BalloonState {
        try #require(driver.slot.device.balloon)
    }

    @Test func whatIsPutInGoesBackToTheHost() throws {
        let driver = try started()
        let place = driver.free + 0x10_0000
        for index in 0..<4 as Range<UInt64> {
            driver.put(place + index * 4096, [UInt8](repeating: 9, count: 4096))
        }
        // Two neighbours in the wrong order, one of them twice, and one alone.
        driver.put(
            driver.free, page(place + 4096) + page(place) + page(place) + page(place + 3 * 4096))
        driver.wrote = []
        driver.send([Buffer(driver.free, 6), Buffer(driver.free + 6, 10)])
        #expect(driver.bytes(place, 8192).allSatisfy { $0 == 0 })
        #expect(driver.bytes(place + 8192, 4096).allSatisfy { $0 == 9 })
        #expect(driver.bytes(place + 3 * 4096, 4096).allSatisfy { $0 == 0 })
        #expect(driver.wrote.contains(GuestRange(start: GuestPhysical(place), count: 8192)))
        #expect(driver.collect().map(\.written) == [0])
        #expect(driver.lineIsRaised)
        #expect(try state(driver).releasedBytes == 3 * 4096)
    }

    @Test func pagesThatDoNotExistAreLeftAlone() throws {
        let driver = try started()
        driver.put(driver.free, page(0x1000) + page(0) + [0xff, 0xff, 0xff, 0xff, 1, 2])
        driver.send([Buffer(driver.free, 18)])
        #expect(driver.collect().count == 1 && !driver.needsReset)
        #expect(try state(driver).releasedBytes == 0)
        driver.send([Buffer(driver.free, 4)], queue: 1)
        driver.send([Buffer(driver.free, 4, writable: true)])
        #expect(driver.collect().count == 1 && driver.collect(1).count == 1)
    }

    @Test func aTargetIsAConfigurationChange() throws {
        let driver = try started()
        driver.deliver(.memoryTarget(bytes: ramBytes - (1 << 20)))
        #expect(driver.read(0x60) == 2 && driver.lineIsRaised)
        #expect(driver.read(0x100) == 256)
        driver.write(0x104, 250)
        #expect(driver.read(0x104) == 250)
        #expect(try state(driver).wantedBytes == 1 << 20 && state(driver).heldBytes == 250 << 12)
        driver.acknowledge()
        driver.deliver(.memoryTarget(bytes: ramBytes - (1 << 20)))
        #expect(!driver.lineIsRaised)
        driver.deliver(.memoryTarget(bytes: .max))
        #expect(driver.read(0x100) == 0)
        driver.deliver(.memoryTarget(bytes: 0))
        #expect(driver.read(0x100) == ramBytes >> 12)
        driver.write(0x104, 0xffff_ffff)
        #expect(driver.read(0x104) == ramBytes >> 12)
    }

    /// Linux counts the queues that exist; the specification counts all of them.
    @Test(arguments: [3, 4])
    func reportedMemoryGoesBackToTheHost(queue: Int) throws {
        let driver = try started()
        let place = driver.free + 0x20_0000
        driver.put(place, [UInt8](repeating: 9, count: 0x4000))
        driver.send(
            [
                Buffer(place, 0x1000, writable: true),
                Buffer(place + 0x2000, 0x2000, writable: true),
            ], queue: queue)
        #expect(driver.bytes(place, 0x1000).allSatisfy { $0 == 0 })
        #expect(driver.bytes(place + 0x1000, 0x1000).allSatisfy { $0 == 9 })
        #expect(driver.bytes(place + 0x2000, 0x2000).allSatisfy { $0 == 0 })
        #expect(driver.collect(queue).map(\.written) == [0])
    }

    @Test func poisonStaysWhereItIs() throws {
        let driver = try started()
        driver.write(0x10c, 0xaaaa_aaaa)
        driver.put(driver.free, [UInt8](repeating: 0xaa, count: 0x1000))
        driver.send([Buffer(driver.free, 0x1000, writable: true)], queue: 3)
        #expect(driver.bytes(driver.free, 0x1000).allSatisfy { $0 == 0xaa })
        #expect(driver.collect(3).count == 1)
    }

    @Test func nothingIsReportedWithoutTheFeature() throws {
        let driver = try started(1 << 32)
        driver.put(driver.free, [UInt8](repeating: 5, count: 0x1000))
        driver.send([Buffer(driver.free, 0x1000, writable: true)], queue: 2)
        #expect(driver.bytes(driver.free, 0x1000).allSatisfy { $0 == 5 })
        #expect(driver.collect(2).count == 1)
    }

    @Test func statisticsComeWhenTheyAreAskedFor() throws {
        let driver = try started()
        func entry(_ tag: UInt16, _ value: UInt64) -> [UInt8] {
            little(UInt64(tag), 2) + little(value, 8)
        }
        driver.deliver(.memoryStatistics)
        driver.put(driver.free, entry(4, 1000) + entry(99, 1) + entry(5, 2000) + [1, 2, 3])
        driver.send([Buffer(driver.free, 33)], queue: 2)
        #expect(driver.collect(2).isEmpty && !driver.lineIsRaised)
        #expect(try state(driver).statistics[.freeBytes] == 1000)
        #expect(try state(driver).statistics[.totalBytes] == 2000)
        #expect(try state(driver).statistics[.majorFaults] == nil)
        driver.deliver(.memoryStatistics)
        #expect(driver.collect(2).count == 1 && driver.lineIsRaised)
        driver.deliver(.memoryStatistics)
        #expect(driver.collect(2).isEmpty)
        driver.put(driver.free, entry(4, 7))
        driver.send([Buffer(driver.free, 10)], queue: 2)
        #expect(try state(driver).statistics[.freeBytes] == 7)
    }

    @Test func aResetForgetsTheStatisticsBuffer() throws {
        let driver = try started()
        driver.send([Buffer(driver.free, 10)], queue: 2)
        driver.write(0x104, 77)
        driver.start(Self.features, queues: 5)
        driver.deliver(.memoryStatistics)
        #expect(driver.collect(2).isEmpty && driver.read(0x104) == 0)
    }
}
