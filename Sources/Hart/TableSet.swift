/// Ranges of virtual addresses that were filled from superpages: a flush by address inside one has to
/// forget all of its pages. Too many ranges become fewer and larger ones.
struct SuperpageRanges {
    private var starts = InlineArray<4, UInt64>(repeating: 0)
    /// The last address, so that the top of the address space needs no wrap.
    private var lasts = InlineArray<4, UInt64>(repeating: 0)
    private(set) var count = 0

    func contains(_ address: UInt64) -> Bool {
        for index in 0..<count where address >= starts[index] && address <= lasts[index] {
            return true
        }
        return false
    }

    mutating func insert(_ address: UInt64, pageBits: Int) {
        guard !contains(address) else { return }
        let mask = (UInt64(1) &<< UInt64(pageBits)) &- 1
        let start = address & ~mask
        let last = address | mask
        var nearest = 0
        var smallest = UInt64.max
        for index in 0..<count {
            let growth =
                max(lasts[index], last) &- min(starts[index], start)
                &- (lasts[index] &- starts[index])
            if growth < smallest { (nearest, smallest) = (index, growth) }
        }
        // A neighbour: the direct map of a kernel is one range.
        if count == 4 || (count > 0 && smallest <= mask &+ 1) {
            starts[nearest] = min(starts[nearest], start)
            lasts[nearest] = max(lasts[nearest], last)
        } else {
            starts[count] = start
            lasts[count] = last
            count &+= 1
        }
    }
    mutating func removeAll() { count = 0 }
}

/// The translation tables of one address space and context: a switch changes one pointer and flushes
/// nothing. Layout: `TableLayout`, then what only this type reads: a filter of the pages that were
/// filled and the log of the entries that were.
///
/// SAFETY: `base` points at `TableSet.bytes` bytes that live as long as their pool.
struct TableSet {
    /// Entries filled since the last clearing, by number from `TableLayout.loads`.
    private static let logCapacity = 512
    private static let filterBits = 8192
    private static let filterOffset = TableLayout.bytes
    private static let logOffset = filterOffset + filterBits / 8
    /// One cache line more, so that sets do not all fall on the same ones.
    static let bytes = logOffset + logCapacity * 2 + 64

    let base: UnsafeMutableRawPointer
    /// What an empty entry by site leads to.
    private let scratch: UInt64
    /// When an address space was last entered that uses the set.
    var lastUse: UInt64 = 0
    /// Generated code may have filled entries by site since they were cleared.
    var mayHaveSites = false
    private var mayHaveJumps = false
    private var mayHaveFetches = false
    /// An entry of `pages` made room for another, so that a page of `jumps` may not be in it.
    private var pagesWereEvicted = false
    /// Above the log's capacity: whole tables have to be cleared.
    private var filledCount = 0
    private var superpages = SuperpageRanges()
    /// Sites, jumps and pages exist for generated code alone.
    private let servesGeneratedCode: Bool

    init(base: UnsafeMutableRawPointer, scratch: UInt64, servesGeneratedCode: Bool) {
        self.base = base
        self.scratch = scratch
        self.servesGeneratedCode = servesGeneratedCode
        filledCount = Self.logCapacity + 1
        mayHaveSites = servesGeneratedCode
        clear()
    }

    func table(_ offset: Int) -> UnsafeMutablePointer<TableEntry> {
        (base + offset).assumingMemoryBound(to: TableEntry.self)
    }
    private var log: UnsafeMutablePointer<UInt16> {
        (base + Self.logOffset).assumingMemoryBound(to: UInt16.self)
    }
    private func empty(_ offset: Int, _ count: Int) {
        table(offset).update(repeating: .empty, count: count)
    }
}

/// Forgetting.
extension TableSet {
    mutating func clear() {
        clearSites()
        guard filledCount != 0 else { return }
        if filledCount <= Self.logCapacity {
            let entries = table(TableLayout.loads)
            for index in 0..<filledCount { entries[Int(log[index])] = .empty }
        } else {
            empty(TableLayout.loads, 2 * TableLayout.dataCount)
            empty(TableLayout.fetches, TableLayout.fetchCount)
            if servesGeneratedCode {
                empty(TableLayout.jumps, TableLayout.jumpCount)
                empty(TableLayout.pages, TableLayout.pageCount)
            }
        }
        filledCount = 0
        (base + Self.filterOffset).initializeMemory(
            as: UInt64.self, repeating: 0, count: Self.filterBits / 64)
        mayHaveJumps = false
        mayHaveFetches = false
        pagesWereEvicted = false
        superpages.removeAll()
    }

    private mutating func clearSites() {
        guard mayHaveSites else { return }
        mayHaveSites = false
        table(TableLayout.siteLoads).update(
            repeating: TableEntry(tag: TableLayout.noSite, value: scratch),
            count: 2 * TableLayout.siteCount)
    }

    mutating func clear(page: UInt64) {
        guard mayHold(page) else { return }
        if superpages.count != 0 && superpages.contains(page) { return clear() }
        let data = TableLayout.dataIndex(page)
        Self.remove(page, table(TableLayout.loads) + data)
        Self.remove(page, table(TableLayout.stores) + data)
        Self.remove(page, table(TableLayout.fetches) + TableLayout.fetchIndex(page))
        guard servesGeneratedCode else { return }
        if mayHaveSites { clearSites(of: page) }
        let isCode = Self.remove(page, table(TableLayout.pages) + TableLayout.pageIndex(page))
        if isCode || pagesWereEvicted { clearJumps() }
    }

    @discardableResult
    private static func remove(_ tag: UInt64, _ entry: UnsafeMutablePointer<TableEntry>) -> Bool {
        guard entry.pointee.tag == tag else { return false }
        entry.pointee = .empty
        return true
    }

