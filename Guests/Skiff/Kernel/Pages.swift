import CSkiff
import FDT
import SkiffABI

/// Hands out physical pages: fresh ones from the end of the image upwards, so that memory nobody
/// uses is never touched, and freed ones first.
final class PageAllocator {
    private var next: UInt64
    private let end: UInt64
    private let reserved: [FDTRange]
    /// The first of the freed pages; each holds the address of the one behind it.
    private var freed: UInt64 = 0
    private(set) var used: UInt64 = 0

    init(_ board: Board) {
        next = address_of_skiff_image_end()
        // Memory is mapped where it lies, and the programs' part of the address space ends that.
        end = min(board.memory.address &+ board.memory.size, ProgramMemory.base)
        reserved = board.reserved
    }

    var total: UInt64 { end > next ? (end - next) / pageSize + used : used }

    /// A page of zeroes.
    func allocate() -> UInt64? {
        var page = freed
        if page != 0 {
            freed = load64(page)
        } else {
            guard let fresh = allocateFresh(count: 1) else { return nil }
            page = fresh
        }
        used += 1
        zero_memory(page, pageSize)
        return page
    }

    func release(_ page: UInt64) {
        store64(page, freed)
        freed = page
        used -= 1
    }

    /// Pages in a row, for ever: what they hold is not cleared.
    func allocateFresh(count: UInt64) -> UInt64? {
        var start = next
        var moved = true
        while moved {
            moved = false
            for range in reserved where start < range.address &+ range.size {
                if range.address < start + count * pageSize {
                    start = (range.address + range.size + pageSize - 1) & ~(pageSize - 1)
                    moved = true
                }
            }
        }
        guard start + count * pageSize <= end else { return nil }
        next = start + count * pageSize
        return start
    }
}
