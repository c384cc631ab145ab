import Bits
import Effects
import GuestMemory
import Testing
import Virtio

/// A console device with several ports, driven as Linux does it.
@Suite struct VirtioPortsTests {
    /// The number of a port in events, for the device in slot 0.
    private func number(_ port: Int) -> Int { VirtioPorts.number(slot: 0, port: port) }

    private func started(_ names: [String] = ["", "data", "log"]) throws -> Driver {
        let driver = try Driver(.ports(VirtioPorts(device: 0, names: names)))
        #expect(driver.read(0x008) == 3)
        #expect(driver.read(0x104) == 5)  // max_nr_ports
        driver.start(1 << 32 | 2, queues: 12)
        return driver
    }

    private func say(_ driver: Driver, _ port: UInt8, _ event: UInt8, _ value: UInt8) {
        driver.put(driver.free, [port, 0, 0, 0, event, 0, value, 0])
        driver.send([Buffer(driver.free, 8)], queue: 3)
        #expect(driver.collect(3).count == 1)
    }

    /// The next message of the device: port, event, value and what follows.
    private func hear(_ driver: Driver) -> [UInt8]? {
        let place = driver.free + 0x1000
        driver.send([Buffer(place, 64, writable: true)], queue: 2)
        guard let used = driver.collect(2).first else { return nil }
        return driver.bytes(place, Int(used.written))
    }

    @Test func portsAreAddedNamedAndOpened() throws {
        let driver = try started()
        say(driver, 0, 0, 1)  // DEVICE_READY
        #expect(hear(driver) == [1, 0, 0, 0, 1, 0, 1, 0])
        #expect(hear(driver) == [2, 0, 0, 0, 1, 0, 1, 0])
        say(driver, 1, 3, 1)  // PORT_READY
        #expect(hear(driver) == [1, 0, 0, 0, 6, 0, 1, 0])
        #expect(hear(driver) == [1, 0, 0, 0, 7, 0, 1, 0] + Array("data".utf8))
    }

    @Test func theTerminalHasASize() throws {
        let driver = try started(["tty"])
        driver.deliver(.resize(device: number(0), columns: 80, rows: 25))
        say(driver, 0, 0, 1)
        #expect(hear(driver)?[4] == 1)
        say(driver, 0, 3, 1)
        #expect(hear(driver)?[4] == 4)
        #expect(hear(driver) == [0, 0, 0, 0, 5, 0, 1, 0, 80, 0, 25, 0])
    }

    @Test func bytesGoBothWays() throws {
        let driver = try started()
        driver.put(driver.free, Array("out".utf8))
        driver.send([Buffer(driver.free, 3)], queue: 5)
        #expect(driver.output == Array("out".utf8))
        driver.deliver(.input(device: number(2), Array("in".utf8)))
        driver.send([Buffer(driver.free + 64, 8, writable: true)], queue: 6)
        // Nobody in the guest has opened it yet.
        #expect(driver.slot.heldInput(from: number(2)) == 2 && driver.collect(6).isEmpty)
        say(driver, 2, 6, 1)
        #expect(driver.collect(6).map(\.written) == [2])
        #expect(driver.bytes(driver.free + 64, 2) == Array("in".utf8))
    }

    @Test func theEndIsToldAfterTheLastByte() throws {
        let driver = try started()
        say(driver, 0, 0, 1)
        say(driver, 1, 3, 1)
        say(driver, 1, 6, 1)
        for _ in 0..<4 { _ = hear(driver) }
        driver.deliver(.input(device: number(1), [1]))
        driver.deliver(.inputClosed(device: number(1)))
        #expect(hear(driver) == nil)
        driver.send([Buffer(driver.free, 8, writable: true)], queue: 4)
        // The buffer that `hear` left is filled as soon as there is something to say.
        #expect(driver.collect(2).map(\.written) == [8])
        #expect(driver.bytes(driver.free + 0x1000, 8) == [1, 0, 0, 0, 6, 0, 0, 0])
    }

    @Test func nonsenseOnTheControlChannelIsIgnored() throws {
        let driver = try started()
        say(driver, 200, 3, 1)
        say(driver, 4, 3, 1)
        say(driver, 1, 99, 1)
        driver.send([Buffer(driver.free, 3)], queue: 3)
        #expect(hear(driver) == nil && !driver.needsReset)
    }
}
