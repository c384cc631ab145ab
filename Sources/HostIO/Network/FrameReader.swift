import Effects

/// Gathers frames that the host's kernel writes one by one.
///
/// SAFETY: the buffer that is handed out is the rest of an array's storage.
struct FrameReader {
    private static let capacity = 256 << 10
    private static let largestCount = 128
    private var buffer = [UInt8](repeating: 0, count: capacity + FrameBatch.largestFrame)
    private var ends: [Int] = []
    private var filled = 0

    /// Whether another frame fits, however long.
    var hasRoom: Bool { filled < Self.capacity && ends.count < Self.largestCount }

    /// Has `body` fill in one frame; it returns the count, or what else a read returns. What is too
    /// short for a frame is left out.
    mutating func read(_ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe body(UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
        }
        if count >= FrameBatch.smallestFrame {
            filled += count
            ends.append(filled)
        }
        return count
    }

    /// The address that the frame which was read last comes from.
    var lastSource: MACAddress? {
        guard let end = ends.last else { return nil }
        let start = ends.count > 1 ? ends[ends.count - 2] : 0
        guard end - start >= FrameBatch.smallestFrame else { return nil }
        return MACAddress(buffer, at: start + FrameHeader.byteCount + 6)
    }

    /// The frames so far, in an array that is as large as they are.
    mutating func take() -> FrameBatch {
        guard !ends.isEmpty else { return FrameBatch() }
        defer {
            ends = []
            filled = 0
        }
        return FrameBatch(bytes: Array(buffer[..<filled]), ends: ends)
    }
}
