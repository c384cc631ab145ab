import Effects
import GuestMemory
import Testing
import Virtio

@Suite struct ShareTests {
    private func driver() throws -> Driver {
        let driver = try Driver(.share(VirtioShare(device: 0, name: Array("/src".utf8))))
        driver.start(1 << 32 | 1 << 28 | 1)
        return driver
    }

    @Test func theNameIsInTheConfiguration() throws {
        let driver = try driver()
        #expect(driver.read(0x008) == 9)
        #expect(driver.read(0x100, .half) == 4)
        let name = (0..<4).compactMap { driver.read(0x102 + $0, .byte) }
        #expect(name == Array("/src".utf8).map(UInt64.init))
    }

    @Test func aMessageGoesOutAndItsAnswerComesBack() throws {
        let driver = try driver()
        let message = (0..<20).map { UInt8($0) }
        #expect(driver.memory.write(.init(driver.free), message))
        driver.send([
            Buffer(driver.free, 12), Buffer(driver.free + 12, 8),
            Buffer(driver.free + 0x1000, 7, writable: true),
            Buffer(driver.free + 0x2000, 100, writable: true),
        ])
        let request = try #require(driver.shares.first)
        #expect(request.message == message && request.answerLimit == 107)
        driver.deliver(
            .share(device: 0, tag: request.tag, answer: [UInt8](repeating: 7, count: 30)))
        #expect(driver.lineIsRaised)
        #expect(driver.memory.load8(.init(driver.free + 0x1006)) == 7)
        #expect(driver.memory.load8(.init(driver.free + 0x2016)) == 7)
        #expect(driver.memory.load8(.init(driver.free + 0x2017)) == 0)
        #expect(
            driver.wrote.contains { $0.start.rawValue == driver.free + 0x2000 && $0.count == 23 })
        #expect(driver.collect().map(\.written) == [30])
    }

    @Test func anAnswerToAFormerLifeIsDropped() throws {
        let driver = try driver()
        driver.send([Buffer(driver.free, 12), Buffer(driver.free + 0x1000, 64, writable: true)])
        let old = try #require(driver.shares.first)
        driver.start(1 << 32 | 1)
        driver.deliver(.share(device: 0, tag: old.tag, answer: [1, 2, 3, 4, 5, 6, 7]))
        #expect(driver.collect().isEmpty && !driver.needsReset)
        #expect(driver.memory.load8(.init(driver.free + 0x1000)) == 0)
    }

    @Test(arguments: [
        [Buffer(0x8010_0000, 6), Buffer(0x8010_1000, 64, writable: true)],
        [Buffer(0x8010_0000, 12), Buffer(0x8010_1000, 6, writable: true)],
        [Buffer(0x8010_0000, 3 << 20), Buffer(0x8010_1000, 64, writable: true)],
        [Buffer(0x8010_0000, 12)],
    ])
    func whatCannotBeAnsweredNeedsAReset(_ buffers: [Buffer]) throws {
        let driver = try driver()
        driver.send(buffers)
        #expect(driver.needsReset && driver.shares.isEmpty)
    }

    /// An answer that the server could not make, or that is too long, is the server's own mistake.
    @Test(arguments: [nil, [UInt8](repeating: 1, count: 65)])
    func noAnswerNeedsAReset(_ answer: [UInt8]?) throws {
        let driver = try driver()
        driver.send([Buffer(driver.free, 12), Buffer(driver.free + 0x1000, 64, writable: true)])
        let request = try #require(driver.shares.first)
        driver.deliver(.share(device: 0, tag: request.tag, answer: answer))
        #expect(driver.needsReset)
    }
}
