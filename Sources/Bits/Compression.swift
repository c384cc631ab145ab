/// How a stream of bytes is compressed, told by its first bytes.
package enum CompressionFormat: UInt8, Sendable {
    /// RFC 1952.
    case gzip
    /// RFC 8878.
    case zstd
    /// The .xz file format, version 1.
    case xz
}
