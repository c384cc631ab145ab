import Bits

/// Unpacks gzip, zstd and xz with what the host has: its library, loaded now, or else its program.
package enum Decompression {
    /// The unpacked bytes, `limit` of them at most.
    package static func decompress(
        _ packed: ArraySlice<UInt8>, _ format: CompressionFormat, _ limit: Int
    ) throws(HullError) -> [UInt8] {
        if let result = try withLibrary(packed, format, limit) { return result }
        return try withProgram(packed, format, limit)
    }

    /// Nil when the library is not there.
    package static func withLibrary(
        _ packed: ArraySlice<UInt8>, _ format: CompressionFormat, _ limit: Int
    ) throws(HullError) -> [UInt8]? {
        switch format {
        case .gzip:
            guard let stream = ZlibStream() else { return nil }
            return try inflate(stream, packed, format, limit)
        case .zstd:
            guard let stream = ZstdStream() else { return nil }
            return try inflate(stream, packed, format, limit)
        case .xz:
            guard let stream = XZStream() else { return nil }
            return try inflate(stream, packed, format, limit)
        }
    }

    package static func withProgram(
        _ packed: ArraySlice<UInt8>, _ format: CompressionFormat, _ limit: Int
    ) throws(HullError) -> [UInt8] {
        let (program, library) = format.tools
        guard ChildProcess.exists(program) else {
            throw HullError(
                .host, "unpacking \(format) needs \(library) or the program \(program); install one"
            )
        }
        let outcome = try ChildProcess(program, ["-dc"], outputLimit: limit).run(input: packed)
        guard !outcome.exceededLimit else { throw tooLong(format, packed.count, limit) }
        // gzip's status 2 is a warning, such as trailing bytes that it ignored.
        guard outcome.status == 0 || format == .gzip && outcome.status == 2 else {
            let why = outcome.errors.split(separator: "\n").last.map(String.init)
            throw broken(format, why ?? "\(program) ended with status \(outcome.status)")
        }
        return outcome.output
    }

    static func broken(_ format: CompressionFormat, _ why: String) -> HullError {
        HullError(.format, "the \(format) stream is damaged or truncated", cause: why)
    }
    static func tooLong(_ format: CompressionFormat, _ packed: Int, _ limit: Int) -> HullError {
        HullError(
            .format,
            "\(packed) bytes of \(format) unpack to more than \(limit >> 20) MiB, which no image that"
                + " can be loaded here does; unpack it by hand if you trust it")
    }

    /// Drives a stream decoder until its input ends.
    private static func inflate<Stream: StreamDecoder & ~Copyable>(
        _ stream: consuming Stream, _ packed: ArraySlice<UInt8>, _ format: CompressionFormat,
        _ limit: Int
    ) throws(HullError) -> [UInt8] {
        var output: [UInt8] = []
        var rest = packed
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let step = try stream.step(rest, into: &chunk)
            rest = rest.dropFirst(step.consumed)
            guard step.produced <= limit - output.count else {
                throw tooLong(format, packed.count, limit)
            }
            output += chunk[..<step.produced]
            // Streams may follow one another; anything else that follows is not ours.
            if step.ended && !rest.starts(with: format.magic) { return output }
            if !step.ended && step.consumed == 0 && step.produced == 0 {
                throw broken(format, "it ends early")
            }
        }
    }
}

/// One step of unpacking.
struct DecodedStep {
    var consumed: Int
    var produced: Int
    /// A member or frame is complete; the next step begins another.
    var ended: Bool
}

protocol StreamDecoder: ~Copyable {
    mutating func step(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(HullError)
        -> DecodedStep
}

extension CompressionFormat {
    fileprivate var tools: (program: String, library: String) {
        switch self {
        case .gzip: ("gzip", "libz.so.1")
        case .zstd: ("zstd", "libzstd.so.1")
        case .xz: ("xz", "liblzma.so.5")
        }
    }
    fileprivate var magic: [UInt8] {
        switch self {
        case .gzip: [0x1f, 0x8b]
        case .zstd: [0x28, 0xb5, 0x2f, 0xfd]
        case .xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]
        }
    }
}
