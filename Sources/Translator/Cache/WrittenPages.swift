/// Pages whose code is written again and again. Translating what runs once costs more than
/// interpreting it: such a page's new code is interpreted first, and translated when it stays.
///
/// SAFETY: every index is below `count`, and the memory lives as long as the owner.
package struct WrittenPages: ~Copyable {
    private struct Entry {
        var page: UInt64 = ~0
        var writes: UInt16 = 0
        var visits: UInt16 = 0
    }
    private static let count = 1024
    private static let fewWrites: UInt16 = 8
    private static let firstVisits: UInt16 = 12
    /// Instructions that one visit interprets.
    static let visit: UInt64 = 64
    private let entries: UnsafeMutablePointer<Entry>

    package init() {
        entries = .allocate(capacity: Self.count)
        entries.initialize(repeating: Entry(), count: Self.count)
    }
    deinit { entries.deallocate() }

    private func entry(_ page: UInt64) -> UnsafeMutablePointer<Entry> {
        entries + (Int(truncatingIfNeeded: page &>> 12) & (Self.count - 1))
    }
    /// Code of this page was written.
    package func note(_ page: UInt64) {
        let entry = entry(page)
        if entry.pointee.page != page { entry.pointee = Entry(page: page) }
        if entry.pointee.writes < .max { entry.pointee.writes &+= 1 }
        entry.pointee.visits = 0
    }
    /// Whether code of this page should be interpreted for now.
    package func areYoung(_ page: UInt64) -> Bool {
        let entry = entry(page)
        guard entry.pointee.page == page, entry.pointee.writes >= Self.fewWrites,
            entry.pointee.visits < Self.firstVisits
        else { return false }
        entry.pointee.visits &+= 1
        return true
    }
}
