import Bits
import GuestMemory
import Testing

/// RAM of 8 MiB, and a ROM page below it.
private let ram = GuestRange(start: GuestPhysical(0x8000_0000), count: 8 << 20)
private let rom = GuestRange(start: GuestPhysical(0x1000), count: 0x1000)

@Suite struct DiscardTests {
    private static let backings: [MemslotRequest.Backing] = [
        .anonymous(hugePages: true), .anonymous(hugePages: false), .shared,
    ]

    private func withMemory(
        _ backing: MemslotRequest.Backing, _ body: (GuestMemory) throws -> Void
    ) throws {
        let memory = try GuestMemory([
            MemslotRequest(ram, backing: backing), MemslotRequest(rom, access: .readOnly),
        ])
        defer { memory.release() }
        #expect(memory.fill(ram, with: 0x5a))
        #expect(memory.install(rom.start, [UInt8](repeating: 7, count: 4096)))
        try body(memory)
    }
    private func range(_ offset: UInt64, _ count: UInt64) -> GuestRange {
        GuestRange(start: ram.start + offset, count: count)
    }

    @Test(arguments: backings)
    func wholePagesBecomeZero(backing: MemslotRequest.Backing) throws {
        try withMemory(backing) { memory in
            let went = memory.discard(range(0x1800, 0x3000))
            #expect(went == [range(0x2000, 0x2000)])
            #expect(memory.load8(ram.start + 0x1fff) == 0x5a)
            #expect(memory.bytes(range(0x2000, 0x2000))?.allSatisfy { $0 == 0 } == true)
            #expect(memory.load8(ram.start + 0x4000) == 0x5a)
            #expect(memory.store8(ram.start + 0x2000, 1) && memory.load8(ram.start + 0x2000) == 1)
        }
    }

    @Test(arguments: backings)
    func theHostGetsItBack(backing: MemslotRequest.Backing) throws {
        try withMemory(backing) { memory in
            #expect(memory.residentBytes == ram.count)
            memory.discard(range(2 << 20, 4 << 20))
            #expect(memory.residentBytes == 4 << 20)
        }
    }

    @Test func whatIsNoMemoryStaysAsItIs() throws {
        try withMemory(.anonymous(hugePages: true)) { memory in
            #expect(memory.discard(rom).isEmpty && memory.load8(rom.start) == 7)
            #expect(memory.discard(range(0x10, 0xff0)).isEmpty)
            #expect(memory.discard(range(0, 0)).isEmpty)
            #expect(memory.discard(GuestRange(start: GuestPhysical(1 << 40), count: 4096)).isEmpty)
            let far = GuestRange(start: GuestPhysical(.max - 10), count: .max)
            #expect(memory.discard(far).isEmpty)
            // From the last page to the end of the world.
            let last = GuestRange(start: ram.start + ((8 << 20) - 0x1000), count: .max)
            #expect(memory.discard(last) == [range((8 << 20) - 0x1000, 0x1000)])
            let all = GuestRange(start: GuestPhysical(0), count: .max)
            #expect(memory.discard(all) == [ram])
        }
    }

    @Test func aDiscardedPageIsDirty() throws {
        try withMemory(.anonymous(hugePages: false)) { memory in
            memory.startDirtyLog()
            memory.discard(range(0x3000, 0x1000))
            #expect(memory.drainDirtyPages() == [ram.start + 0x3000])
        }
    }
}
