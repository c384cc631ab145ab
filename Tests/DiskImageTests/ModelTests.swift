import Bits
import DiskImage
import TestKit
import Testing

/// A qcow2 image and the flat array that it must be equal to.
struct ImageModel {
    let storage: MemoryStorage
    let image: QcowImage
    let base: [UInt8]?
    var flat: [UInt8]
    /// Flat contents since the last flush: a crash leaves, for each sector, one of these.
    var history: [[UInt8]]
    var numbers: SeededNumbers
    let choice: QcowChoice

    init(seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        let bits = Int.random(in: 9...12, using: &numbers)
        let size = UInt64.random(in: 40...400, using: &numbers) * 512
        var choice = QcowChoice(byteCount: size)
        choice.clusterBits = bits
        choice.version = Bool.random(using: &numbers) ? 3 : 2
        if choice.version == 3 {
            choice.refcountOrder = UInt32.random(in: 0...6, using: &numbers)
        }
        storage = MemoryStorage()
        let header = try QcowImage.create(choice, in: storage)
        var flat = [UInt8](repeating: 0, count: Int(size))
        var backing: ImageLayer?
        if Bool.random(using: &numbers) {
            let count = Int.random(in: 20...400, using: &numbers) * 512
            let base = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 512 &* 5 &+ 1) }
            for index in 0..<min(count, flat.count) { flat[index] = base[index] }
            backing = .raw(MemoryStorage(base), byteCount: UInt64(count))
            self.base = base
        } else {
            base = nil
        }
        image = try QcowImage(
            storage, header: header, backing: backing, codec: ToyCodec(), readOnly: false,
            cacheBudget: 4096)
        self.flat = flat
        history = [flat]
        self.choice = choice
        self.numbers = numbers
        storage.startLog()
    }

    var backing: ImageLayer? {
        base.map { .raw(MemoryStorage($0), byteCount: UInt64($0.count)) }
    }

    private mutating func range() -> Range<Int> {
        let sectors = flat.count / 512
        let first = Int.random(in: 0..<sectors, using: &numbers)
        let count = Int.random(in: 1...min(40, sectors - first), using: &numbers)
        return first * 512..<(first + count) * 512
    }

    /// One random request; true if it was a flush.
    mutating func step() throws -> Bool {
        let range = range()
        let (offset, count) = (UInt64(range.lowerBound), UInt64(range.count))
        switch Int.random(in: 0..<16, using: &numbers) {
        case 0..<8:
            let byte = UInt8.random(in: 0...255, using: &numbers)
            let bytes = (0..<range.count).map { UInt8(truncatingIfNeeded: $0 / 512) &+ byte }
            try image.put(offset, bytes)
            flat.replaceSubrange(range, with: bytes)
        case 8, 9:
            try image.writeZeroes(offset, count)
            flat.replaceSubrange(range, with: [UInt8](repeating: 0, count: range.count))
        case 10:
            try image.discard(offset, count)
            // Whole clusters read as zeros, if the version can say so; the rest stays.
            if base == nil || choice.version == 3 {
                let cluster = 1 << choice.clusterBits
                let start = (range.lowerBound + cluster - 1) / cluster * cluster
                let end =
                    range.upperBound == flat.count
                    ? flat.count : range.upperBound / cluster * cluster
                if start < end {
                    flat.replaceSubrange(
                        start..<end, with: [UInt8](repeating: 0, count: end - start))
                }
            }
        case 11, 12:
            let cluster = 1 << choice.clusterBits
            let start = range.lowerBound / cluster * cluster
            let end = min(start + cluster, flat.count)
            let bytes = [UInt8](
                repeating: UInt8.random(in: 0...255, using: &numbers), count: end - start)
            try image.writePacked(UInt64(start), bytes)
            flat.replaceSubrange(start..<end, with: bytes)
        case 13:
            #expect(try image.bytes(offset, range.count) == Array(flat[range]))
            return false
        default:
            try image.flush()
            history = [flat]
            return true
        }
        history.append(flat)
        return false
    }

    /// What is wrong with an image that a crash left; nil if nothing.
    func fault(afterCrash content: [UInt8]) throws -> String? {
        let left = try QcowImage.open(MemoryStorage(content), backing: backing)
        let check = try left.check()
        if let fault = check.faults.first { return fault }
        let bytes = try left.bytes(0, flat.count)
        for sector in 0..<flat.count / 512 {
            let range = sector * 512..<(sector + 1) * 512
            guard history.contains(where: { $0[range] == bytes[range] }) else {
                return "sector \(sector) holds what nobody wrote since the last flush"
            }
        }
        return nil
    }
}

@Suite struct QcowModelTests {
    @Test(arguments: Effort.seeds)
    func anImageIsAnArray(_ seed: UInt64) throws {
        for round in 0..<Effort.rounds(12, share: 20_000) {
            var model = try ImageModel(seed: seed &* 1000 &+ UInt64(round))
            for _ in 0..<60 { _ = try model.step() }
            #expect(try model.image.bytes(0, model.flat.count) == model.flat)
            try model.image.flush()
            let check = try model.image.check()
            #expect(check.faults == [] && check.leaked == 0, "seed \(seed), round \(round)")
            let again = try QcowImage.open(model.storage, backing: model.backing)
            #expect(try again.bytes(0, model.flat.count) == model.flat)
        }
    }

    /// A process that is killed: what it wrote is there, up to some point.
    @Test(arguments: Effort.seeds)
    func aKillLosesNothingThatWasFlushed(_ seed: UInt64) throws {
        for round in 0..<Effort.rounds(2, share: 50_000) {
            var model = try ImageModel(seed: seed &* 2000 &+ UInt64(round))
            // What the storage held, and what had been logged, at the last flush.
            var content = model.storage.content
            for step in 0..<40 {
                model.storage.startLog()
                let before = content
                let history = model.history
                let isFlush = try model.step()
                content = model.storage.content
                var checked = model
                if isFlush { checked.history = history }
                var left = before
                for change in model.storage.log {
                    if case .flush = change { continue }
                    MemoryStorage.carryOut(change, &left)
                    let fault = try checked.fault(afterCrash: left)
                    #expect(fault == nil, "seed \(seed), round \(round), step \(step)")
                    if fault != nil { return }
                }
            }
        }
    }

    /// A power failure: of what was written since the storage's last flush, any part may be missing.
    @Test(arguments: Effort.seeds)
    func aPowerFailureLosesNothingThatWasFlushed(_ seed: UInt64) throws {
        for round in 0..<Effort.rounds(6, share: 50_000) {
            var model = try ImageModel(seed: seed &* 3000 &+ UInt64(round))
            var durable = model.storage.content
            var pending: [MemoryStorage.Change] = []
            for step in 0..<40 {
                model.storage.startLog()
                let history = model.history
                let isFlush = try model.step()
                var checked = model
                if isFlush { checked.history = history }
                for change in model.storage.log {
                    guard case .flush = change else {
                        pending.append(change)
                        continue
                    }
                    try crash(
                        &checked, durable, pending, "seed \(seed), round \(round), step \(step)")
                    durable = MemoryStorage.after(durable, pending)
                    pending = []
                }
                model.numbers = checked.numbers
            }
        }
    }

    private func crash(
        _ model: inout ImageModel, _ durable: [UInt8], _ pending: [MemoryStorage.Change],
        _ place: String
    ) throws {
        for _ in 0..<3 {
            let kept = pending.filter { _ in Bool.random(using: &model.numbers) }
            let fault = try model.fault(afterCrash: MemoryStorage.after(durable, kept))
            #expect(fault == nil, "\(place)")
        }
    }
}
