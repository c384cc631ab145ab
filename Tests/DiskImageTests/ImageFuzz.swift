import Bits
import DiskImage
import TestKit
import Testing

/// Images that somebody made up: each gives an error, or an image that can be read and written.
@Suite struct ImageFuzz {
    /// Small images with all that the format has.
    static func corpus() throws -> [[UInt8]] {
        var result: [[UInt8]] = []
        for (version, bits, order) in [(3, 9, 4), (2, 9, 4), (3, 10, 0), (3, 12, 6)]
            as [(UInt32, Int, UInt32)]
        {
            var choice = QcowChoice(byteCount: 200 << 10)
            (choice.version, choice.clusterBits, choice.refcountOrder) = (version, bits, order)
            choice.backingName = "base.img"
            choice.backingFormat = .raw
            let storage = MemoryStorage()
            _ = try QcowImage.create(choice, in: storage)
            let image = try QcowImage.open(storage)
            try image.put(0, [UInt8](repeating: 7, count: 9000))
            if order > 0 {
                try image.createSnapshot("one", seconds: 1, nanoseconds: 2)
                try image.put(4096, [UInt8](repeating: 8, count: 9000))
            }
            try image.writePacked(64 << 10, [UInt8](repeating: 9, count: 1 << bits))
            try image.discard(80 << 10, 20 << 10)
            try image.flush()
            result.append(storage.content)
        }
        return result
    }

    @Test(arguments: Effort.seeds)
    func noImageBreaksAnything(_ seed: UInt64) throws {
        let finding = fuzz(
            seed: seed, rounds: Effort.rounds(150, share: 1000), corpus: try Self.corpus(),
            hot: 0..<6144
        ) { input, round in
            do throws(HullError) {
                try Self.use(input, round)
            } catch {
                return error.message.hasSuffix(".") ? nil : "no sentence: \(error.message)"
            }
            return nil
        }
        #expect(finding == nil)
    }

    private static func use(_ input: [UInt8], _ round: Int) throws(HullError) {
        let storage = MemoryStorage(input)
        let header = try QcowImage.header(of: storage)
        let base = ImageLayer.raw(MemoryStorage([UInt8](repeating: 1, count: 512)), byteCount: 512)
        let isReadOnly = round % 3 == 0
        let image = try QcowImage(
            storage, header: header, backing: header.backingName == nil ? nil : base,
            codec: ToyCodec(), readOnly: isReadOnly, cacheBudget: 4096)
        var failure: HullError?
        let count = min(image.byteCount, 256 << 10)
        do throws(HullError) {
            var found: [ImageExtent] = []
            try image.extents(0, count, into: &found)
            for snapshot in try image.snapshots() {
                _ = try QcowImage(
                    storage, header: header, backing: nil, codec: ToyCodec(), readOnly: true,
                    snapshot: snapshot.name)
            }
        } catch { failure = error }
        guard !isReadOnly, count >= 8192 else {
            if let failure { throw failure }
            return
        }
        for offset in [0, 4096, count - 1024] {
            try unsafe [UInt8](repeating: 5, count: 1024).withBytes { bytes throws(HullError) in
                try unsafe image.write(offset, bytes)
            }
        }
        try image.discard(0, count)
        try image.flush()
        _ = try image.check()
        try image.createSnapshot("two", seconds: 0, nanoseconds: 0)
        try image.deleteSnapshot("two")
        // SAFETY: the buffers live through the calls.
        if let failure { throw failure }
    }
}
