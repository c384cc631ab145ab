import Bits
import RISCV

/// `mmu=lazy`: the first store to a watched table opens it, with a copy of what it held. At the
/// next fence the copy says which entries changed, and only their shadows go (privileged
/// specification §4.2.1: until then the hart may use either). A page that is written many times
/// between two fences costs one trap.
enum LazyMMU: MMUBackEnd {
    static func switched(_ shadows: inout Shadows) {}

    static func fenced(_ address: UInt64?, _ shadows: inout Shadows) {
        if let address, fencedPage(address, &shadows) { return }
        while let (frame, snapshot) = shadows.watch.takeOpened() {
            var note = shadows.watch.note(frame)
            let isAlive = shadows.isAlive(note)
            if isAlive && note.isScattered {
                shadows.pool.give(snapshot)
                shadows.watch.set(frame, TableNote(word: 0))
                shadows.dropAll()
                continue
            }
            if isAlive { compare(frame, snapshot, note, &shadows) }
            shadows.pool.give(snapshot)
            note.state = .watched
            shadows.watch.set(frame, isAlive ? note : TableNote(word: 0))
            if isAlive { shadows.protect(frame) }
        }
    }

    private static func compare(
        _ frame: Int, _ snapshot: UInt64, _ note: TableNote, _ shadows: inout Shadows
    ) {
        let table = shadows.ram.base &+ UInt64(frame) &<< 12
        for index in 0..<512 {
            let old = HostMemory.load64(snapshot &+ UInt64(index) &* 8)
            let new = HostMemory.load64(table &+ UInt64(index) &* 8)
            if isLess(new, old) { shadows.drop(note, entry: index) }
        }
    }

    /// Whether what was made of the old entry may be more than the new one allows. Nothing was made of
    /// an entry that was not valid; and what only gained A or D allows all it did.
    @inline(__always) private static func isLess(_ new: UInt64, _ old: UInt64) -> Bool {
        guard old != new, old & PTE.valid != 0 else { return false }
        return (old ^ new) & ~(PTE.accessed | PTE.dirty) != 0 || old & ~new != 0
    }

    /// A fence for one page is about the entries that translate it: the tables stay open. False where
    /// a table is at several places.
    private static func fencedPage(_ address: UInt64, _ shadows: inout Shadows) -> Bool {
        for (frame, snapshot) in shadows.watch.open {
            let note = shadows.watch.note(frame)
            guard shadows.isAlive(note) else { continue }
            if note.isScattered { return false }
            guard let index = note.index(of: address) else { continue }
            let place = snapshot &+ UInt64(index) &* 8
            let new = HostMemory.load64(
                shadows.ram.base &+ UInt64(frame) &<< 12 &+ UInt64(index) &* 8)
            guard isLess(new, HostMemory.load64(place)) else { continue }
            HostMemory.store64(place, new)
            shadows.drop(note, entry: index)
        }
        return true
    }

    static func tableWritten(_ frame: Int, _ access: AccessKind, _ shadows: inout Shadows) -> Fill {
        // A page that is only read stays watched.
        guard access == .store else { return .emulate }
        shadows.counts.tableWrites += 1
        if shadows.watch.open.count >= TableWatch.openLimit { fenced(nil, &shadows) }
        guard let snapshot = shadows.pool.takeDirty() else {
            shadows.dropAll()
            return .mapped
        }
        HostMemory.copy(
            to: snapshot, from: shadows.ram.base &+ UInt64(frame) &<< 12, count: 4096)
        var note = shadows.watch.note(frame)
        note.state = .open
        shadows.watch.set(frame, note)
        shadows.watch.opened(frame, snapshot)
        return .mapped
    }

    static func willStore(
        _ address: GuestPhysical, _ width: AccessWidth, _ shadows: inout Shadows
    ) {
        shadows.wrote(GuestRange(start: address, count: width.bytes))
    }
}
