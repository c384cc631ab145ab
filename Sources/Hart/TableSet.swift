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
/// nothing. Layout: `TableLayout`, then what only this type reads: victims, a filter of the pages that
/// were filled, and the log of the entries that were.
///
/// Victims are entries that made room for others. They are found by another hash, so that two pages
/// that lie a power of two apart and are used in turns cost no walk each.
///
/// SAFETY: `base` points at `TableSet.bytes` bytes that live as long as their pool.
struct TableSet {
    /// The tables that are looked up by page, as the low bits of a victim's tag tell them.
    enum Kind: UInt64 {
        case load, store, fetch, page

        var offset: Int {
            switch self {
            case .load: TableLayout.loads
            case .store: TableLayout.stores
            case .fetch: TableLayout.fetches
            case .page: TableLayout.pages
            }
        }
        func index(_ page: UInt64) -> Int {
            switch self {
            case .load, .store: TableLayout.dataIndex(page)
            case .fetch: TableLayout.fetchIndex(page)
            case .page: TableLayout.pageIndex(page)
            }
        }
    }

    /// Entries filled since the last clearing, by number from `TableLayout.loads`.
    private static let logCapacity = 1024
    private static let filterBits = 16384
    private static let victimCount = 512
    private static let victimOffset = TableLayout.bytes
    private static let filterOffset = victimOffset + victimCount * TableLayout.entryBytes
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
    /// The page that was cleared last, as long as nothing of it was filled again: kernels fence a page
    /// before and after they use it.
    private var clearedPage = TableLayout.noTag
    /// Above the log's capacity: whole tables have to be cleared.
    private var filledCount = 0
    private var superpages = SuperpageRanges()
    /// Sites, jumps and pages exist for generated code alone.
    private let servesGeneratedCode: Bool

    init(base: UnsafeMutableRawPointer, scratch: UInt64, servesGeneratedCode: Bool) {
        self.base = base
        self.scratch = scratch &- TableLayout.noSite
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
            empty(Self.victimOffset, Self.victimCount)
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
        guard filledCount != 0, page != clearedPage else { return }
        if superpages.count != 0 && superpages.contains(page) { return clear() }
        if mayHold(page, .load) {
            remove(page, .load)
            if mayHaveSites { clearSites(TableLayout.siteLoads, of: page) }
        }
        if mayHold(page, .store) {
            remove(page, .store)
            if mayHaveSites { clearSites(TableLayout.siteStores, of: page) }
        }
        if mayHold(page, .fetch) { remove(page, .fetch) }
        if mayHold(page, .page), remove(page, .page) || pagesWereEvicted { clearJumps() }
        clearedPage = page
    }

    @discardableResult
    private func remove(_ page: UInt64, _ kind: Kind) -> Bool {
        var isFound = false
        let entry = table(kind.offset) + kind.index(page)
        if entry.pointee.tag == page {
            entry.pointee = .empty
            isFound = true
        }
        let victim = victim(page | kind.rawValue)
        if victim.pointee.tag == page | kind.rawValue {
            victim.pointee = .empty
            isFound = true
        }
        return isFound
    }

