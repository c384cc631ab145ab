import Bits
import Effects
import Testing
import Virtio

@Suite struct TransportTests {
    @Test func aSlotWithoutADeviceSaysSo() throws {
        let driver = try Driver(.none)
        #expect(driver.read(0x000) == 0x7472_6976)
        #expect(driver.read(0x004) == 2)
        #expect(driver.read(0x008) == 0)
        driver.write(0x70, 1)
        #expect(driver.read(0x70) == 0)
        #expect(driver.read(0x34) == 0)
        #expect(driver.read(0x100) == 0)
    }

    @Test func theIdentityIsReadInWordsOnly() throws {
        let driver = try Driver(blockDevice())
        #expect(driver.read(0x000) == 0x7472_6976)
        #expect(driver.read(0x004) == 2)
        #expect(driver.read(0x008) == 2)
        #expect(driver.read(0x000, .byte) == 0)
        #expect(driver.read(0x000, .double) == 0)
        #expect(driver.read(0x002) == 0)
        driver.write(0x70, 1, .byte)
        #expect(driver.read(0x70) == 0)
        #expect(driver.read(0xb0) == 0xffff_ffff)
        #expect(driver.read(0xb4) == 0xffff_ffff)
        #expect(driver.read(0x200) == 0)
        #expect(driver.read(0xffc) == 0)
    }

    @Test func featuresAreOfferedByHalves() throws {
        let driver = try Driver(blockDevice())
        driver.write(0x14, 0)
        // SEG_MAX, BLK_SIZE, FLUSH, TOPOLOGY, DISCARD, WRITE_ZEROES, INDIRECT_DESC, EVENT_IDX.
        #expect(driver.read(0x10) == 0x3000_6644)
        driver.write(0x14, 1)
        #expect(driver.read(0x10) == 1)
        driver.write(0x14, 2)
        #expect(driver.read(0x10) == 0)
    }

    @Test(arguments: [1 << 0, 1 << 5, 1 << 33, 1 << 63] as [UInt64])
    func acceptingWhatWasNotOfferedIsRefused(bit: UInt64) throws {
        let driver = try Driver(blockDevice())
        driver.write(0x70, 3)
        for half: UInt64 in 0...1 {
            driver.write(0x24, half)
            driver.write(0x20, (bit | 1 << 32) >> (half * 32) & 0xffff_ffff)
        }
        driver.write(0x70, 11)
        #expect(driver.status == 3)
        driver.write(0x70, 15)
        #expect(driver.status & 8 == 0)
        // Offered ones are accepted afterwards.
        driver.write(0x24, 0)
        driver.write(0x20, 0)
        driver.write(0x24, 1)
        driver.write(0x20, 1)
        driver.write(0x70, 11)
        #expect(driver.status & 8 != 0)
    }

    @Test func aDriverWithoutVersion1IsServed() throws {
        let driver = try Driver(blockDevice())
        driver.start(0)
        #expect(driver.status == 15)
    }

    @Test func statusBitsAreOnlyAdded() throws {
        let driver = try Driver(blockDevice())
        driver.write(0x70, 3)
        driver.write(0x70, 1)
        #expect(driver.status == 3)
        driver.write(0x70, 0x43)
        #expect(driver.status == 3)
        driver.write(0x70, 0)
        #expect(driver.status == 0)
    }

    @Test func aQueueIsSetUpAndReadBack() throws {
        let driver = try Driver(.console(VirtioConsole(device: 0)))
        for (queue, size): (UInt64, UInt64) in [(0, 128), (1, 128), (2, 0), (0xffff_ffff, 0)] {
            driver.write(0x30, queue)
            #expect(driver.read(0x34) == size)
        }
        driver.write(0x44, 1)
        #expect(driver.read(0x44) == 0)
        driver.start(1 << 32, queues: 2)
        driver.write(0x30, 1)
        #expect(driver.read(0x44) == 1)
        // A queue that is ready keeps its addresses: this one would be refused.
        driver.write(0x80, 3)
        driver.write(0x38, 3)
        driver.write(0x44, 1)
        #expect(!driver.needsReset)
        driver.write(0x44, 0)
        #expect(driver.read(0x44) == 0)
    }

    @Test(arguments: [0, 3, 6, 512, 0x1_0000, 0xffff_ffff] as [UInt64])
    func aQueueSizeThatCannotBeNeedsAReset(size: UInt64) throws {
        let driver = try Driver(blockDevice())
        driver.write(0x70, 3)
        driver.write(0x70, 11)
        driver.setUpQueue(0)
        driver.write(0x38, size)
        driver.write(0x44, 1)
        #expect(driver.read(0x44) == 0)
        #expect(driver.status == 0x4b)
        #expect(!driver.lineIsRaised)
        driver.write(0x70, 0)
        driver.start()
        #expect(driver.status == 15)
    }

    @Test(arguments: [0x80, 0x90, 0xa0] as [UInt64])
    func aRingThatIsNowhereNeedsAReset(register: UInt64) throws {
        for (low, high): (UInt64, UInt64) in [
            (0, 0), (0x1000, 0), (0xffff_fff0, 0xffff_ffff), (ramStart + ramBytes - 16, 0),
            (ramStart + 1, 0),
        ] {
            let driver = try Driver(blockDevice())
            driver.write(0x70, 3)
            driver.write(0x70, 11)
            driver.setUpQueue(0)
            driver.write(register, low)
            driver.write(register + 4, high)
            driver.write(0x44, 1)
            #expect(driver.needsReset)
        }
        // Ready without any address.
        let driver = try Driver(blockDevice())
        driver.write(0x70, 11)
        driver.write(0x44, 1)
        #expect(driver.needsReset)
    }

    @Test func nothingIsTakenBeforeTheDriverIsReady() throws {
        let driver = try Driver(blockDevice())
        driver.write(0x70, 3)
        driver.write(0x70, 11)
        driver.setUpQueue(0)
        driver.write(0x44, 1)
        let (buffers, _) = driver.blockBuffers(4, [])
        driver.send(buffers)
        #expect(driver.requests.isEmpty)
        driver.write(0x70, 15)
        #expect(driver.requests.map(\.operation) == [.flush])
    }

    @Test func misuseRaisesAConfigurationInterruptAndStopsTheQueue() throws {
        let driver = try Driver(blockDevice())
        driver.start()
        driver.offer(99)
        driver.notify()
        #expect(driver.status == 0x4f)
        #expect(driver.lineIsRaised)
        #expect(driver.read(0x60) == 2)
        driver.acknowledge()
        #expect(!driver.lineIsRaised)
        let (buffers, _) = driver.blockBuffers(4, [])
        driver.send(buffers)
        #expect(driver.requests.isEmpty)
        driver.start()
        #expect(driver.status == 15)
        driver.send(driver.blockBuffers(4, []).buffers)
        #expect(driver.requests.count == 1)
    }

    @Test func aResetLowersTheLine() throws {
        let driver = try Driver(blockDevice())
        driver.start()
        driver.offer(99)
        driver.notify()
        #expect(driver.lineIsRaised)
        driver.write(0x70, 0)
        #expect(!driver.lineIsRaised && driver.read(0x60) == 0 && driver.status == 0)
    }
}
