import Bits
import RISCV

/// Watching the guest's page tables: what `lazy` and `trace` have in common.
///
/// A table that a shadow was made from is write-protected in all shadows. So a shadow whose tables
/// were not written is right, however often the guest fences.
extension Shadows {
    func isAlive(_ note: TableNote) -> Bool {
        if note.isShared || note.isScattered { return note.id == epoch }
        for index in spaces.indices where spaces[index].id == note.id { return true }
        return false
    }

    /// A walk for this space read these entries: their tables are watched from now on.
    mutating func noteTables(_ address: UInt64, _ tables: GuestTables, _ space: Int) {
        // To protect a table can cost all shadows, and with them what was noted before.
        var before: UInt64
        repeat {
            before = epoch
            noteOnce(address, tables, space)
        } while epoch != before
    }

    private mutating func noteOnce(_ address: UInt64, _ tables: GuestTables, _ space: Int) {
        let mode = spaces[space].mode
        var level = mode.levels &- 1
        for index in 0..<tables.visitedCount {
            let entry = GuestPhysical(tables.visited[index])
            let reach = UInt64(12 &+ (level &+ 1) &* 9)
            let inside = address & (~0 &>> UInt64(64 &- mode.virtualBits))
            let base = (inside &>> reach) &<< reach
            if let frame = ram.frame(entry) {
                noteTable(frame, level, base, space)
                // What comes of an entry that the guest may be changing must go at the fence,
                // whatever it holds then.
                if let snapshot = watch.snapshot(frame) {
                    HostMemory.store64(snapshot &+ (entry.rawValue & 0xfff), ~0)
                }
            }
            level &-= 1
        }
    }

    private mutating func noteTable(_ frame: Int, _ level: Int, _ base: UInt64, _ space: Int) {
        if watch.lastWritten.frame == frame { watch.lastWritten.times = 0 }
        var note = watch.note(frame)
        let id = spaces[space].id
        guard note.state != .none, isAlive(note) else {
            let isOpen = note.state == .open
            watch.set(
                frame, TableNote(isOpen ? .open : .watched, level: level, base: base, id: id))
            return isOpen ? () : protect(frame)
        }
        if note.isScattered { return }
        if note.level != level || note.base != base {
            note.scatter(epoch)
        } else if !note.isShared && note.id != id {
            note.share(epoch)
        } else {
            return
        }
        watch.set(frame, note)
    }

    // MARK: Who can write

    mutating func noteWriter(_ frame: Int, _ page: UInt64) {
        let mark = page | 1
        let first = watch.writer(frame, 0)
        let second = watch.writer(frame, 1)
        if first == mark || second == mark || second == manyWriters { return }
        if first == 0 || !isMapped(first & ~1, frame) {
            watch.setWriter(frame, 0, mark)
        } else if second & 1 == 0 || !isMapped(second & ~1, frame) {
            watch.setWriter(frame, 1, mark)
        } else {
            watch.setWriter(frame, 1, manyWriters)
        }
    }

    /// More than two, for as long as the shadows live that this was seen in.
    private var manyWriters: UInt64 { epoch &<< 12 | 2 }

    private func isMapped(_ page: UInt64, _ frame: Int) -> Bool {
        let host = ram.base &+ UInt64(frame) &<< 12
        var found = false
        forEachLeaf(page) { place in
            if ShadowPageTable.target(HostMemory.load64(place)) == host { found = true }
        }
        return found
    }

    private func forEachLeaf(_ page: UInt64, _ body: (UInt64) -> Void) {
        for space in spaces.indices where spaces[space].id != 0 {
            let mode = shadowMode(spaces[space].mode)
            guard page.signExtended(from: mode.virtualBits) == page else { continue }
            for view in View.allCases where roots[Self.root(space, view)].table != 0 {
                if TrapPage.slot(page, mode) == roots[Self.root(space, view)].trapSlot {
                    continue
                }
                if let place = table(space, view).leaf(page) { body(place) }
            }
        }
    }

    /// Takes the right to write to a page out of all shadows.
    mutating func protect(_ frame: Int) {
        if watch.writer(frame, 1) == manyWriters {
            watch.setWriter(frame, 0, 0)
            watch.setWriter(frame, 1, 0)
            return dropAll()
        }
        let host = ram.base &+ UInt64(frame) &<< 12
        for index in 0..<2 {
            let writer = watch.writer(frame, index)
            guard writer & 1 != 0 else { continue }
            forEachLeaf(writer & ~1) { place in
                let entry = HostMemory.load64(place)
                if ShadowPageTable.target(entry) == host {
                    HostMemory.store64(place, entry & ~PTE.write)
                }
            }
            fences.page(writer & ~1)
            watch.setWriter(frame, index, 0)
        }
    }

    // MARK: What changed

    /// Forgets what entry `index` of a watched table stood for.
    mutating func drop(_ note: TableNote, entry index: Int) {
        let inside = note.base &+ UInt64(index) &<< UInt64(12 &+ note.level &* 9)
        dropRange(note, inside, level: note.level)
    }

    /// Forgets all that came of a table, which is watched no more.
    mutating func forget(_ frame: Int) {
        let note = watch.note(frame)
        guard note.state == .watched, isAlive(note) else { return }
        watch.set(frame, TableNote(word: 0))
        if note.isScattered { return dropAll() }
        for index in 0..<512 { drop(note, entry: index) }
    }

    private mutating func dropRange(_ note: TableNote, _ inside: UInt64, level: Int) {
        for space in spaces.indices where spaces[space].id != 0 && space != Self.bareSpace {
            guard note.isShared || spaces[space].id == note.id else { continue }
            let address = inside.signExtended(from: spaces[space].mode.virtualBits)
            for view in View.allCases where roots[Self.root(space, view)].table != 0 {
                let root = table(space, view)
                let trapSlot = roots[Self.root(space, view)].trapSlot
                if TrapPage.slot(address, root.mode) == trapSlot { continue }
                forget(address, level: level, root)
            }
        }
    }

    /// Forgets a page in all spaces, whatever is known of tables.
    mutating func dropPage(_ address: UInt64) {
        for space in spaces.indices where spaces[space].id != 0 && space != Self.bareSpace {
            for view in View.allCases where roots[Self.root(space, view)].table != 0 {
                let root = table(space, view)
                let trapSlot = roots[Self.root(space, view)].trapSlot
                if TrapPage.slot(address, root.mode) == trapSlot { continue }
                forget(address, level: 0, root)
            }
        }
    }

    private mutating func forget(_ address: UInt64, level: Int, _ root: ShadowPageTable) {
        if root.unmap(address, level: level, &pool) || level > 0 {
            fences.everything = true
        } else {
            fences.page(address)
        }
    }

    /// Guest memory changed by other means than the guest's own stores: a device, or the monitor.
    package mutating func wrote(_ range: GuestRange) {
        guard kind != .shadow, range.count > 0 else { return }
        var address = range.start.rawValue & ~0xfff
        while address < range.start.rawValue &+ range.count {
            if let frame = ram.frame(GuestPhysical(address)) {
                forget(frame)
                if let snapshot = watch.snapshot(frame) { poison(snapshot) }
            }
            address &+= 4096
        }
    }

    /// None of the entries can be trusted to be as they were.
    private func poison(_ snapshot: UInt64) {
        for index in 0..<UInt64(512) { HostMemory.store64(snapshot &+ index &* 8, ~0) }
    }
}
