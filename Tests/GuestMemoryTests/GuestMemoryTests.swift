import Bits
import Glibc
import GuestMemory
import Testing

/// RAM at 0x8000_0000 (1 MiB) and a ROM page at 0x1000, as the board has them.
private let ram = GuestRange(start: GuestPhysical(0x8000_0000), count: 1 << 20)
private let rom = GuestRange(start: GuestPhysical(0x1000), count: 0x1000)

private func withMemory(
    _ backing: MemslotRequest.Backing = .anonymous(hugePages: true),
    _ body: (GuestMemory) throws -> Void
) throws {
    let memory = try GuestMemory([
        MemslotRequest(ram, backing: backing), MemslotRequest(rom, access: .readOnly),
    ])
    defer { memory.release() }
    try body(memory)
}

private func at(_ address: UInt64) -> GuestPhysical { GuestPhysical(address) }

@Suite struct GuestMemoryTests {
    @Test(arguments: [
        MemslotRequest.Backing.anonymous(hugePages: true), .anonymous(hugePages: false), .shared,
    ])
    func startsAsZeroAndKeepsWhatIsStored(backing: MemslotRequest.Backing) throws {
        try withMemory(backing) { memory in
            #expect(memory.load64(at(0x8000_0000)) == 0)
            #expect(memory.store64(at(0x8000_0000), 0x0102_0304_0506_0708))
            #expect(memory.load8(at(0x8000_0000)) == 0x08)
            #expect(memory.load16(at(0x8000_0001)) == 0x0607)
            #expect(memory.load32(at(0x8000_0004)) == 0x0102_0304)
            #expect(memory.store(at(0x8000_0ffd), 0xaabb_ccdd, width: .word))
            #expect(memory.load(at(0x8000_0fff), width: .half) == 0xaabb)
        }
    }

    @Test func nothingOutsideASlotIsReached() throws {
        try withMemory { memory in
            let end: UInt64 = 0x8010_0000
            #expect(memory.load8(at(end - 1)) == 0)
            #expect(memory.load8(at(end)) == nil)
            #expect(memory.load16(at(end - 1)) == nil)
            #expect(memory.load64(at(end - 7)) == nil)
            #expect(memory.load64(at(0x7fff_ffff)) == nil)
            #expect(memory.load64(at(.max)) == nil)
            #expect(memory.load64(at(.max - 6)) == nil)
            #expect(!memory.store64(at(end - 4), 1))
            #expect(memory.load32(at(end - 4)) == 0)
            for count: UInt64 in [(1 << 20) + 1, 1 << 63, .max, .max - 0x7fff_ffff] {
                #expect(unsafe memory.host(at(0x8000_0000), count: count) == nil)
                #expect(unsafe memory.host(at(0x8000_0001), count: count) == nil)
                #expect(memory.bytes(GuestRange(start: at(0x8000_0000), count: count)) == nil)
            }
            #expect(unsafe memory.host(at(0x8000_0000), count: 1 << 20) != nil)
        }
    }

    @Test func romIsReadButNotWritten() throws {
        try withMemory { memory in
            #expect(memory.install(at(0x1000), [1, 2, 3, 4]))
            #expect(memory.load32(at(0x1000)) == 0x0403_0201)
            #expect(!memory.store8(at(0x1000), 9))
            #expect(!memory.write(at(0x1000), [9]))
            #expect(!memory.fill(rom, with: 9))
            #expect(memory.compareExchange(at(0x1000), UInt32(0x0403_0201), 0) == .refused)
            #expect(memory.load32(at(0x1000)) == 0x0403_0201)
            #expect(!memory.install(at(0x1ffe), [1, 2, 3]))
        }
    }

