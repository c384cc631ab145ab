import Bits

/// Pages for shadow tables: made once, and given back when a shadow goes. A free page's first word
/// is the address of the next one.
package struct PagePool {
    private var free: UInt64 = 0
    /// Pages that were never used lie between these.
    private var fresh: UInt64
    private let end: UInt64
    package private(set) var usedCount = 0
    private let count: Int
    package var freeCount: Int { count &- usedCount }

    package init(start: UInt64, count: UInt64) {
        fresh = start
        end = start &+ count &* 4096
        self.count = Int(count)
    }

    /// A page of zeroes; nil when all are in use.
    package mutating func take() -> UInt64? {
        guard let page = takeDirty() else { return nil }
        for offset in stride(from: UInt64(0), to: 4096, by: 64) { Self.zeroLine(page &+ offset) }
        return page
    }

    /// A page with anything in it, for one who writes all of it.
    package mutating func takeDirty() -> UInt64? {
        var page = free
        if page != 0 {
            free = HostMemory.load64(page)
        } else {
            guard fresh < end else { return nil }
            page = fresh
            fresh &+= 4096
        }
        usedCount += 1
        return page
    }

    package mutating func give(_ page: UInt64) {
        HostMemory.store64(page, free)
        free = page
        usedCount -= 1
    }

    @inline(__always) private static func zeroLine(_ address: UInt64) {
        for word in 0..<UInt64(8) { HostMemory.store64(address &+ word &* 8, 0) }
    }
}
