import Bits
import Effects
import GuestMemory
import Testing
import Virtio

@Suite struct VirtioConsoleTests {
    private func started(slot: Int = 0) throws -> Driver {
        let driver = try Driver(.console(VirtioConsole(device: slot)), slot: slot)
        #expect(driver.read(0x008) == 3)
        driver.start(1 << 32 | 1, queues: 2)
        return driver
    }

    @Test func outputLeavesAndTheBufferComesBack() throws {
        let driver = try started()
        driver.put(driver.free, Array("hello world".utf8))
        driver.send([Buffer(driver.free, 6), Buffer(driver.free + 6, 5)], queue: 1)
        #expect(driver.output == Array("hello world".utf8))
        let used = driver.collect(1)
        #expect(used.count == 1 && used[0].written == 0)
        #expect(driver.lineIsRaised)
    }

    @Test func inputWaitsForABuffer() throws {
        let driver = try started()
        driver.deliver(.input(device: 0, Array("abcdef".utf8)))
        #expect(driver.slot.heldInput == 6 && !driver.lineIsRaised)
        driver.send([Buffer(driver.free, 4, writable: true)])
        #expect(driver.bytes(driver.free, 4) == Array("abcd".utf8))
        #expect(driver.slot.heldInput == 2)
        #expect(driver.collect().map(\.written) == [4])
        #expect(driver.lineIsRaised)
        driver.acknowledge()
        driver.send([Buffer(driver.free, 4, writable: true)])
        #expect(driver.collect().map(\.written) == [2])
        driver.send([Buffer(driver.free + 16, 4, writable: true)])
        #expect(driver.collect().isEmpty)
        driver.deliver(.input(device: 0, [0x78]))
        #expect(driver.bytes(driver.free + 16, 2) == [0x78, 0])
        #expect(driver.slot.heldInput == 0)
    }

    @Test func whatWasTypedSurvivesAReset() throws {
        let driver = try started()
        driver.deliver(.input(device: 0, [1, 2]))
        driver.start(1 << 32, queues: 2)
        driver.send([Buffer(driver.free, 4, writable: true)])
        #expect(driver.collect().map(\.written) == [2])
    }

    @Test func aNewWindowSizeIsAConfigurationChange() throws {
        let driver = try started(slot: 2)
        let before = try #require(driver.read(0xfc))
        driver.deliver(.resize(device: 2, columns: 132, rows: 43))
        #expect(driver.read(0x60) == 2 && driver.lineIsRaised)
        #expect(driver.read(0xfc) == before + 1)
        #expect(driver.read(0x100, .half) == 132)
        #expect(driver.read(0x102, .half) == 43)
        #expect(driver.read(0x104) == 1)
        driver.deliver(.resize(device: 2, columns: -1, rows: 1 << 40))
        #expect(driver.read(0x100) == 0xffff_0000)
    }

    @Test func anEmergencyWriteNeedsNoQueue() throws {
        let driver = try Driver(.console(VirtioConsole(device: 0)))
        driver.write(0x108, 0x41)
        #expect(driver.output == [0x41])
    }
}

@Suite struct VirtioEntropyTests {
    @Test func bytesLandAtTheirDelivery() throws {
        let driver = try Driver(.entropy(VirtioEntropy(device: 0)))
        #expect(driver.read(0x008) == 4)
        driver.start(1 << 32)
        driver.send([Buffer(driver.free, 4, writable: true)])
        driver.send([Buffer(driver.free + 8, 10_000, writable: true)])
        #expect(driver.entropyWanted == [4])
        driver.deliver(.entropy(device: 0, [1, 2, 3, 4, 5]))
        #expect(driver.bytes(driver.free, 5) == [1, 2, 3, 4, 0])
        #expect(driver.entropyWanted == [4, 4096])
        #expect(driver.collect().map(\.written) == [4])
        driver.deliver(.entropy(device: 0, [9]))
        #expect(driver.collect().map(\.written) == [1])
        driver.deliver(.entropy(device: 0, [9]))
        #expect(driver.collect().isEmpty)
        driver.send([Buffer(driver.free, 4)])
        #expect(driver.collect().map(\.written) == [0])
    }

    @Test func anAnswerOfBeforeTheResetIsDropped() throws {
        let driver = try Driver(.entropy(VirtioEntropy(device: 0)))
        driver.start(1 << 32)
        driver.send([Buffer(driver.free, 4, writable: true)])
        driver.start(1 << 32)
        driver.send([Buffer(driver.free, 4, writable: true)])
        driver.deliver(.entropy(device: 0, [1, 1, 1, 1]))
        #expect(driver.collect().isEmpty)
        driver.deliver(.entropy(device: 0, [2, 2, 2, 2]))
        #expect(driver.collect().map(\.written) == [4])
        #expect(driver.bytes(driver.free, 4) == [2, 2, 2, 2])
    }
}
