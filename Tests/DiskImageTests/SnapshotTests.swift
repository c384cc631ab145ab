import Bits
import DiskImage
import Testing

@Suite struct QcowSnapshotTests {
    private func image(_ size: UInt64 = 256 << 10, order: UInt32 = 4) throws -> (
        MemoryStorage, QcowImage
    ) {
        var choice = QcowChoice(byteCount: size)
        choice.clusterBits = 9
        choice.refcountOrder = order
        let storage = MemoryStorage()
        _ = try QcowImage.create(choice, in: storage)
        return (storage, try QcowImage.open(storage))
    }

    private func expectSound(_ image: QcowImage) throws {
        let check = try image.check()
        #expect(check.faults == [] && check.leaked == 0)
    }

    @Test func aSnapshotKeepsWhatThereWas() throws {
        let (storage, image) = try image()
        let first = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try image.put(1000 / 512 * 512, first)
        try image.createSnapshot("one", seconds: 5, nanoseconds: 6)
        try expectSound(image)
        let second = [UInt8](repeating: 9, count: 30_000)
        try image.put(10_240, second)
        try image.createSnapshot("two", seconds: 7, nanoseconds: 8)
        try image.put(0, [UInt8](repeating: 1, count: 100 << 10))
        try image.flush()
        try expectSound(image)
        let header = try QcowImage.header(of: storage)
        let old = try QcowImage(
            storage, header: header, backing: nil, codec: ToyCodec(), readOnly: false,
            snapshot: "one")
        #expect(old.isReadOnly)
        #expect(try old.bytes(512, 50_000) == first)
        #expect(try image.snapshots().map(\.name) == ["one", "two"])
        #expect(try image.snapshots().map(\.id) == ["1", "2"])

        try image.applySnapshot("one")
        try expectSound(image)
        #expect(try image.bytes(512, 50_000) == first)
        #expect(try image.bytes(60_000, 100) == [UInt8](repeating: 0, count: 100))
        try image.put(0, [UInt8](repeating: 2, count: 512))
        try image.deleteSnapshot("one")
        try expectSound(image)
        #expect(try image.bytes(512, 50_000) == first)
        try image.applySnapshot("two")
        #expect(try image.bytes(10_240, 30_000) == second)
        try image.deleteSnapshot("two")
        try expectSound(image)
        #expect(try image.bytes(10_240, 30_000) == second)
        #expect(try image.snapshots().isEmpty)
        let again = try QcowImage.open(storage)
        #expect(try again.bytes(10_240, 30_000) == second)
        try expectSound(again)
    }

    @Test func countsOfOneBitAllowNoSnapshot() throws {
        let (_, image) = try image(order: 0)
        try image.put(0, [UInt8](repeating: 1, count: 4096))
        do {
            try image.createSnapshot("one", seconds: 0, nanoseconds: 0)
            Issue.record("a cluster cannot be counted twice in one bit")
        } catch { #expect("\(error)".contains("too short for another snapshot")) }
    }

    @Test func whatIsCutOffDoesNotComeBack() throws {
        let (storage, image) = try image()
        try image.put(0, [UInt8](repeating: 7, count: 256 << 10))
        try image.resize(to: 100_000)
        #expect(image.byteCount == 100_352)
        try expectSound(image)
        try image.resize(to: 40 << 20)
        try expectSound(image)
        #expect(try image.bytes(0, 100_000) == [UInt8](repeating: 7, count: 100_000))
        #expect(try image.bytes(100_352, 65536) == [UInt8](repeating: 0, count: 65536))
        let last = [UInt8](repeating: 3, count: 512)
        try image.put((40 << 20) - 512, last)
        try image.flush()
        let again = try QcowImage.open(storage)
        #expect(try again.bytes((40 << 20) - 512, 512) == last)
        try expectSound(again)
    }

    @Test func aLongerOverlayHidesTheRestOfItsBase() throws {
        var choice = QcowChoice(byteCount: 10 << 10)
        choice.clusterBits = 12
        let storage = MemoryStorage()
        let header = try QcowImage.create(choice, in: storage)
        let base = MemoryStorage([UInt8](repeating: 6, count: 64 << 10))
        let image = try QcowImage(
            storage, header: header, backing: .raw(base, byteCount: 64 << 10), codec: ToyCodec(),
            readOnly: false)
        try image.resize(to: 128 << 10)
        #expect(try image.bytes(0, 10 << 10) == [UInt8](repeating: 6, count: 10 << 10))
        #expect(try image.bytes(10 << 10, 118 << 10) == [UInt8](repeating: 0, count: 118 << 10))
        try expectSound(image)
    }
}
