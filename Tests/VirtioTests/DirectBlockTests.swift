import Bits
import Effects
import GuestMemory
import Testing
import Virtio

/// Drives whose back end moves data from and to guest memory itself.
@Suite struct DirectBlockTests {
    private func device(queueCount: Int = 1) -> VirtioDevice {
        .block(
            VirtioBlock(
                device: 0, byteCount: 64 * 512, isReadOnly: false, identification: [],
                queueCount: queueCount, movesDirectly: true))
    }

    @Test func aReadNamesItsPlaces() throws {
        let driver = try Driver(device())
        driver.start()
        let data = driver.free + 0x1000
        let (buffers, status) = driver.blockBuffers(
            0, sector: 3,
            [
                Buffer(data, 700, writable: true), Buffer(data + 700, 100, writable: true),
                Buffer(data + 0x2000, 224, writable: true),
            ])
        driver.send(buffers)
        let places = [
            GuestRange(start: GuestPhysical(data), count: 800),
            GuestRange(start: GuestPhysical(data + 0x2000), count: 224),
        ]
        #expect(
            driver.requests == [
                BlockRequest(
                    device: 0, tag: 0, operation: .read, offset: 1536, count: 1024, buffers: places)
            ])
        driver.wrote = []
        // What the back end put there stays, and translations of it are stale.
        driver.put(data, [UInt8](repeating: 7, count: 800))
        driver.deliver(.block(device: 0, tag: 0, .ok, data: []))
        #expect(driver.bytes(data, 800) == [UInt8](repeating: 7, count: 800))
        #expect(driver.status(at: status) == 0)
        let used = driver.collect()
        #expect(used.count == 1 && used[0] == (0, 1025))
        for place in places { #expect(driver.wrote.contains(place)) }
    }

    @Test func aWriteNamesItsSources() throws {
        let driver = try Driver(device())
        driver.start()
        let data = driver.free + 0x1000
        let (buffers, status) = driver.blockBuffers(1, sector: 5, [Buffer(data, 512)])
        driver.send(buffers)
        #expect(
            driver.requests.map(\.buffers) == [[GuestRange(start: GuestPhysical(data), count: 512)]]
        )
        #expect(driver.requests[0].data.isEmpty)
        driver.deliver(.block(device: 0, tag: 0, .ioError, data: []))
        #expect(driver.status(at: status) == 1)
        #expect(driver.collect().count == 1)
    }

    /// A read that failed tells nothing, and leaves zeros.
    @Test func aFailedReadLeavesZeros() throws {
        let driver = try Driver(device())
        driver.start()
        let data = driver.free + 0x1000
        let (buffers, status) = driver.blockBuffers(0, [Buffer(data, 512, writable: true)])
        driver.send(buffers)
        driver.put(data, [UInt8](repeating: 7, count: 512))
        driver.deliver(.block(device: 0, tag: 0, .ioError, data: []))
        #expect(driver.bytes(data, 512) == [UInt8](repeating: 0, count: 512))
        #expect(driver.status(at: status) == 1)
    }

    /// Each queue's requests go back to it, whatever order they end in.
    @Test func queuesAreServedSideBySide() throws {
        let driver = try Driver(device(queueCount: 2))
        // VIRTIO_BLK_F_MQ is offered, and num_queues says how many.
        driver.write(0x14, 0)
        #expect((driver.read(0x10) ?? 0) & 1 << 12 != 0)
        #expect(driver.read(0x122, .half) == 2)
        driver.start(1 << 32 | 1 << 28 | 1 << 9 | 1 << 12, queues: 2)
        let data = driver.free + 0x1000
        var status: [UInt64] = []
        for queue in 0..<2 {
            let (buffers, place) = driver.blockBuffers(
                0, sector: UInt64(queue), [Buffer(data, 512, writable: true)], at: UInt64(queue))
            status.append(place)
            driver.send(buffers, queue: queue)
        }
        #expect(driver.requests.map(\.offset) == [0, 512])
        for tag in [1, 0] as [UInt64] {
            driver.deliver(.block(device: 0, tag: tag, .ok, data: []))
            for queue in 0..<2 {
                #expect(driver.collect(queue).count == (queue == Int(tag) ? 1 : 0))
            }
            #expect(driver.lineIsRaised)
            driver.acknowledge()
        }
        #expect(status.allSatisfy { driver.status(at: $0) == 0 })
    }

    @Test func aDriverWithoutMultipleQueuesUsesTheFirst() throws {
        let driver = try Driver(device(queueCount: 2))
        driver.start()
        let (buffers, status) = driver.blockBuffers(
            0, [Buffer(driver.free + 0x1000, 512, writable: true)])
        driver.send(buffers)
        driver.deliver(.block(device: 0, tag: 0, .ok, data: []))
        #expect(driver.status(at: status) == 0)
        #expect(driver.collect().count == 1)
    }
}
