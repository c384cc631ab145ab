import Bits
import Devices
import Testing

/// Each thing a driver can do wrong is reported by its name, and ends.
@Suite struct VirtqueueMisuseTests {
    private func ready(size: UInt16 = 8) throws -> Driver {
        var driver = Driver(size: size)
        try driver.start()
        return driver
    }

    private func refusal(_ change: (inout Driver) -> Void) -> VirtqueueMisuse? {
        var driver = Driver()
        change(&driver)
        do {
            try driver.queue.makeReady(driver.memory)
            return nil
        } catch {
            return error
        }
    }

    @Test func ringsAreChecked() {
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.queue.size = 0 } == .badSize)
        #expect(refusal { $0.queue.size = 12 } == .badSize)
        #expect(refusal { $0.queue.size = 512 } == .badSize)
        #expect(refusal { $0.queue.descriptors.rawValue += 8 } == .misalignedRing)
        #expect(refusal { $0.queue.available.rawValue += 1 } == .misalignedRing)
        #expect(refusal { $0.queue.used.rawValue += 2 } == .misalignedRing)
        #expect(refusal { $0.queue.descriptors.rawValue = 0x1000 } == .ringOutOfRange)
        #expect(refusal { $0.queue.available.rawValue = ~1 } == .ringOutOfRange)
        // The last 70 bytes of RAM hold a used ring of 8 entries with its event; 66 do not.
        #expect(refusal { $0.queue.used.rawValue = 0x8001_0000 - 72 } == nil)
        #expect(refusal { $0.queue.used.rawValue = 0x8001_0000 - 68 } == .ringOutOfRange)
    }

    @Test func loopOfOneAndOfTwo() throws {
        var driver = try ready()
        driver.describe(0, 0x8000_8000, 1, Driver.next, next: 0)
        #expect(driver.misuse() == .loop || driver.misuse() == .overlong)
        driver = try ready()
        driver.describe(0, 0x8000_8000, 1, Driver.next, next: 1)
        driver.describe(1, 0x8000_8000, 1, Driver.next, next: 0)
        #expect(driver.misuse() == .loop)
    }

    @Test func loopInsideAnIndirectTable() throws {
        var driver = try ready()
        let table = GuestPhysical(0x8000_4000)
        driver.describe(0, table.rawValue, 32, Driver.indirect)
        driver.describe(0, 0x8000_8000, 1, Driver.next, next: 1, in: table)
        driver.describe(1, 0x8000_8000, 1, Driver.next, next: 0, in: table)
        #expect(driver.misuse() == .loop)
    }

    @Test func chainLongerThanTheQueue() throws {
        var driver = try ready(size: 4)
        let table = GuestPhysical(0x8000_4000)
        for i in 0..<5 as Range<UInt16> {
            driver.describe(i, 0x8000_8000, 1, i < 4 ? Driver.next : 0, next: i + 1, in: table)
        }
        driver.describe(0, table.rawValue, 5 * 16, Driver.indirect)
        #expect(driver.misuse() == .overlong)
        driver = try ready(size: 4)
        for i in 0..<4 as Range<UInt16> {
            driver.describe(i, 0x8000_8000, 1, i < 3 ? Driver.next : 0, next: i + 1)
        }
        #expect(driver.misuse() == nil, "as long as the queue is fine")
    }

    @Test func chainOfFourGibibytes() throws {
        // The whole of a big RAM, many times over.
        var driver = try ready(size: 8)
        driver.memory.claimedCount = 1 << 30
        for i in 0..<4 as Range<UInt16> {
            driver.describe(
                i, 0x8000_0000, 1 << 30, Driver.write | (i < 3 ? Driver.next : 0), next: i + 1)
        }
        #expect(driver.misuse() == .overlong)
    }

    @Test(
        arguments: [
            (0x7fff_ffff, 1), (0x8001_0000, 1), (0x8000_ffff, 2), (0, 1), (~0, 1),
            (~0 - 7, 0xffff_ffff),
            (0x8000_0000, 0xffff_ffff),
        ] as [(UInt64, UInt32)])
    func bufferOutsideRAM(address: UInt64, count: UInt32) throws {
        for flags in [0, Driver.write] {
            var driver = try ready()
            driver.describe(0, address, count, flags)
            #expect(driver.misuse() == .bufferOutOfRange)
        }
    }

    @Test func indirectRules() throws {
        let table = GuestPhysical(0x8000_4000)
        var driver = try ready()
        driver.describe(0, table.rawValue, 32, Driver.indirect)
        driver.describe(0, 0x8000_5000, 16, Driver.indirect, in: table)
        #expect(driver.misuse() == .indirectInIndirect)

        driver = try ready()
        driver.describe(0, table.rawValue, 32, Driver.indirect | Driver.next, next: 1)
        #expect(driver.misuse() == .indirectWithNext)

        for count in [0, 8, 15, 17] as [UInt32] {
            driver = try ready()
            driver.describe(0, table.rawValue, count, Driver.indirect)
            #expect(driver.misuse() == .badIndirectLength)
        }

        driver = try ready()
        driver.describe(0, 0x8000_fff8, 16, Driver.indirect)
        #expect(driver.misuse() == .ringOutOfRange)

        driver = try ready()
        driver.describe(0, table.rawValue, 32, Driver.indirect)
        driver.describe(0, 0x8000_8000, 1, Driver.next, next: 2, in: table)
        #expect(driver.misuse() == .noSuchDescriptor)

        driver = try ready()
        driver.queue.indirectIsNegotiated = false
        driver.describe(0, table.rawValue, 32, Driver.indirect)
        #expect(driver.misuse() == .indirectNotNegotiated)
    }

    @Test func readableAfterWritable() throws {
        for count in [0, 4] as [UInt32] {
            var driver = try ready()
            driver.describe(0, 0x8000_8000, count, Driver.write | Driver.next, next: 1)
            driver.describe(1, 0x8000_8000, 4)
            #expect(driver.misuse() == .readableAfterWritable)
        }
    }

    @Test func indicesOutOfBounds() throws {
        var driver = try ready()
        driver.describe(0, 0x8000_8000, 4, Driver.next, next: 8)
        #expect(driver.misuse() == .noSuchDescriptor)

        driver = try ready()
        driver.publish(8)
        #expect(throws: VirtqueueMisuse.noSuchDescriptor) { try driver.take() }

        driver = try ready()
        driver.memory.store(driver.available + 2, 9, 2)
        #expect(throws: VirtqueueMisuse.availableIndexJumped) { try driver.take() }
        driver.memory.store(driver.available + 2, 0xffff, 2)
        #expect(throws: VirtqueueMisuse.availableIndexJumped) { try driver.take() }
    }
}
