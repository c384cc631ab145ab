import Bits

/// A guest's kernel, put into its memory: an ELF file, or a Linux Image.
package struct KernelImage {
    package let entry: UInt64
    /// The first address behind it.
    package let end: UInt64

    /// Behind an Image that is not told its size; firmware would lie below it.
    private static let imageOffset: UInt64 = 0x20_0000

    /// Nil if it is neither, or does not fit.
    package init?(_ file: Archive.File, into ram: GuestRAM) {
        guard file.count >= 64 else { return nil }
        if HostMemory.load(file.address, .word) == 0x464c_457f {
            guard let (entry, end) = Self.loadELF(file, ram) else { return nil }
            (self.entry, self.end) = (entry, end)
        } else if HostMemory.load(file.address + 56, .word) == 0x0543_5352 {
            // Kernel documentation, "Boot image header in RISC-V Linux": text_offset, image_size.
            let offset = HostMemory.load(file.address + 8, .double)
            let size = max(file.count, HostMemory.load(file.address + 16, .double))
            let start = GuestPhysical(
                GuestRAM.start &+ (offset == 0 ? Self.imageOffset : offset))
            guard let place = ram.host(start, count: size) else { return nil }
            HostMemory.copy(to: place, from: file.address, count: file.count)
            (entry, end) = (start.rawValue, start.rawValue &+ size)
        } else {
            return nil
        }
    }

    /// The loadable segments at their physical addresses (ELF-64, "Program Header").
    private static func loadELF(_ file: Archive.File, _ ram: GuestRAM) -> (UInt64, UInt64)? {
        func field(_ offset: UInt64, _ width: AccessWidth) -> UInt64? {
            guard offset <= file.count, file.count - offset >= width.bytes else { return nil }
            return HostMemory.load(file.address + offset, width)
        }
        guard let entry = field(24, .double), let table = field(32, .double),
            let size = field(54, .half), let count = field(56, .half)
        else { return nil }
        var end: UInt64 = 0
        for index in 0..<count {
            let header = table &+ index &* size
            guard let type = field(header, .word) else { return nil }
            guard type == 1 else { continue }
            guard let offset = field(header &+ 8, .double),
                let address = field(header &+ 24, .double),
                let bytes = field(header &+ 32, .double), let space = field(header &+ 40, .double),
                offset <= file.count, bytes <= file.count - offset, bytes <= space,
                let place = ram.host(GuestPhysical(address), count: space)
            else { return nil }
            HostMemory.copy(to: place, from: file.address + offset, count: bytes)
            end = max(end, address &+ space)
        }
        return end == 0 ? nil : (entry, end)
    }
}
