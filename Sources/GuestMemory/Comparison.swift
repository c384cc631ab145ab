import Bits
import Glibc

extension GuestMemory {
    /// The first aligned doubleword that differs from another memory with the same slots; nil: none.
    package func firstDifference(from other: GuestMemory) -> GuestPhysical? {
        guard slotCount == other.slotCount else { return GuestPhysical(0) }
        for index in 0..<slotCount {
            let slot = unsafe slots[index]
            if let found = firstDifference(from: other, in: slot.range) { return found }
        }
        return nil
    }

    /// The same for a range of whole doublewords; what only one of them holds differs.
    package func firstDifference(from other: GuestMemory, in range: GuestRange) -> GuestPhysical? {
        guard let mine = unsafe host(range.start, count: range.count),
            let theirs = unsafe other.host(range.start, count: range.count)
        else { return range.start }
        let count = Int(truncatingIfNeeded: range.count)
        for offset in stride(from: 0, to: count, by: Self.comparedBytes) {
            let part = min(Self.comparedBytes, count - offset)
            // SAFETY: both mappings hold `count` bytes from here on.
            guard unsafe memcmp(mine + offset, theirs + offset, part) != 0 else { continue }
            for at in stride(from: offset, to: offset + part, by: 8)
            where unsafe mine.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                != theirs.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            { return range.start + UInt64(at) }
        }
        return nil
    }
    /// Whether memory holds these bytes now, which others may change meanwhile.
    package func holds(_ bytes: [UInt8], at address: GuestPhysical) -> Bool {
        guard let mine = unsafe host(address, count: UInt64(bytes.count)) else { return false }
        // SAFETY: both hold `bytes.count` bytes.
        return unsafe bytes.withUnsafeBytes { theirs in
            unsafe theirs.baseAddress.map { unsafe memcmp(mine, $0, bytes.count) == 0 } ?? true
        }
    }

    /// A page at a time, so that the doubleword is found quickly.
    private static let comparedBytes = 4096
}
