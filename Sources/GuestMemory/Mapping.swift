import Bits
import CHost
import Glibc

extension GuestMemory {
    /// Maps the slots, RAM first. Nothing is touched: a page becomes resident when it is used.
    package init(_ requests: [MemslotRequest]) throws(HullError) {
        try Self.check(requests)
        let table = UnsafeMutablePointer<Memslot>.allocate(capacity: max(requests.count, 1))
        var made = 0
        do {
            for request in requests {
                unsafe (table + made).initialize(to: try Memslot.map(request))
                made += 1
            }
        } catch {
            unsafe GuestMemory(slots: table, slotCount: made).release()
            throw error
        }
        unsafe self.init(slots: table, slotCount: made)
    }

    /// One slot of RAM.
    package init(ram: GuestRange, backing: MemslotRequest.Backing = .anonymous(hugePages: true))
        throws(HullError)
    {
        try self.init([MemslotRequest(ram, backing: backing)])
    }

    /// Gives the memory back to the host. No copy of this value may be used afterwards.
    package func release() {
        for index in 0..<slotCount { unsafe slots[index].unmap() }
        unsafe slots.deallocate()
    }

    private static func check(_ requests: [MemslotRequest]) throws(HullError) {
        for (index, request) in requests.enumerated() {
            let range = request.range
            let (end, wraps) = range.start.rawValue.addingReportingOverflow(range.count)
            guard range.count > 0, (range.start.rawValue | range.count) & Page.offsetMask == 0,
                !wraps, range.count < UInt64(Int.max)
            else {
                throw HullError(
                    .usage,
                    "Guest memory needs a start and a size that are multiples of 4 KiB, "
                        + "and \(range.count) bytes at \(range.start.rawValue) are not.")
            }
            for other in requests[..<index] {
                let start = other.range.start.rawValue
                guard end <= start || start &+ other.range.count <= range.start.rawValue else {
                    throw HullError(
                        .usage,
                        "Two ranges of guest memory overlap at \(range.start.rawValue); "
                            + "move one of them.")
                }
            }
        }
    }
}

// Numbers that Glibc's module map hides: MFD_CLOEXEC and MFD_ALLOW_SEALING; F_ADD_SEALS; F_SEAL_SEAL,
// F_SEAL_SHRINK and F_SEAL_GROW.
private let memoryFlags: UInt32 = 1 | 2
private let addSeals: Int32 = 1033
private let seals: Int32 = 1 | 2 | 4

extension Memslot {
    fileprivate static func map(_ request: MemslotRequest) throws(HullError) -> Memslot {
        let count = Int(request.range.count)
        var descriptor: Int32 = -1
        if request.backing == .shared {
            descriptor = unsafe hull_memfd_create("guest-memory", memoryFlags)
            // Nobody who is given the memory can take it away from under us.
            guard descriptor >= 0, ftruncate(descriptor, count) == 0,
                fcntl(descriptor, addSeals, seals) == 0
            else { throw refused(count, descriptor) }
        }
        var offset = 0
        if case .file(let file, let start) = request.backing {
            descriptor = file
            offset = start
        }
        guard let base = unsafe reserve(count, descriptor, offset: offset) else {
            throw refused(count, descriptor)
        }
        if request.backing == .anonymous(hugePages: true) {
            // Advice: a host without huge pages says EINVAL, and the guest runs all the same.
            unsafe _ = madvise(base, count, MADV_HUGEPAGE)
        }
        // Gigabytes of a guest, secrets and all, are of no use in a core dump.
        unsafe _ = madvise(base, count, MADV_DONTDUMP)
        let pages = count >> Int(Page.shift)
        guard let flags = unsafe reserve(pages, -1, alignment: Int(Page.bytes)) else {
            unsafe _ = munmap(base, count)
            throw refused(count, descriptor)
        }
        return unsafe Memslot(
            start: request.range.start.rawValue, count: request.range.count, base: base,
            flags: flags.bindMemory(to: UInt8.self, capacity: pages),
            isReadOnly: request.access == .readOnly, descriptor: descriptor)
    }

    /// Zero pages at an aligned place: guest superpages are then huge pages of the host too.
    private static func reserve(
        _ count: Int, _ descriptor: Int32, offset: Int = 0, alignment: Int = 2 << 20
    )
        -> UnsafeMutableRawPointer?
    {
        let (total, tooMuch) = count.addingReportingOverflow(alignment)
        guard !tooMuch,
            let hole = unsafe mmap(
                nil, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            unsafe hole != MAP_FAILED
        else { return nil }
        let start = unsafe hole.alignedUp(toMultipleOf: alignment)
        let head = unsafe start - hole
        let end = (count + Int(Page.offsetMask)) & ~Int(Page.offsetMask)
        if head > 0 { unsafe _ = munmap(hole, head) }
        if total - head > end { unsafe _ = munmap(start + end, total - head - end) }
        let kind = descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED
        let mapped = unsafe mmap(
            start, count, PROT_READ | PROT_WRITE, kind | MAP_NORESERVE | MAP_FIXED, descriptor,
            offset)
        guard unsafe mapped == start else {
            unsafe _ = munmap(start, end)
            return nil
        }
        return unsafe start
    }

    private static func refused(_ count: Int, _ descriptor: Int32) -> HullError {
        let cause = unsafe String(cString: strerror(errno))
        if descriptor >= 0 { close(descriptor) }
        return HullError(
            .host, "The host gave no \(count >> 20) MiB for the guest; try a smaller --memory.",
            cause: cause)
    }

    fileprivate func unmap() {
        unsafe _ = munmap(base, Int(count))
        unsafe _ = munmap(flags, Int(count >> Page.shift))
        if descriptor >= 0 { close(descriptor) }
    }
}

/// Keeps guest memory mapped for as long as it lives. Whoever copies `memory` out of it keeps the
/// owner alive too (a stored property, or `withExtendedLifetime`).
package final class GuestMemoryOwner: Sendable {
    package let memory: GuestMemory
    package init(_ memory: GuestMemory) { self.memory = memory }
    deinit { memory.release() }
}
