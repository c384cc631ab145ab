import Bits
import CHost
import DiskImage

/// Compressed clusters, by the host's zlib and libzstd.
package struct HostCodec: ClusterCodec {
    package init() {}

    /// Loads the library now, where it may be needed later: then this process may open no more files.
    package init(loading compression: ClusterCompression) {
        _ = SharedLibrary(compression == .zstd ? "libzstd.so.1" : "libz.so.1")
    }

    package func unpack(
        _ input: [UInt8], _ compression: ClusterCompression, count: Int
    ) throws(HullError) -> [UInt8] {
        switch compression {
        case .deflate:
            // A window of 15 bits reads every smaller one.
            guard let stream = ZlibStream(windowBits: -15) else { throw Self.missing("libz.so.1") }
            return try unpack(stream, input, .gzip, count)
        case .zstd:
            guard let stream = ZstdStream() else { throw Self.missing("libzstd.so.1") }
            return try unpack(stream, input, .zstd, count)
        }
    }

    private func unpack<Stream: StreamDecoder & ~Copyable>(
        _ stream: consuming Stream, _ input: [UInt8], _ format: CompressionFormat, _ count: Int
    ) throws(HullError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(count)
        var rest = input[...]
        while output.count < count {
            var part = [UInt8](repeating: 0, count: count - output.count)
            let step = try stream.step(rest, into: &part)
            rest = rest.dropFirst(step.consumed)
            output += part[..<step.produced]
            guard output.count == count || !step.ended && (step.consumed > 0 || step.produced > 0)
            else { throw Decompression.broken(format, "it ends early") }
        }
        return output
    }

    package func pack(
        _ input: [UInt8], _ compression: ClusterCompression
    ) throws(HullError) -> [UInt8]? {
        switch compression {
        case .deflate:
            guard let encoder = DeflateEncoder() else { throw Self.missing("libz.so.1") }
            return encoder.pack(input)
        case .zstd:
            guard let encoder = ZstdEncoder() else { throw Self.missing("libzstd.so.1") }
            return encoder.pack(input)
        }
    }

    private static func missing(_ library: String) -> HullError {
        HullError(.host, "Compressed clusters need \(library); install it.")
    }
}

/// zlib's deflate, without a header and with a window of 2¹² bytes, as QEMU packs and unpacks clusters.
@safe private struct DeflateEncoder {
    private typealias Stream = UnsafeMutablePointer<hull_zlib_stream>
    private typealias Start =
        @convention(c) (Stream, Int32, Int32, Int32, Int32, Int32, UnsafePointer<CChar>, Int32) ->
        Int32
    private typealias Step = @convention(c) (Stream, Int32) -> Int32
    private typealias End = @convention(c) (Stream) -> Int32

    private let start: Start
    private let deflate: Step
    private let end: End

    init?() {
        // SAFETY: the function types are those of zlib.h.
        guard let library = SharedLibrary("libz.so.1"),
            let start = unsafe library.function("deflateInit2_", as: Start.self),
            let deflate = unsafe library.function("deflate", as: Step.self),
            let end = unsafe library.function("deflateEnd", as: End.self)
        else { return nil }
        unsafe (self.start, self.deflate, self.end) = unsafe (start, deflate, end)
    }

    /// Nil where the result would not be shorter.
    // SAFETY: the stream lives on this frame from start to end and does not move in between; its buffers
    // are borrowed for the one call that uses them.
    func pack(_ input: [UInt8]) -> [UInt8]? {
        unsafe withUnsafeTemporaryAllocation(of: hull_zlib_stream.self, capacity: 1) { room in
            guard let stream = room.baseAddress else { return nil }
            unsafe stream.initialize(to: hull_zlib_stream())
            let size = unsafe Int32(MemoryLayout<hull_zlib_stream>.size)
            // The default level, the only method, 12 bits without header, the most memory.
            guard unsafe start(stream, -1, 8, -12, 9, 0, "1", size) == 0 else { return nil }
            defer { _ = unsafe end(stream) }
            var output = [UInt8](repeating: 0, count: input.count)
            let result = unsafe input.withUnsafeBufferPointer { source in
                unsafe output.withUnsafeMutableBufferPointer { target in
                    unsafe stream.pointee.next_in = source.baseAddress
                    unsafe stream.pointee.avail_in = UInt32(source.count)
                    unsafe stream.pointee.next_out = target.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(target.count)
                    // Z_FINISH
                    return unsafe deflate(stream, 4)
                }
            }
            let count = unsafe output.count - Int(stream.pointee.avail_out)
            // Z_STREAM_END: all of it fitted.
            return result == 1 && count < input.count ? Array(output[..<count]) : nil
        }
    }
}

/// libzstd's encoder.
@safe private struct ZstdEncoder {
    private typealias Compress =
        @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int, Int32) -> Int
    private typealias IsError = @convention(c) (Int) -> UInt32

    private let compress: Compress
    private let isError: IsError

    init?() {
        // SAFETY: the function types are those of zstd.h.
        guard let library = SharedLibrary("libzstd.so.1"),
            let compress = unsafe library.function("ZSTD_compress", as: Compress.self),
            let isError = library.function("ZSTD_isError", as: IsError.self)
        else { return nil }
        unsafe self.compress = unsafe compress
        self.isError = isError
    }

    /// Nil where the result would not be shorter.
    // SAFETY: both buffers are borrowed for the call.
    func pack(_ input: [UInt8]) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: input.count)
        let count = unsafe input.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                unsafe compress(
                    target.baseAddress, target.count, source.baseAddress, source.count, 3)
            }
        }
        // A buffer that is too small is an error too.
        return isError(count) == 0 && count < input.count ? Array(output[..<count]) : nil
    }
}
