/// Bytes of this process's memory that somebody lends for the length of a call: a buffer of the caller or
/// a piece of guest memory. A number and a length, so that lists of them can be cut and joined; only who
/// moves the bytes makes a pointer of it.
package struct MemoryPart: Sendable, Equatable {
    package var address: UInt
    package var count: Int

    package init(address: UInt, count: Int) {
        self.address = address
        self.count = count
    }

    // SAFETY: who lent the bytes keeps them until the call that they were lent for returns.
    package var buffer: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(
            start: UnsafeMutableRawPointer(bitPattern: address), count: count)
    }
    package var source: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(buffer) }
}

/// Parts as one sequence of bytes, of which stretches are taken from the front.
package struct PartQueue {
    private let parts: [MemoryPart]
    private var next = 0
    /// Bytes of the next part that are taken.
    private var taken = 0

    package init(_ parts: [MemoryPart]) { self.parts = parts }

    /// The next bytes, as far as there are any.
    package mutating func take(_ count: Int) -> [MemoryPart] {
        var result: [MemoryPart] = []
        var left = count
        while left > 0, next < parts.count {
            let part = parts[next]
            let step = min(left, part.count - taken)
            if step > 0 {
                result.append(
                    MemoryPart(address: part.address &+ UInt(taken), count: step))
            }
            left -= step
            taken += step
            if taken == part.count {
                next += 1
                taken = 0
            }
        }
        return result
    }
}

// SAFETY: as `MemoryPart.buffer`; no more bytes are moved than a part has.
extension [MemoryPart] {
    package var byteCount: Int { reduce(0) { $0 + $1.count } }

    /// Copies bytes there, as many as there is room for.
    package func fill(from bytes: ArraySlice<UInt8>) {
        var rest = bytes
        for part in self {
            let count = Swift.min(part.count, rest.count)
            unsafe part.buffer.copyBytes(from: rest.prefix(count))
            rest = rest.dropFirst(count)
        }
    }

    package func fillWithZeros() {
        for part in self { unsafe part.buffer.initializeMemory(as: UInt8.self, repeating: 0) }
    }

    /// The bytes that are there.
    package var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(byteCount)
        for part in self { unsafe result.append(contentsOf: part.source) }
        return result
    }
}
