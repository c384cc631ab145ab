import Bits
import CHost

/// zlib's inflate, reading gzip members or bare streams.
@safe struct ZlibStream: ~Copyable, StreamDecoder {
    private typealias Stream = UnsafeMutablePointer<hull_zlib_stream>
    private typealias Start = @convention(c) (Stream, Int32, UnsafePointer<CChar>, Int32) -> Int32
    private typealias Step = @convention(c) (Stream, Int32) -> Int32
    private typealias End = @convention(c) (Stream) -> Int32

    /// Does not move: zlib keeps its address.
    private let stream: Stream
    private let inflate: Step
    private let reset: End
    private let end: End

    // SAFETY: the function types are those of zlib.h; the stream is allocated once, zeroed as
    // inflateInit asks, freed in deinit, and its buffers are borrowed for one call each.
    /// 15 bits of window, and 16: a gzip header is expected; negative: there is none.
    init?(windowBits: Int32 = 15 + 16) {
        guard let library = SharedLibrary("libz.so.1"),
            let start = unsafe library.function("inflateInit2_", as: Start.self),
            let inflate = unsafe library.function("inflate", as: Step.self),
            let reset = unsafe library.function("inflateReset", as: End.self),
            let end = unsafe library.function("inflateEnd", as: End.self)
        else { return nil }
        let stream = Stream.allocate(capacity: 1)
        unsafe stream.initialize(to: hull_zlib_stream())
        // The version's first digit counts.
        let size = unsafe Int32(MemoryLayout<hull_zlib_stream>.size)
        guard unsafe start(stream, windowBits, "1", size) == 0 else {
            unsafe stream.deallocate()
            return nil
        }
        unsafe (self.stream, self.inflate, self.reset, self.end) = unsafe (
            stream, inflate, reset, end
        )
    }
    deinit {
        _ = unsafe end(stream)
        unsafe stream.deallocate()
    }

    mutating func step(
        _ input: ArraySlice<UInt8>, into output: inout [UInt8]
    ) throws(HullError) -> DecodedStep {
        // The field has 32 bits.
        let input = input.prefix(1 << 30)
        let outputCount = output.count
        let result = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { destination in
                unsafe stream.pointee.next_in = source.baseAddress
                unsafe stream.pointee.avail_in = UInt32(source.count)
                unsafe stream.pointee.next_out = destination.baseAddress
                unsafe stream.pointee.avail_out = UInt32(destination.count)
                return unsafe inflate(stream, 0)
            }
        }
        // Z_OK, Z_STREAM_END, and Z_BUF_ERROR: nothing more can be done with these buffers.
        guard [0, 1, -5].contains(result) else {
            let message = unsafe stream.pointee.message.map { unsafe String(cString: $0) }
            throw Decompression.broken(.gzip, message ?? "zlib error \(result)")
        }
        let step = unsafe DecodedStep(
            consumed: input.count - Int(stream.pointee.avail_in),
            produced: outputCount - Int(stream.pointee.avail_out), ended: result == 1)
        if step.ended { _ = unsafe reset(stream) }
        return step
    }
}

/// libzstd's streaming decoder.
@safe struct ZstdStream: ~Copyable, StreamDecoder {
    private typealias Context = UnsafeMutableRawPointer
    private typealias Create = @convention(c) () -> Context?
    private typealias Free = @convention(c) (Context) -> Int
    private typealias Step =
        @convention(c) (
            Context, UnsafeMutablePointer<hull_zstd_output>, UnsafeMutablePointer<hull_zstd_input>
        ) -> Int
    private typealias IsError = @convention(c) (Int) -> UInt32
    private typealias ErrorName = @convention(c) (Int) -> UnsafePointer<CChar>

    private let context: Context
    private let free: Free
    private let decompress: Step
    private let isError: IsError
    private let errorName: ErrorName

