import Bits
import Devices
import Effects
import Testing

/// A controller for two harts, and the level of each context as its effects told it.
struct Controller {
    var plic = PLIC(hartCount: 2, sourceCount: 95)
    var levels: [String: Bool] = [:]

    mutating func read(_ offset: UInt64) -> UInt64 {
        var effects = EffectList()
        let value = plic.read(offset, .word, &effects) ?? 0xdead
        note(effects)
        return value
    }
    mutating func write(_ offset: UInt64, _ value: UInt64) {
        var effects = EffectList()
        #expect(plic.write(offset, value, .word, &effects))
        note(effects)
    }
    mutating func setLevel(_ source: Int, _ level: Bool) {
        var effects = EffectList()
        plic.setLevel(source, level, &effects)
        note(effects)
    }
    private mutating func note(_ effects: EffectList) {
        for case .interrupt(let hart, let line, let level) in effects.items {
            levels["\(hart) \(line)"] = level
        }
    }
    func notifies(_ context: Int) -> Bool {
        let line: HartLine = context & 1 == 0 ? .machineExternal : .supervisorExternal
        return levels["\(context / 2) \(line)"] ?? false
    }
    mutating func setUp(_ source: Int, priority: UInt64, context: Int) {
        write(UInt64(source) * 4, priority)
        let word = enable(context, source)
        write(word, read(word) | 1 << UInt64(source % 32))
    }
    func enable(_ context: Int, _ source: Int) -> UInt64 {
        0x2000 + UInt64(context) * 0x80 + UInt64(source / 32) * 4
    }
    mutating func claim(_ context: Int) -> UInt64 { read(claimRegister(context)) }
    mutating func complete(_ context: Int, _ source: UInt64) {
        write(claimRegister(context), source)
    }
    func claimRegister(_ context: Int) -> UInt64 { 0x20_0004 + UInt64(context) * 0x1000 }
    func isPending(_ source: Int) -> Bool {
        var copy = self
        return copy.read(0x1000 + UInt64(source / 32) * 4).bit(source % 32)
    }
}

@Suite struct PLICTests {
    @Test func claimAndCompleteOfALevel() {
        var controller = Controller()
        controller.setUp(10, priority: 1, context: 1)
        controller.setLevel(10, true)
        #expect(controller.isPending(10))
        #expect(controller.notifies(1))
        #expect(!controller.notifies(0), "only contexts that enabled it")
        #expect(controller.claim(1) == 10)
        #expect(!controller.isPending(10))
        #expect(!controller.notifies(1))
        #expect(controller.claim(1) == 0)
        controller.complete(1, 10)
        #expect(controller.notifies(1), "the line is still high")
        #expect(controller.claim(1) == 10)
        controller.setLevel(10, false)
        controller.complete(1, 10)
        #expect(!controller.notifies(1))
    }

    @Test func forwardedRequestSurvivesItsLine() {
        var controller = Controller()
        controller.setUp(3, priority: 1, context: 0)
        controller.setLevel(3, true)
        controller.setLevel(3, false)
        #expect(controller.isPending(3))
        #expect(controller.claim(0) == 3)
        controller.complete(0, 3)
        #expect(!controller.isPending(3))
    }

    @Test func noSecondRequestBeforeCompletion() {
        var controller = Controller()
        controller.setUp(3, priority: 1, context: 0)
        controller.setLevel(3, true)
        #expect(controller.claim(0) == 3)
        controller.setLevel(3, false)
        controller.setLevel(3, true)
        #expect(!controller.isPending(3))
        controller.complete(0, 3)
        #expect(controller.isPending(3))
    }

    @Test func priorityDecidesAndThenTheNumber() {
        var controller = Controller()
        for (source, priority) in [(5, 2), (9, 7), (64, 7), (95, 1)] as [(Int, UInt64)] {
            controller.setUp(source, priority: priority, context: 2)
            controller.setLevel(source, true)
        }
        #expect((0..<5).map { _ in controller.claim(2) } == [9, 64, 5, 95, 0])
    }

    @Test func thresholdMasksNotificationsButNotClaims() {
        var controller = Controller()
        controller.setUp(5, priority: 3, context: 3)
        controller.write(0x20_0000 + 3 * 0x1000, 3)
        controller.setLevel(5, true)
        #expect(!controller.notifies(3))
        controller.write(0x20_0000 + 3 * 0x1000, 2)
        #expect(controller.notifies(3))
        controller.write(0x20_0000 + 3 * 0x1000, 7)
        #expect(!controller.notifies(3))
        #expect(controller.claim(3) == 5)
    }

    @Test func priorityZeroNeverInterrupts() {
        var controller = Controller()
        controller.setUp(5, priority: 0, context: 0)
        controller.setLevel(5, true)
        #expect(controller.isPending(5))
        #expect(!controller.notifies(0))
        #expect(controller.claim(0) == 0)
        controller.write(5 * 4, 1)
        #expect(controller.notifies(0))
    }

    @Test func completionByAStrangerIsIgnored() {
        var controller = Controller()
        controller.setUp(5, priority: 1, context: 0)
        controller.setLevel(5, true)
        #expect(controller.claim(0) == 5)
        controller.complete(1, 5)
        #expect(!controller.isPending(5))
        controller.complete(0, 0)
        controller.complete(0, 96)
        controller.complete(0, 0xffff_ffff)
        #expect(!controller.isPending(5))
        controller.complete(0, 5)
        #expect(controller.isPending(5))
    }

    @Test func fieldsThatDoNotExistReadAsZero() {
        var controller = Controller()
        controller.write(5 * 4, 0xff)
        #expect(controller.read(5 * 4) == 7)
        controller.write(0, 7)
        #expect(controller.read(0) == 0, "source 0 does not exist")
        controller.write(96 * 4, 7)
        #expect(controller.read(96 * 4) == 0)
        controller.write(0x2000, 0xffff_ffff)
        #expect(controller.read(0x2000) == 0xffff_fffe)
        controller.write(0x2008, 0xffff_ffff)
        #expect(controller.read(0x2008) == 0xffff_ffff)
        controller.write(0x200c, 0xffff_ffff)
        #expect(controller.read(0x200c) == 0)
        controller.write(0x2000 + 4 * 0x80, 0xffff_ffff)
        #expect(controller.read(0x2000 + 4 * 0x80) == 0, "two harts have four contexts")
        controller.write(0x1000, 0xffff_ffff)
        #expect(controller.read(0x1000) == 0)
    }

    @Test func accessesOfAnotherWidthFault() {
        var plic = PLIC(hartCount: 1)
        var effects = EffectList()
        #expect(plic.read(4, .byte, &effects) == nil)
        #expect(plic.read(8, .double, &effects) == nil)
        #expect(!plic.write(4, 1, .half, &effects))
        #expect(plic.read(PLIC.windowBytes, .word, &effects) == nil)
    }

    @Test func linesThatDoNotExistAreIgnored() {
        var plic = PLIC(hartCount: 1, sourceCount: 127)
        let before = plic
        var effects = EffectList()
        for line in [-1, 0, 128, Int.max, Int.min] { plic.setLevel(line, true, &effects) }
        #expect(plic == before)
        plic.setLevel(127, true, &effects)
        #expect(plic.read(0x100c, .word, &effects) == 1 << 31)
    }
}
