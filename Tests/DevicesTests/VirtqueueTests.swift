import Bits
import Devices
import Effects
import Testing

@Suite struct VirtqueueTests {
    @Test func chainBecomesAValue() throws {
        var driver = Driver()
        try driver.start()
        driver.describe(5, 0x8000_8000, 16, Driver.next, next: 2)
        driver.describe(2, 0x8000_9000, 0, Driver.next, next: 7)
        driver.describe(7, 0x8000_a000, 512, Driver.next | Driver.write, next: 1)
        driver.describe(1, 0x8000_b000, 1, Driver.write)
        driver.publish(5)
        let chain = try #require(try driver.take())
        #expect(chain.head == 5)
        #expect(chain.readable == [range(0x8000_8000, 16)])
        #expect(chain.writable == [range(0x8000_a000, 512), range(0x8000_b000, 1)])
        #expect(chain.readableCount == 16)
        #expect(chain.writableCount == 513)
        #expect(try driver.take() == nil)
    }

    @Test func indirectTableReplacesTheRestOfAChain() throws {
        var driver = Driver()
        try driver.start()
        let table = GuestPhysical(0x8000_4000)
        driver.describe(0, 0x8000_8000, 4, Driver.next, next: 3)
        // "The device MUST ignore the write-only flag" of the descriptor that refers to a table.
        driver.describe(3, table.rawValue, 48, Driver.indirect | Driver.write)
        driver.describe(0, 0x8000_8100, 5, Driver.next, next: 2, in: table)
        driver.describe(2, 0x8000_8200, 6, Driver.write, in: table)
        #expect(driver.misuse() == nil)
        driver.publish(3)
        let chain = try #require(try driver.take())
        #expect(chain.head == 3)
        #expect(chain.readable == [range(0x8000_8100, 5)])
        #expect(chain.writable == [range(0x8000_8200, 6)])
    }

    @Test func usedRingIsFilledInOrder() throws {
        var driver = Driver(size: 4)
        try driver.start()
        for head in 0..<4 as Range<UInt16> {
            driver.describe(head, 0x8000_8000, 8, Driver.write)
            driver.publish(head)
        }
        for _ in 0..<4 { _ = try driver.take() }
        for (i, head) in ([2, 0, 3, 1] as [UInt16]).enumerated() {
            try driver.complete(head, UInt32(100 + i))
        }
        #expect(driver.usedIndex == 4)
        #expect(driver.usedEntry(0) == [2, 100])
        #expect(driver.usedEntry(3) == [1, 103])
        #expect(driver.effects.items.first == .wrote(range(0x8000_3000, 6 + 8 * 4)))
    }

    @Test func indicesWrapAround() throws {
        var driver = Driver(size: 4)
        try driver.start()
        for i in 0..<70_000 {
            let head = UInt16(i % 4)
            driver.describe(head, 0x8000_8000, 8, Driver.write)
            driver.publish(head)
            let chain = try #require(try driver.take())
            #expect(chain.head == head)
            try driver.complete(chain.head)
            driver.effects = EffectList()
        }
        #expect(driver.usedIndex == UInt16(truncatingIfNeeded: 70_000))
    }

    @Test func untakenChainComesAgain() throws {
        var driver = Driver()
        try driver.start()
        driver.describe(1, 0x8000_8000, 8)
        driver.publish(1)
        #expect(try driver.take()?.head == 1)
        driver.queue.untake()
        #expect(try driver.queue.pending(driver.memory) == 1)
        #expect(try driver.take()?.head == 1)
    }

    @Test func queueThatIsNotReadyDoesNothing() throws {
        var driver = Driver()
        driver.publish(0)
        #expect(try driver.take() == nil)
        try driver.complete(0, 1)
        #expect(driver.usedIndex == 0)
        try driver.start()
        #expect(try driver.take() != nil)
        driver.queue.stop()
        #expect(try driver.take() == nil)
        driver.queue.reset()
        #expect(driver.queue == Virtqueue(maximumSize: 256))
    }
}

@Suite struct VirtqueueSuppressionTests {
    @Test func flagSuppressesInterrupts() throws {
        var driver = Driver()
        try driver.start()
        #expect(try !driver.queue.needsInterrupt(driver.memory), "nothing was completed")
        try driver.complete(0)
        #expect(try driver.queue.needsInterrupt(driver.memory))
        #expect(try !driver.queue.needsInterrupt(driver.memory), "asked once per completion")
        driver.setAvailableFlags(1)
        try driver.complete(1)
        #expect(try !driver.queue.needsInterrupt(driver.memory))
    }

    /// "if used_event is the index of the entry just filled, interrupt" (§2.7.7.1), also when
    /// several were filled at once.
    @Test(
        arguments: [
            (event: 0, completed: 1, interrupts: true), (event: 1, completed: 1, interrupts: false),
            (event: 1, completed: 2, interrupts: true), (event: 0, completed: 3, interrupts: true),
            (event: 3, completed: 3, interrupts: false),
            (event: 65535, completed: 3, interrupts: false),
        ] as [(event: UInt16, completed: Int, interrupts: Bool)])
    func eventIndexSelectsTheInterrupt(event: UInt16, completed: Int, interrupts: Bool) throws {
        var driver = Driver(eventIndex: true)
        try driver.start()
        driver.setAvailableFlags(1)  // has no meaning now
        driver.setUsedEvent(event)
        for _ in 0..<completed { try driver.complete(0) }
        #expect(try driver.queue.needsInterrupt(driver.memory) == interrupts)
    }

    @Test func notificationsByFlag() throws {
        var driver = Driver()
        try driver.start()
        try driver.queue.disableNotifications(driver.memory, &driver.effects)
        #expect(driver.usedFlags == 1)
        #expect(try !driver.queue.enableNotifications(driver.memory, &driver.effects))
        #expect(driver.usedFlags == 0)
        driver.publish(0)
        #expect(try driver.queue.enableNotifications(driver.memory, &driver.effects))
    }

    @Test func notificationsByEventIndex() throws {
        var driver = Driver(eventIndex: true)
        try driver.start()
        driver.describe(0, 0x8000_8000, 1)
        driver.publish(0)
        driver.publish(0)
        _ = try driver.take()
        try driver.queue.disableNotifications(driver.memory, &driver.effects)
        #expect(driver.usedFlags == 0)
        #expect(try driver.queue.enableNotifications(driver.memory, &driver.effects))
        #expect(driver.availableEvent == 1)
        _ = try driver.take()
        #expect(try !driver.queue.enableNotifications(driver.memory, &driver.effects))
        #expect(driver.availableEvent == 2)
    }
}
