import Bits
import Devices
import Effects
import GuestMemory
import Synchronization

extension GuestMemory: PhysicalMemory {
    /// ROM is no place for a ring or a buffer.
    package func contains(_ range: GuestRange) -> Bool {
        // SAFETY: the slot is looked at, and no pointer leaves.
        guard let slot = unsafe slot(range.start, count: range.count) else { return false }
        return unsafe !slot.pointee.isReadOnly
    }
    package func fence() { atomicMemoryFence(ordering: .sequentiallyConsistent) }
}

/// The bytes of a chain's buffers as one sequence: where one buffer ends means nothing (§2.7.4).
struct BufferList {
    let ranges: [GuestRange]

    /// The parts that hold the bytes `skip ..< skip + count`, as far as there are any.
    private func parts(_ skip: UInt64, _ count: UInt64, _ body: (GuestRange) -> Bool) -> Bool {
        var skip = skip
        var left = count
        for range in ranges where left > 0 {
            guard skip < range.count else {
                skip -= range.count
                continue
            }
            let part = min(range.count - skip, left)
            guard body(GuestRange(start: range.start + skip, count: part)) else { return false }
            skip = 0
            left -= part
        }
        return left == 0
    }

    /// Where the bytes `skip ..< skip + count` lie; nil if the buffers are shorter.
    func slice(skipping skip: UInt64, count: UInt64) -> [GuestRange]? {
        var result: [GuestRange] = []
        let isComplete = parts(skip, count) { part in
            if let last = result.last, last.start + last.count == part.start {
                result[result.count - 1].count += part.count
            } else {
                result.append(part)
            }
            return true
        }
        return isComplete ? result : nil
    }

    /// These bytes, or nil if the buffers are shorter.
    func gather(_ memory: GuestMemory, skipping skip: UInt64, count: UInt64) -> [UInt8]? {
        let wanted = Int(truncatingIfNeeded: count)
        var isComplete = false
        // SAFETY: each part is copied to the place behind the one before it, inside the buffer.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
            isComplete = parts(skip, count) { part in
                let end = filled + Int(truncatingIfNeeded: part.count)
                guard end <= buffer.count else { return false }
                let place = unsafe UnsafeMutableRawBufferPointer(
                    UnsafeMutableBufferPointer(rebasing: buffer[filled..<end]))
                guard unsafe memory.read(part.start, into: place) else { return false }
                filled = end
                return true
            }
        }
        return isComplete ? bytes : nil
    }

    /// Appends all bytes; false if a buffer is not in memory, and then some may be appended.
    func append(to bytes: inout [UInt8], _ memory: GuestMemory) -> Bool {
        ranges.allSatisfy { memory.append($0, to: &bytes) }
    }

    /// Writes bytes from `skip` on and reports what was written. False if the buffers are shorter.
    @discardableResult
    func scatter(
        _ bytes: [UInt8], _ memory: GuestMemory, skipping skip: UInt64,
        _ effects: inout EffectList
    ) -> Bool {
        var sent = 0
        var written: [GuestRange] = []
        let isComplete = parts(skip, UInt64(bytes.count)) { part in
            let end = sent + Int(truncatingIfNeeded: part.count)
            guard memory.write(part.start, bytes[sent..<end]) else { return false }
            sent = end
            written.append(part)
            return true
        }
        for range in written { effects.append(.wrote(range)) }
        return isComplete
    }

    func zero(
        _ memory: GuestMemory, skipping skip: UInt64, count: UInt64, _ effects: inout EffectList
    ) {
        var written: [GuestRange] = []
        _ = parts(skip, count) { part in
            guard memory.fill(part, with: 0) else { return false }
            written.append(part)
            return true
        }
        for range in written { effects.append(.wrote(range)) }
    }
}

/// Little-endian fields out of bytes that were gathered.
extension [UInt8] {
    func little32(_ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << UInt32($1 * 8) }
    }
    func little64(_ offset: Int) -> UInt64 {
        UInt64(little32(offset)) | UInt64(little32(offset + 4)) << 32
    }
    mutating func append(little value: UInt64, bytes: Int) {
        for index in 0..<bytes { append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8))) }
    }
}