    @Test func bytesGoInAndOut() throws {
        try withMemory { memory in
            #expect(memory.write(at(0x8000_0ffe), [1, 2, 3, 4]))
            #expect(
                memory.bytes(GuestRange(start: at(0x8000_0ffd), count: 6)) == [0, 1, 2, 3, 4, 0])
            #expect(memory.bytes(GuestRange(start: at(0x8000_0000), count: 0)) == [])
            #expect(memory.fill(GuestRange(start: at(0x8000_0fff), count: 2), with: 0x5a))
            #expect(memory.load32(at(0x8000_0ffe)) == 0x045a_5a01)
            #expect(!memory.write(at(0x800f_ffff), [1, 2]))
            #expect(memory.load8(at(0x800f_ffff)) == 0)
        }
    }

    @Test func compareExchangeIsAtomicAndAligned() throws {
        try withMemory { memory in
            let a = at(0x8000_0100)
            #expect(memory.compareExchange(a, UInt32(0), 7) == .stored)
            #expect(memory.compareExchange(a, UInt32(0), 9) == .found(7))
            #expect(memory.compareExchange(a, UInt64(7), 1 << 40) == .stored)
            #expect(memory.load64(a) == 1 << 40)
            #expect(memory.compareExchange(at(0x8000_0102), UInt32(0), 1) == .refused)
            #expect(memory.compareExchange(at(0x8000_0104), UInt64(0), 1) == .refused)
            #expect(memory.compareExchange(at(0x8010_0000), UInt64(0), 1) == .refused)
            let big = UInt128(5) << 64 | 1 << 40
            #expect(memory.compareExchange(a, big, 0) == .found(1 << 40))
            #expect(memory.compareExchange(a, UInt128(1 << 40), big) == .stored)
            #expect(memory.load64(at(0x8000_0108)) == 5)
            #expect(memory.compareExchange(at(0x8000_0108), big, 0) == .refused)
        }
    }

    @Test func aPlanThatCannotBeIsRefusedInASentence() {
        func refuses(_ ranges: (UInt64, UInt64)...) -> Bool {
            do {
                let requests = ranges.map {
                    MemslotRequest(GuestRange(start: at($0.0), count: $0.1))
                }
                try GuestMemory(requests).release()
                return false
            } catch { return error.code == .usage && !error.message.isEmpty }
        }
        #expect(refuses((0x8000_0000, 0)))
        #expect(refuses((0x8000_0000, 0x800)))
        #expect(refuses((0x8000_0800, 0x1000)))
        #expect(refuses((.max - 0xfff, 0x1000)))
        #expect(refuses((0, 1 << 63)))
        #expect(refuses((0x1000, 0x2000), (0x2000, 0x1000)))
        #expect(!refuses((0x1000, 0x1000), (0x2000, 0x1000)))
    }

    @Test func memoryIsResidentOnlyWhereItWasTouched() throws {
        let size: UInt64 = 4 << 30
        let memory = try GuestMemory(
            ram: GuestRange(start: at(0x8000_0000), count: size),
            backing: .anonymous(hugePages: false))
        defer { memory.release() }
        #expect(memory.store64(at(0x8000_0000 + size - 8), 1))
        #expect(memory.store64(at(0x8000_0000 + 0x5000), 1))
        let pages = Int(size / 4096)
        var resident = [UInt8](repeating: 0, count: pages)
        let base = unsafe try #require(unsafe memory.host(at(0x8000_0000), count: size))
        let answer = unsafe mincore(base, Int(size), &resident)
        #expect(answer == 0)
        #expect(resident.indices.filter { resident[$0] & 1 != 0 } == [5, pages - 1])
    }
}

@Suite struct PageLogTests {
    @Test func codePagesAreFoundByAnyByteOfThem() throws {
        try withMemory { memory in
            memory.setHasCode(at(0x8000_1234))
            memory.setHasCode(at(0x8000_3000))
            memory.setHasCode(at(0x9000_0000))
            #expect(memory.pageFlags(at(0x8000_1fff)) == .hasCode)
            #expect(memory.pageFlags(at(0x8000_2000)) == [])
            #expect(memory.hasCode(in: GuestRange(start: at(0x8000_0fff), count: 2)))
            #expect(!memory.hasCode(in: GuestRange(start: at(0x8000_0fff), count: 1)))
            #expect(!memory.hasCode(in: GuestRange(start: at(0x8000_1000), count: 0)))
            #expect(
                memory.codePages(in: GuestRange(start: at(0), count: .max))
                    == [at(0x8000_1000), at(0x8000_3000)])
            #expect(
                memory.codePages(in: GuestRange(start: at(0x8000_2800), count: .max))
                    == [at(0x8000_3000)])
            memory.clearHasCode(at(0x8000_1000))
            #expect(memory.pageFlags(at(0x8000_1000)) == [])
        }
    }

    @Test func theDirtyLogNamesWhatWasWritten() throws {
        try withMemory { memory in
            #expect(memory.store8(at(0x8000_0000), 1))
            memory.startDirtyLog()
            #expect(memory.storesAreWatched(at(0x8000_5000)))
            #expect(memory.load64(at(0x8000_5000)) == 0)
            #expect(memory.store64(at(0x8000_5ffc), 1))
            #expect(!memory.storesAreWatched(at(0x8000_5000)))
            #expect(memory.write(at(0x8000_8fff), [1, 2]))
            #expect(!memory.store64(at(0x800f_fffc), 1))
            #expect(memory.compareExchange(at(0x8000_a000), UInt32(0), 1) == .stored)
            memory.setHasCode(at(0x8000_a000))
            #expect(memory.storesAreWatched(at(0x8000_a000)))
            let pages = [0x8000_5000, 0x8000_6000, 0x8000_8000, 0x8000_9000, 0x8000_a000].map {
                at($0)
            }
            #expect(memory.drainDirtyPages() == pages)
            #expect(memory.drainDirtyPages() == [])
            #expect(memory.pageFlags(at(0x8000_a000)) == .hasCode)
            memory.stopDirtyLog()
            #expect(memory.store8(at(0x8000_5000), 1))
            #expect(memory.drainDirtyPages() == [])
            #expect(!memory.storesAreWatched(at(0x8000_5000)))
            #expect(memory.storesAreWatched(at(0x9000_0000)))
        }
    }
}