    /// Reads all entries by site, which is no dearer than clearing them and leaves the others' sites
    /// filled.
    private func clearSites(_ offset: Int, of page: UInt64) {
        let sites = table(offset)
        for index in 0..<TableLayout.siteCount where sites[index].tag == page {
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
        eachVictim(of: .store) { victim in
            let tag = victim.pointee.tag & ~0xfff
            if tag &+ victim.pointee.value == page { victim.pointee = .empty }
        }
        guard mayHaveSites else { return }
        let sites = table(TableLayout.siteStores)
        for index in 0..<TableLayout.siteCount
        where sites[index].tag &+ sites[index].value == page {
            sites[index] = TableEntry(tag: TableLayout.noSite, value: scratch)
        }
    }

    /// Forgets everything that may be stored to.
    func clearStores() {
        guard filledCount != 0 else { return }
        empty(TableLayout.stores, TableLayout.dataCount)
        eachVictim(of: .store) { $0.pointee = .empty }
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
        eachVictim(of: .fetch) { if $0.pointee.value == slots { $0.pointee = .empty } }
    }

    func removeJump(_ pc: UInt64, _ hostAddress: UInt64) {
        guard mayHaveJumps else { return }
        let entry = table(TableLayout.jumps) + TableLayout.jumpIndex(pc)
        if entry.pointee.tag == pc && entry.pointee.value == hostAddress { entry.pointee = .empty }
    }

    private func eachVictim(
        of kind: Kind, _ body: (UnsafeMutablePointer<TableEntry>) -> Void
    ) {
        let victims = table(Self.victimOffset)
        for index in 0..<Self.victimCount where victims[index].tag & 0xfff == kind.rawValue {
            body(victims + index)
        }
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
    private static func hash(_ value: UInt64, bits: UInt64) -> UInt64 {
        (value &* 0x9e37_79b9_7f4a_7c15) &>> (64 &- bits)
    }
    private static func filterBit(_ page: UInt64, _ kind: Kind) -> (word: Int, bit: UInt64) {
        let hash = hash(page &>> 12 | kind.rawValue &<< 52, bits: 14)
        return (Int(truncatingIfNeeded: hash &>> 6), 1 &<< (hash & 63))
    }
    private func victim(_ tag: UInt64) -> UnsafeMutablePointer<TableEntry> {
        let hash = Self.hash(tag &>> 12 | tag &<< 52, bits: 9)
        return table(Self.victimOffset) + Int(truncatingIfNeeded: hash)
    }
    private var filter: UnsafeMutablePointer<UInt64> {
        (base + Self.filterOffset).assumingMemoryBound(to: UInt64.self)
    }
    /// False where nothing of the page was filled since the last clearing.
    private func mayHold(_ page: UInt64, _ kind: Kind) -> Bool {
        let (word, bit) = Self.filterBit(page, kind)
        return filter[word] & bit != 0
    }

    private mutating func log(_ offset: Int, _ index: Int) {
        let number = (offset - TableLayout.loads) / TableLayout.entryBytes + index
        if filledCount < Self.logCapacity {
            log[filledCount] = UInt16(truncatingIfNeeded: number)
        }
        if filledCount <= Self.logCapacity { filledCount &+= 1 }
    }

    private mutating func fill(_ kind: Kind, _ entry: TableEntry) {
        let index = kind.index(entry.tag)
        let target = table(kind.offset) + index
        let old = target.pointee
        target.pointee = entry
        if old.tag == TableLayout.noTag {
            log(kind.offset, index)
        } else if old.tag != entry.tag {
            keep(kind, old)
        }
    }
    private mutating func keep(_ kind: Kind, _ entry: TableEntry) {
        let tag = entry.tag | kind.rawValue
        let target = victim(tag)
        let old = target.pointee.tag
        if old == TableLayout.noTag {
            log(Self.victimOffset, target - table(Self.victimOffset))
        } else if old & 0xfff == Kind.page.rawValue {
            pagesWereEvicted = true
        }
        target.pointee = TableEntry(tag: tag, value: entry.value)
    }

    /// Puts a page that made room for another back into its table; nil where it is no victim.
    mutating func recall(_ kind: Kind, page: UInt64) -> UInt64? {
        let victim = victim(page | kind.rawValue)
        guard victim.pointee.tag == page | kind.rawValue else { return nil }
        let value = victim.pointee.value
        victim.pointee = .empty
        fill(kind, TableEntry(tag: page, value: value))
        return value
    }

    /// `pageBits`: the entry comes from a page of `1 << pageBits` bytes; 64: no translation, which
    /// `sfence.vma` does not concern.
    mutating func fill(_ kind: Kind, page: UInt64, value: UInt64, pageBits: Int) {
        fill(kind, TableEntry(tag: page, value: value))
        if kind == .fetch { mayHaveFetches = true }
        if page == clearedPage { clearedPage = TableLayout.noTag }
        let (word, bit) = Self.filterBit(page, kind)
        filter[word] |= bit
        if pageBits > 12 && pageBits < 64 {
            superpages.insert(page, pageBits: pageBits)
            clearedPage = TableLayout.noTag
        }
    }
    mutating func fillJump(_ pc: UInt64, _ hostAddress: UInt64) {
        let index = TableLayout.jumpIndex(pc)
        let target = table(TableLayout.jumps) + index
        if target.pointee.tag == TableLayout.noTag { log(TableLayout.jumps, index) }
        target.pointee = TableEntry(tag: pc, value: hostAddress)
        mayHaveJumps = true
    }
}
