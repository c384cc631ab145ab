import Bits
import Effects
import GuestMemory
import Testing
import Virtio

@Suite struct RemoteTests {
    private func driver() throws -> Driver {
        let driver = try Driver(
            .remote(
                VirtioRemote(
                    device: 0, id: 2, queueSizes: [8], features: 1 << 9 | 1 << 30 | 1 << 34,
                    configuration: [1, 2, 3, 4])))
        #expect(driver.read(0x008) == 2)
        // Bits of the ring and of vhost-user are not the device's own.
        driver.write(0x14, 0)
        #expect(driver.read(0x10) == 1 << 9 | 1 << 28 | 1 << 29)
        driver.write(0x14, 1)
        #expect(driver.read(0x14 - 4) == 1)
        driver.start()
        return driver
    }

    @Test func requestsGoOutAndWritesAreReportedBeforeTheDriverHears() throws {
        let driver = try driver()
        #expect(driver.orders == [.start(features: 1 << 9)])
        driver.send([
            Buffer(driver.free, 16), Buffer(driver.free + 0x1000, 512, writable: true),
            Buffer(driver.free + 0x3000, 1, writable: true),
        ])
        guard case .request(let request) = driver.orders.last else {
            Issue.record("no request")
            return
        }
        #expect(request.readable.map(\.count) == [16] && request.writable.map(\.count) == [512, 1])
        driver.wrote = []
        driver.deliver(
            .remote(device: 0, .completed(queue: 0, [.init(tag: request.tag, written: 513)])))
        #expect(driver.lineIsRaised)
        #expect(driver.collect().map(\.written) == [513])
        // The buffers come before the ring.
        #expect(
            driver.wrote.prefix(2).map(\.start.rawValue) == [
                driver.free + 0x1000, driver.free + 0x3000,
            ])
        // What was returned is not returned again, and a tag of nobody's is no request.
        driver.deliver(
            .remote(
                device: 0,
                .completed(
                    queue: 0, [.init(tag: request.tag, written: 1), .init(tag: 99, written: 1)])))
        #expect(driver.collect().isEmpty && !driver.needsReset)
    }

    @Test func aResetStopsIt() throws {
        let driver = try driver()
        driver.send([Buffer(driver.free, 16), Buffer(driver.free + 0x1000, 1, writable: true)])
        driver.start()
        #expect(driver.orders.count == 4 && driver.orders[2] == .stop)
        driver.deliver(.remote(device: 0, .completed(queue: 0, [.init(tag: 0, written: 1)])))
        #expect(driver.collect().isEmpty)
    }

    @Test func aNewConfigurationIsSeenAndWrittenOnesAreTold() throws {
        let driver = try driver()
        driver.deliver(.remote(device: 0, .configured([9, 8, 7, 6])))
        #expect(driver.read(0x60) == 2 && driver.read(0x100) == 0x0607_0809)
        driver.write(0x102, 5, .byte)
        #expect(driver.orders.last == .configure(offset: 2, [5]))
        // One of another length is none.
        driver.deliver(.remote(device: 0, .configured([1])))
        #expect(driver.read(0x100) == 0x0605_0809)
    }

    @Test func oneThatFailedNeedsAResetAndStaysSo() throws {
        let driver = try driver()
        driver.deliver(.remote(device: 0, .failed))
        #expect(driver.needsReset)
        driver.start()
        #expect(driver.needsReset)
    }
}

/// A back end dies at any point of its work, and its successor goes on.
@Suite struct InFlightTests {
    private static let base: UInt64 = 0x8000_0000
    private static let notes: UInt64 = 0x8010_0000

    private struct Rig {
        let memory: GuestMemory
        var next: UInt16 = 0

        init() throws {
            memory = try GuestMemory(
                ram: GuestRange(start: GuestPhysical(base), count: 2 << 20),
                backing: .anonymous(hugePages: false))
        }