    // SAFETY: the function types are those of zstd.h; the context is made and freed once, and the
    // buffers are borrowed for one call each.
    init?() {
        guard let library = SharedLibrary("libzstd.so.1"),
            let create = unsafe library.function("ZSTD_createDStream", as: Create.self),
            let free = unsafe library.function("ZSTD_freeDStream", as: Free.self),
            let decompress = unsafe library.function("ZSTD_decompressStream", as: Step.self),
            let isError = library.function("ZSTD_isError", as: IsError.self),
            let errorName = unsafe library.function("ZSTD_getErrorName", as: ErrorName.self),
            let context = unsafe create()
        else { return nil }
        unsafe (self.context, self.free, self.decompress) = unsafe (context, free, decompress)
        unsafe (self.isError, self.errorName) = unsafe (isError, errorName)
    }
    deinit { _ = unsafe free(context) }

    mutating func step(
        _ input: ArraySlice<UInt8>, into output: inout [UInt8]
    ) throws(HullError) -> DecodedStep {
        var (consumed, produced) = (0, 0)
        let result = unsafe input.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { destination in
                var from = unsafe hull_zstd_input(
                    source: source.baseAddress, size: source.count, position: 0)
                var into = unsafe hull_zstd_output(
                    destination: destination.baseAddress, size: destination.count, position: 0)
                let result = unsafe decompress(context, &into, &from)
                (consumed, produced) = unsafe (from.position, into.position)
                return result
            }
        }
        guard isError(result) == 0 else {
            throw Decompression.broken(.zstd, unsafe String(cString: errorName(result)))
        }
        return DecodedStep(consumed: consumed, produced: produced, ended: result == 0)
    }
}

/// liblzma's streaming decoder of the .xz format.
// SAFETY: as ZlibStream.
@safe struct XZStream: ~Copyable, StreamDecoder {
    private typealias Stream = UnsafeMutablePointer<hull_lzma_stream>
    private typealias Start = @convention(c) (Stream, UInt64, UInt32) -> Int32
    private typealias Step = @convention(c) (Stream, Int32) -> Int32
    private typealias End = @convention(c) (Stream) -> Void

    private static let memoryLimit: UInt64 = 256 << 20

    private let stream: Stream
    private let start: Start
    private let code: Step
    private let end: End

    // SAFETY: the function types are those of lzma/base.h and lzma/container.h; the stream is
    // allocated once, zeroed as LZMA_STREAM_INIT says, and freed in deinit.
    init?() {
        guard let library = SharedLibrary("liblzma.so.5"),
            let start = unsafe library.function("lzma_stream_decoder", as: Start.self),
            let code = unsafe library.function("lzma_code", as: Step.self),
            let end = unsafe library.function("lzma_end", as: End.self)
        else { return nil }
        let stream = Stream.allocate(capacity: 1)
        unsafe stream.initialize(to: hull_lzma_stream())
        guard unsafe start(stream, Self.memoryLimit, 0) == 0 else {
            unsafe stream.deallocate()
            return nil
        }
        unsafe (self.stream, self.start, self.code, self.end) = unsafe (stream, start, code, end)
    }
    deinit {
        unsafe end(stream)
        unsafe stream.deallocate()
    }

    mutating func step(
        _ input: ArraySlice<UInt8>, into output: inout [UInt8]
    ) throws(HullError) -> DecodedStep {
        let (inputCount, outputCount) = (input.count, output.count)
        let result = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { destination in
                unsafe stream.pointee.next_in = source.baseAddress
                unsafe stream.pointee.avail_in = source.count
                unsafe stream.pointee.next_out = destination.baseAddress
                unsafe stream.pointee.avail_out = destination.count
                return unsafe code(stream, 0)
            }
        }
        // LZMA_OK, LZMA_STREAM_END, and LZMA_BUF_ERROR: nothing more can be done with these buffers.
        guard [0, 1, 10].contains(result) else {
            throw Decompression.broken(.xz, "liblzma error \(result)")
        }
        let step = unsafe DecodedStep(
            consumed: inputCount - stream.pointee.avail_in,
            produced: outputCount - stream.pointee.avail_out, ended: result == 1)
        if step.ended { _ = unsafe start(stream, Self.memoryLimit, 0) }
        return step
    }
}
