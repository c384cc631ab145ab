/// The guests that the monitor was given: a tar archive (POSIX ustar) in the host's memory, with a
/// folder for each guest, `0/kernel`, `0/initrd`, `0/disk`, `0/arguments`, then `1/kernel`…
package struct Archive: Sendable {
    /// Where a file's bytes lie in the host.
    package struct File: Sendable, Equatable {
        package let address: UInt64
        package let count: UInt64
        package var bytes: [UInt8] { HostMemory.bytes(address, count: count) }
    }
    private let start: UInt64
    private let count: UInt64

    package init(start: UInt64, count: UInt64) {
        self.start = start
        self.count = count
    }

    /// A guest's file; nil if it has none of that name.
    package func file(guest: Int, _ name: StaticString) -> File? {
        var wanted: [UInt8] = []
        wanted.append(decimal: UInt64(guest))
        wanted.append(UInt8(ascii: "/"))
        wanted.append(text: name)
        var offset: UInt64 = 0
        while offset <= count, count - offset >= 512 {
            let header = HostMemory.bytes(start + offset, count: 512)
            guard header[257..<262].elementsEqual([0x75, 0x73, 0x74, 0x61, 0x72]) else {
                return nil
            }
            let size = Self.octal(header[124..<135])
            let isFile = header[156] == UInt8(ascii: "0") || header[156] == 0
            var own = header[0..<100].prefix { $0 != 0 }
            if own.starts(with: [UInt8(ascii: "."), UInt8(ascii: "/")]) { own = own.dropFirst(2) }
            guard size <= count - offset - 512 else { return nil }
            if isFile, own.elementsEqual(wanted) {
                return File(address: start + offset + 512, count: size)
            }
            offset += 512 + (size + 511) & ~511
        }
        return nil
    }

    private static func octal(_ digits: ArraySlice<UInt8>) -> UInt64 {
        var value: UInt64 = 0
        for digit in digits where (48...55).contains(digit) {
            value = value &<< 3 | UInt64(digit - 48)
        }
        return value
    }
}