        /// A write request to a sector, by a driver.
        mutating func offer(head: UInt16, sector: UInt64) {
            let header = base + 0x10000 + UInt64(head) * 0x1000
            _ = memory.store64(GuestPhysical(header), 1)
            _ = memory.store64(GuestPhysical(header + 8), sector)
            let parts: [(UInt64, UInt32, UInt16)] = [
                (header, 16, 1), (header + 512, 512, 1), (header + 0x800, 1, 2),
            ]
            for (index, part) in parts.enumerated() {
                let at = GuestPhysical(base + (UInt64(head) + UInt64(index)) * 16)
                _ = memory.store64(at, part.0)
                _ = memory.store32(at + 8, part.1)
                _ = memory.store16(at + 12, part.2)
                _ = memory.store16(at + 14, head + UInt16(index) + 1)
            }
            _ = memory.store16(GuestPhysical(base + 0x1004 + UInt64(next % 64) * 2), head)
            next += 1
            _ = memory.store16(GuestPhysical(base + 0x1002), next)
        }
        var used: [UInt32] {
            let count = memory.load16(GuestPhysical(base + 0x2002)) ?? 0
            return (0..<count).map {
                memory.load32(GuestPhysical(base + 0x2004 + UInt64($0) * 8)) ?? ~0
            }
        }
        func device() -> ServedDevice {
            var device = ServedDevice(
                .block(
                    VirtioBlock(
                        device: 0, byteCount: 1 << 20, isReadOnly: false, identification: [])))
            device.accept(features: 1 << 9)
            var place = ServedDevice.Place()
            place.size = 64
            place.descriptors = GuestPhysical(base)
            place.available = GuestPhysical(base + 0x1000)
            place.used = GuestPhysical(base + 0x2000)
            place.base = memory.load16(place.used + 2) ?? 0
            let notes = InFlightNotes(at: GuestPhysical(notes), queueCount: 1, queueSize: 64)
            let hasStarted = device.start(0, at: place, notes: notes, memory)
            #expect(hasStarted)
            return device
        }
    }

    private static func requests(_ effects: inout EffectList) -> [BlockRequest] {
        var found: [BlockRequest] = []
        effects.drain { if case .submit(let request) = $0 { found.append(request) } }
        return found
    }

    @Test func whatWasTakenAndNotReturnedIsTakenAgainInOrder() throws {
        var rig = try Rig()
        defer { rig.memory.release() }
        for (index, sector) in [3, 1, 2, 0].enumerated() as EnumeratedSequence<[UInt64]> {
            rig.offer(head: UInt16(index * 3), sector: sector)
        }
        var effects = EffectList()
        var first = rig.device()
        first.serve(0, rig.memory, &effects)
        let taken = Self.requests(&effects)
        #expect(taken.map(\.offset) == [3, 1, 2, 0].map { $0 * 512 })
        // Two are returned, not in their order; then it is gone.
        for index in [2, 0] {
            first.deliver(
                .block(device: 0, tag: taken[index].tag, .ok, data: []), rig.memory, &effects)
        }
        #expect(rig.used == [6, 0])
        effects = EffectList()
        rig.offer(head: 12, sector: 9)
        var second = rig.device()
        second.serve(0, rig.memory, &effects)
        let again = Self.requests(&effects)
        #expect(again.map(\.offset) == [1, 0, 9].map { $0 * 512 })
        for request in again {
            second.deliver(.block(device: 0, tag: request.tag, .ok, data: []), rig.memory, &effects)
        }
        #expect(rig.used == [6, 0, 3, 9, 12])
        // Nothing is left for a third.
        effects = EffectList()
        var third = rig.device()
        third.serve(0, rig.memory, &effects)
        #expect(Self.requests(&effects).isEmpty)
    }

    /// It returned a request and died before it struck it out.
    @Test func whatWasReturnedIsNotTakenAgain() throws {
        var rig = try Rig()
        defer { rig.memory.release() }
        rig.offer(head: 0, sector: 5)
        rig.offer(head: 3, sector: 6)
        var effects = EffectList()
        var first = rig.device()
        first.serve(0, rig.memory, &effects)
        let taken = Self.requests(&effects)
        let before =
            rig.memory.bytes(GuestRange(start: GuestPhysical(Self.notes), count: 2048)) ?? []
        first.deliver(.block(device: 0, tag: taken[0].tag, .ok, data: []), rig.memory, &effects)
        // As if only the mark of which one is returned had been made.
        #expect(rig.memory.write(GuestPhysical(Self.notes), before))
        #expect(rig.memory.store16(GuestPhysical(Self.notes + 12), 0))
        effects = EffectList()
        var second = rig.device()
        second.serve(0, rig.memory, &effects)
        #expect(Self.requests(&effects).map(\.offset) == [6 * 512])
    }
}