    /// Reads all entries by site, which is no dearer than clearing them and leaves the others' sites
    /// filled.
    private func clearSites(of page: UInt64) {
        let sites = table(TableLayout.siteLoads)
        for index in 0..<2 * TableLayout.siteCount where sites[index].tag == page {
            sites[index] = TableEntry(tag: TableLayout.noSite, value: scratch)
        }
    }

    mutating func clearJumps() {
        guard mayHaveJumps else { return }
        empty(TableLayout.jumps, TableLayout.jumpCount)
        mayHaveJumps = false
        pagesWereEvicted = false
    }

    /// Forgets that a host page may be stored to: it holds code now.
    func clearStores(toHost page: UInt64) {
        let stores = table(TableLayout.stores)
        let first = TableLayout.dataCount
        eachFilled(first..<2 * TableLayout.dataCount) { index in
            let entry = stores + (index - first)
            if entry.pointee.tag &+ entry.pointee.value == page { entry.pointee = .empty }
        }
        guard mayHaveSites else { return }
        let sites = table(TableLayout.siteStores)
        for index in 0..<TableLayout.siteCount where sites[index].value == page {
            sites[index] = TableEntry(tag: TableLayout.noSite, value: scratch)
        }
    }

    /// Forgets everything that may be stored to.
    func clearStores() {
        guard filledCount != 0 else { return }
        empty(TableLayout.stores, TableLayout.dataCount)
        guard mayHaveSites else { return }
        table(TableLayout.siteStores).update(
            repeating: TableEntry(tag: TableLayout.noSite, value: scratch),
            count: TableLayout.siteCount)
    }

    /// Forgets a page of decoded slots, which is about to hold another's.
    func clearFetches(of slots: UInt64) {
        guard mayHaveFetches else { return }
        let fetches = table(TableLayout.fetches)
        for index in 0..<TableLayout.fetchCount where fetches[index].value == slots {
            fetches[index] = .empty
        }
    }

    func removeJump(_ pc: UInt64, _ hostAddress: UInt64) {
        guard mayHaveJumps else { return }
        let entry = table(TableLayout.jumps) + TableLayout.jumpIndex(pc)
        if entry.pointee.tag == pc && entry.pointee.value == hostAddress { entry.pointee = .empty }
    }

    /// Numbers of the entries in a range, from `TableLayout.loads` on, that may be filled.
    private func eachFilled(_ range: Range<Int>, _ body: (Int) -> Void) {
        if filledCount > Self.logCapacity { return range.forEach(body) }
        for index in 0..<filledCount where range.contains(Int(log[index])) {
            body(Int(log[index]))
        }
    }
}

/// Filling.
extension TableSet {
    private static func filterBit(_ page: UInt64) -> (word: Int, bit: UInt64) {
        let hash = ((page &>> 12) &* 0x9e37_79b9_7f4a_7c15) &>> 51
        return (Int(truncatingIfNeeded: hash &>> 6), 1 &<< (hash & 63))
    }
    private var filter: UnsafeMutablePointer<UInt64> {
        (base + Self.filterOffset).assumingMemoryBound(to: UInt64.self)
    }
    /// False where nothing of the page is here; superpages count as a whole.
    private func mayHold(_ page: UInt64) -> Bool {
        guard filledCount != 0 else { return false }
        let (word, bit) = Self.filterBit(page)
        return filter[word] & bit != 0 || superpages.contains(page)
    }

    /// Fills one entry and returns what was there.
    @discardableResult
    private mutating func fill(_ offset: Int, _ index: Int, _ entry: TableEntry) -> UInt64 {
        let target = table(offset) + index
        let old = target.pointee.tag
        target.pointee = entry
        if old == TableLayout.noTag {
            let number = (offset - TableLayout.loads) / TableLayout.entryBytes + index
            if filledCount < Self.logCapacity {
                log[filledCount] = UInt16(truncatingIfNeeded: number)
            }
            if filledCount <= Self.logCapacity { filledCount &+= 1 }
        }
        return old
    }

    /// `pageBits`: the entry comes from a page of `1 << pageBits` bytes; 64: no translation, which
    /// `sfence.vma` does not concern.
    private mutating func note(_ page: UInt64, _ pageBits: Int) {
        let (word, bit) = Self.filterBit(page)
        filter[word] |= bit
        if pageBits > 12 && pageBits < 64 { superpages.insert(page, pageBits: pageBits) }
    }

    mutating func fillData(page: UInt64, host: UInt64, isStore: Bool, pageBits: Int) {
        fill(
            isStore ? TableLayout.stores : TableLayout.loads, TableLayout.dataIndex(page),
            TableEntry(tag: page, value: host &- page))
        note(page, pageBits)
    }
    mutating func fillFetch(page: UInt64, slots: UInt64, pageBits: Int) {
        fill(
            TableLayout.fetches, TableLayout.fetchIndex(page), TableEntry(tag: page, value: slots))
        mayHaveFetches = true
        note(page, pageBits)
    }
    mutating func fillPage(page: UInt64, physical: UInt64, pageBits: Int) {
        let old = fill(
            TableLayout.pages, TableLayout.pageIndex(page), TableEntry(tag: page, value: physical))
        if old != TableLayout.noTag && old != page { pagesWereEvicted = true }
        note(page, pageBits)
    }
    mutating func fillJump(_ pc: UInt64, _ hostAddress: UInt64) {
        fill(TableLayout.jumps, TableLayout.jumpIndex(pc), TableEntry(tag: pc, value: hostAddress))
        mayHaveJumps = true
    }
}
