import Bits
import CHost
import Glibc

/// Host code: one memory mapped twice, writable at one address and executable at another, so that no
/// page is ever both and nothing has to be remapped to write.
///
/// It is filled from region to region; a region is emptied as a whole before it is filled again.
///
/// SAFETY: both mappings live as long as the owner, which hands out addresses inside them only.
struct CodeBuffer: ~Copyable {
    let writable: UnsafeMutablePointer<UInt8>
    let executableOffset: Int
    let capacity: Int
    static let regionCount = 8
    /// No unit's code is longer.
    static let longestUnit = 128 << 10

    /// `isAnonymous`: without a name of its own among the process's mappings, because `perf` asks its
    /// map file for such memory only.
    init?(capacity: Int, isAnonymous: Bool = false) {
        let capacity = max(capacity, 4 << 20) & ~0xfffff
        guard let maps = isAnonymous ? Self.mapAnonymous(capacity) : Self.mapFile(capacity) else {
            return nil
        }
        self.capacity = capacity
        writable = maps.writing.bindMemory(to: UInt8.self, capacity: capacity)
        executableOffset = maps.running - maps.writing
    }
    private typealias Maps = (writing: UnsafeMutableRawPointer, running: UnsafeMutableRawPointer)

    private static func mapFile(_ capacity: Int) -> Maps? {
        // MFD_CLOEXEC | MFD_EXEC; older kernels do not know the second.
        var descriptor = hull_memfd_create("translations", 0x11)
        if descriptor < 0 { descriptor = hull_memfd_create("translations", 1) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard ftruncate(descriptor, capacity) == 0,
            let writing = mmap(
                nil, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            writing != MAP_FAILED
        else { return nil }
        guard let running = mmap(nil, capacity, PROT_READ | PROT_EXEC, MAP_SHARED, descriptor, 0),
            running != MAP_FAILED
        else {
            munmap(writing, capacity)
            return nil
        }
        return (writing, running)
    }
    private static func mapAnonymous(_ capacity: Int) -> Maps? {
        guard
            let writing = mmap(
                nil, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
            writing != MAP_FAILED
        else { return nil }
        guard let running = hull_map_code_again(writing, UInt64(capacity)) else {
            munmap(writing, capacity)
            return nil
        }
        return (writing, running)
    }
    deinit {
        munmap(writable, capacity)
        munmap(writable + executableOffset, capacity)
    }

    /// Lets go of the writable view of pages that are filled: their memory would count twice. Whoever
    /// chains in them all the same brings them back.
    func retire(_ range: Range<Int>) {
        let page = 4096
        let start = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        if start < end { madvise(writable + start, end - start, MADV_DONTNEED) }
    }

    var regionBytes: Int { capacity / Self.regionCount }
    func region(of offset: Int) -> Int { min(offset / regionBytes, Self.regionCount - 1) }
}
