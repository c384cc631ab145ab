import CSkiff
import SkiffABI

/// The programs' ELF, as it lies in the kernel's image. It is made by this build, so what is
/// checked is only what would otherwise go wrong quietly.
struct ProgramImage {
    struct Segment {
        var address: UInt64
        var source: UInt64
        var fileCount: UInt64
        var count: UInt64
        var isWritable: Bool
    }
    let entry: UInt64
    private(set) var segments: [Segment] = []
    /// Pages of zeroes behind the data, which appear when they are touched.
    private(set) var zeroes: Range<UInt64> = 0..<0

    init?() {
        let file = address_of_skiff_programs_start()
        guard load32(file) == 0x464c_457f else { return nil }
        entry = load64(file + 24)
        let table = file + load64(file + 32)
        for index in 0..<UInt64(load16(file + 56)) {
            let header = table + 56 * index
            guard load32(header) == 1 else { continue }
            let segment = Segment(
                address: load64(header + 16), source: file + load64(header + 8),
                fileCount: load64(header + 32), count: load64(header + 40),
                isWritable: load32(header + 4) & 2 != 0)
            guard segment.address % pageSize == 0 else { return nil }
            segments.append(segment)
            if segment.isWritable {
                let start = (segment.address + segment.fileCount + pageSize - 1) & ~(pageSize - 1)
                zeroes = start..<max(start, segment.address + segment.count)
            }
        }
    }

    /// Maps the code where it lies and gives the process its own data.
    func load(into space: AddressSpace, _ pages: PageAllocator) -> Bool {
        for segment in segments {
            for offset in stride(from: 0, to: segment.fileCount, by: Int(pageSize)) {
                let address = segment.address + offset
                if segment.isWritable {
                    guard let page = pages.allocate() else { return false }
                    copy_memory(
                        page, segment.source + offset, min(pageSize, segment.fileCount - offset))
                    guard space.map(address, to: page, PTE.user | PTE.read | PTE.write, pages)
                    else { return false }
                } else {
                    let bits = PTE.user | PTE.read | PTE.execute | PTE.shared
                    guard space.map(address, to: segment.source + offset, bits, pages) else {
                        return false
                    }
                }
            }
        }
        return true
    }
}
