import Bits
import Loader
import Testing

@Suite struct PlacementTests {
    private static let ram = GuestRange(start: GuestPhysical(0x8000_0000), count: 128 << 20)

    @Test func segmentsMustLieInMemory() throws {
        let plan = try plan(linuxImage())
        try plan.check(against: [Self.ram])
        try plan.check(against: [
            GuestRange(start: GuestPhysical(0), count: 4096), Self.ram,
        ])
        for (start, count) in [
            (0x8000_0000, 0x20_0000), (0x8000_0000, 0x20_3fff), (0x8020_1000, 1 << 30),
        ] {
            let memslot = GuestRange(start: GuestPhysical(UInt64(start)), count: UInt64(count))
            #expect(throws: HullError.self) { try plan.check(against: [memslot]) }
        }
        #expect(throws: HullError.self) { try plan.check(against: []) }
    }

    @Test func imagesMustNotOverlap() throws {
        let firmware = try plan([UInt8](repeating: 0xff, count: 0x20_0001), raw: true)
        let kernel = try plan(linuxImage())
        #expect(throws: HullError.self) { try kernel.check(against: firmware) }
        let smaller = try plan([UInt8](repeating: 0xff, count: 0x20_0000), raw: true)
        try kernel.check(against: smaller)
        try smaller.check(against: kernel)
    }

    @Test func theRAMDiskAndTheTreeLieAboveTheKernel() throws {
        let kernel = try plan(linuxImage())
        let placement = try BootPlacement(
            ram: Self.ram, occupied: [kernel], initialRAMDiskCount: 5_000_001, deviceTreeCount: 7000
        )
        let disk = try #require(placement.initialRAMDisk)
        let top = Self.ram.start + Self.ram.count
        #expect(disk.start >= kernel.end && disk.start + disk.count <= placement.deviceTree.start)
        #expect(placement.deviceTree.start + placement.deviceTree.count <= top)
        #expect(disk.start.rawValue % 4096 == 0 && placement.deviceTree.start.rawValue % 8 == 0)
        #expect(disk.count == 5_000_001 && placement.deviceTree.count == 7000)
    }

    @Test(arguments: [0, 0x20_0000, 0x20_4000, 0x21_5000] as [UInt64])
    func tooLittleMemoryIsAnError(count: UInt64) throws {
        let kernel = try plan(linuxImage())
        let ram = GuestRange(start: GuestPhysical(0x8000_0000), count: count)
        #expect(throws: HullError.self) {
            try BootPlacement(
                ram: ram, occupied: [kernel], initialRAMDiskCount: 1 << 20, deviceTreeCount: 7000)
        }
    }
}
