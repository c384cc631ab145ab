import Bits

/// One entry of a software TLB. A lookup compares `address & ~(0xfff - (size - 1))` with `tag`, so that
/// misaligned and page-crossing accesses miss without a test of their own.
@frozen @usableFromInline
package struct TLBEntry {
    /// Virtual page address, or `TLBEntry.noPage`.
    @usableFromInline var tag: UInt64
    /// Data: host address minus virtual address. Fetch: address of the page's first decoded slot.
    @usableFromInline var addend: UInt64

    /// Never equal to a masked address: bits 1…11 are set.
    static var noPage: UInt64 { 0xffe }
}

/// The three tables of one translation context (privilege and SUM): a switch of context changes one
/// pointer and flushes nothing.
///
/// SAFETY: `base` points at `TLB.bytesPerSet` bytes that live as long as their hart.
struct TLBSet {
    static let dataEntries = 512
    static let fetchEntries = 256
    static let count = 2 * dataEntries + fetchEntries
    /// Offset of the store table from the load table, and of the fetch table, in entries.
    static let storeOffset = dataEntries
    static let fetchOffset = 2 * dataEntries

    let base: UnsafeMutablePointer<TLBEntry>
    /// Virtual range that was filled from superpages: a flush by address inside it clears the set.
    var largeStart: UInt64 = .max
    var largeEnd: UInt64 = 0
    var isClear = false

    mutating func clear() {
        guard !isClear else { return }
        base.update(repeating: TLBEntry(tag: TLBEntry.noPage, addend: 0), count: Self.count)
        largeStart = .max
        largeEnd = 0
        isClear = true
    }

    mutating func clear(page: UInt64) {
        guard !isClear else { return }
        if page >= largeStart && page < largeEnd { return clear() }
        let data = Int(truncatingIfNeeded: page &>> 12) & (Self.dataEntries - 1)
        let fetch = Int(truncatingIfNeeded: page &>> 12) & (Self.fetchEntries - 1)
        base[data].tag = TLBEntry.noPage
        base[Self.storeOffset + data].tag = TLBEntry.noPage
        base[Self.fetchOffset + fetch].tag = TLBEntry.noPage
    }

    /// Forgets what may be stored to: pages that now hold decoded code must miss.
    func clearStores() {
        guard !isClear else { return }
        (base + Self.storeOffset).update(
            repeating: TLBEntry(tag: TLBEntry.noPage, addend: 0), count: Self.dataEntries)
    }

    func clearFetches() {
        guard !isClear else { return }
        (base + Self.fetchOffset).update(
            repeating: TLBEntry(tag: TLBEntry.noPage, addend: 0), count: Self.fetchEntries)
    }

    /// Notes that an entry was filled from a page of `1 << pageBits` bytes (64: no translation, which
    /// `sfence.vma` does not concern).
    mutating func noteFill(_ address: UInt64, pageBits: Int) {
        isClear = false
        guard pageBits > 12, pageBits < 64 else { return }
        let bytes = UInt64(1) &<< UInt64(pageBits)
        let start = address & ~(bytes &- 1)
        largeStart = min(largeStart, start)
        largeEnd = max(largeEnd, start &+ bytes < start ? .max : start &+ bytes)
    }
}
