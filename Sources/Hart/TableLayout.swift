/// One entry of a translation table.
@frozen @usableFromInline
package struct TableEntry {
    /// A virtual page address (of a jump: a pc), or an empty mark of `TableLayout`.
    @usableFromInline package var tag: UInt64
    /// What the tag leads to; `TableLayout` says it for each table.
    @usableFromInline package var value: UInt64

    @inlinable package init(tag: UInt64, value: UInt64) {
        self.tag = tag
        self.value = value
    }
    static var empty: TableEntry { TableEntry(tag: TableLayout.noTag, value: 0) }
}

/// Where the tables of a set lie, in bytes from its start, and how many entries they have.
///
/// Generated code addresses them through GS. The tables of loads and stores are looked up by address:
/// a lookup compares `address & ~(0xfff - (size - 1))` with the tag, so that misaligned and
/// page-crossing accesses miss without a test of their own. Site tables are looked up by instruction
/// and hit where `address - tag <= 4096 - size`.
@frozen @usableFromInline
package enum TableLayout {
    /// By site: virtual page, host address minus virtual address.
    @inlinable package static var siteLoads: Int { 0 }
    @inlinable package static var siteStores: Int { siteLoads &+ siteCount &* entryBytes }
    /// By virtual page: virtual page, host address minus virtual address.
    @inlinable package static var loads: Int { siteStores &+ siteCount &* entryBytes }
    @inlinable package static var stores: Int { loads &+ dataCount &* entryBytes }
    /// By pc: pc, address of the host code that was made for it.
    @inlinable package static var jumps: Int { stores &+ dataCount &* entryBytes }
    /// By virtual page: virtual page, the interpreter's decoded slots.
    @inlinable package static var fetches: Int { jumps &+ jumpCount &* entryBytes }
    /// By virtual page: virtual page, physical page, for the translator's fetches.
    @inlinable package static var pages: Int { fetches &+ fetchCount &* entryBytes }
    @inlinable package static var bytes: Int { pages &+ pageCount &* entryBytes }

    @inlinable package static var siteCount: Int { 512 }
    @inlinable package static var dataCount: Int { 1024 }
    @inlinable package static var jumpCount: Int { 4096 }
    @inlinable package static var fetchCount: Int { 1024 }
    @inlinable package static var pageCount: Int { 1024 }
    @inlinable package static var entryBytes: Int { 16 }

    /// Marks an empty entry of every table but those by site: never equal to a masked address, because
    /// bits 3 to 11 are set, nor to a pc, because bit 0 is.
    @inlinable package static var noTag: UInt64 { 0xfff }
    /// Marks an empty entry by site. A page of addresses that no mode can translate and where no memory
    /// can be. A guest that accesses this very page all the same does not fault in generated code: it
    /// sees the pool's scratch page.
    @inlinable package static var noSite: UInt64 { 0x4b1d_5eed_0ff5_e000 }

    /// The index of an address in the tables of loads and stores.
    @inlinable package static func dataIndex(_ address: UInt64) -> Int {
        Int(truncatingIfNeeded: address &>> 12) & (dataCount &- 1)
    }
    @inlinable package static func fetchIndex(_ address: UInt64) -> Int {
        Int(truncatingIfNeeded: address &>> 12) & (fetchCount &- 1)
    }
    @inlinable package static func pageIndex(_ address: UInt64) -> Int {
        Int(truncatingIfNeeded: address &>> 12) & (pageCount &- 1)
    }
    @inlinable package static func jumpIndex(_ pc: UInt64) -> Int {
        Int(truncatingIfNeeded: pc &>> 1) & (jumpCount &- 1)
    }
}
