import Bits
import Glibc

extension GuestMemory {
    /// The first aligned doubleword that differs from another memory with the same slots; nil: none.
    package func firstDifference(from other: GuestMemory) -> GuestPhysical? {
        guard slotCount == other.slotCount else { return GuestPhysical(0) }
        for index in 0..<slotCount {
            let mine = unsafe slots[index]
            let theirs = unsafe other.slots[index]
            guard mine.range == theirs.range else { return GuestPhysical(mine.start) }
            let count = Int(truncatingIfNeeded: mine.count)
            for offset in stride(from: 0, to: count, by: Self.comparedBytes) {
                let part = min(Self.comparedBytes, count - offset)
                // SAFETY: both mappings hold `count` bytes.
                guard unsafe memcmp(mine.base + offset, theirs.base + offset, part) != 0 else {
                    continue
                }
                for at in stride(from: offset, to: offset + part, by: 8)
                where unsafe mine.base.load(fromByteOffset: at, as: UInt64.self)
                    != theirs.base.load(fromByteOffset: at, as: UInt64.self)
                { return GuestPhysical(mine.start &+ UInt64(at)) }
            }
        }
        return nil
    }
    /// A page at a time, so that the doubleword is found quickly.
    private static let comparedBytes = 4096
}
