import Effects
import Testing
import Virtio

@Suite struct PowerButtonTests {
    private func started() throws -> Driver {
        let driver = try Driver(.powerButton(VirtioPowerButton()), slot: 0)
        #expect(driver.read(0x008) == 18)
        driver.start(1 << 32, queues: 2)
        return driver
    }

    private func ask(_ driver: Driver, _ select: UInt64, _ subselect: UInt64) -> [UInt8] {
        driver.write(0x100, select, .byte)
        driver.write(0x101, subselect, .byte)
        let count = driver.read(0x102, .byte) ?? 0
        return (0..<count).map { UInt8(driver.read(0x108 + $0, .byte) ?? 0) }
    }

    @Test func itSaysWhatItIs() throws {
        let driver = try started()
        #expect(String(decoding: ask(driver, 1, 0), as: UTF8.self) == "Hull's power button")
        #expect(ask(driver, 3, 0) == [6, 0, 0, 0, 0, 0, 1, 0])
        // KEY_POWER is bit 116 of EV_KEY's.
        #expect(ask(driver, 0x11, 1) == [UInt8](repeating: 0, count: 14) + [0x10])
        for (select, subselect): (UInt64, UInt64) in [
            (0, 0), (2, 0), (0x11, 2), (0x12, 0), (255, 255),
        ] {
            #expect(ask(driver, select, subselect) == [])
        }
        // Beyond what is selected, and beyond all of it, there are zeroes.
        #expect(driver.read(0x108, .byte) == 0 && driver.read(0x1f0, .word) == 0)
    }

    @Test func aPressIsFourEvents() throws {
        let driver = try started()
        for index: UInt64 in 0..<5 {
            driver.send([Buffer(driver.free + index * 8, 8, writable: true)])
        }
        #expect(!driver.lineIsRaised && driver.slot.isHeardButton)
        driver.deliver(.powerButton)
        #expect(driver.collect().map(\.written) == [8, 8, 8, 8] && driver.lineIsRaised)
        let down: [UInt8] = [1, 0, 116, 0, 1, 0, 0, 0]
        let up: [UInt8] = [1, 0, 116, 0, 0, 0, 0, 0]
        let report = [UInt8](repeating: 0, count: 8)
        #expect(driver.bytes(driver.free, 32) == down + report + up + report)
    }

    @Test func aPressWaitsForBuffersAndNotForDrivers() throws {
        let driver = try started()
        driver.deliver(.powerButton)
        #expect(driver.collect().isEmpty)
        driver.send([Buffer(driver.free, 8, writable: true)])
        #expect(driver.bytes(driver.free, 5) == [1, 0, 116, 0, 1])
        driver.start(1 << 32, queues: 2)
        driver.send([Buffer(driver.free + 64, 8, writable: true)])
        #expect(driver.collect().isEmpty)
        driver.write(0x70, 0)
        #expect(!driver.slot.isHeardButton)
        driver.deliver(.powerButton)
        driver.start(1 << 32, queues: 2)
        driver.send([Buffer(driver.free + 64, 8, writable: true)])
        #expect(driver.collect().isEmpty)
    }

    @Test func pressesThatNobodyTakesAreFew() throws {
        let driver = try started()
        for _ in 0..<1000 { driver.deliver(.powerButton) }
        for index: UInt64 in 0..<40 {
            driver.send([Buffer(driver.free + index * 8, 8, writable: true)])
            #expect(driver.collect().count == (index < 16 ? 1 : 0))
        }
    }

    /// Lights that the driver wants lit, and buffers too small for an event.
    @Test func oddBuffersComeBack() throws {
        let driver = try started()
        driver.send([Buffer(driver.free, 8)], queue: 1)
        #expect(driver.collect(1).map(\.written) == [0])
        driver.send([Buffer(driver.free, 3, writable: true)])
        driver.deliver(.powerButton)
        #expect(driver.collect().map(\.written) == [3])
    }
}
