import Bits

/// What is known of a page that a shadow was made from: where it stands in which space.
struct TableNote {
    enum State: UInt64 {
        case none
        /// It cannot be written through any shadow.
        case watched
        /// The guest writes to it; what it held before is kept until a fence.
        case open
    }
    private(set) var word: UInt64

    init(word: UInt64) { self.word = word }
    init(_ state: State, level: Int, base: UInt64, id: UInt64) {
        word = state.rawValue | UInt64(level) &<< 4 | id &<< 7 | (base &>> 21) &<< 23
    }

    var state: State {
        get { State(rawValue: word & 3) ?? .none }
        set { word = word & ~3 | newValue.rawValue }
    }
    /// It is used at more than one place, or at different levels: a change can concern anything.
    var isScattered: Bool { word.bit(2) }
    /// It stands at the same place in several spaces.
    var isShared: Bool { word.bit(3) }
    var level: Int { Int(word.bits(6, 4)) }
    /// The life of its space; of everything, when it is in several.
    var id: UInt64 { word.bits(22, 7) }
    /// The first address it translates, without what sign extension adds.
    var base: UInt64 { (word &>> 23) &<< 21 }

    /// Which of the table's entries an address goes through; nil if none. The modes differ in the bits
    /// above the lowest 39: those are not looked at, so that a page may be found in one table too many.
    func index(of address: UInt64) -> Int? {
        let reach = UInt64(12 &+ (level &+ 1) &* 9)
        let apart = (address ^ base) & ((1 &<< 39) &- 1)
        guard reach >= 39 || apart &>> reach == 0 else { return nil }
        return Int((address &>> (reach &- 9)) & 0x1ff)
    }

    mutating func scatter(_ epoch: UInt64) { word = word & ~(0xffff &<< 7) | 4 | epoch &<< 7 }
    mutating func share(_ epoch: UInt64) { word = word & ~(0xffff &<< 7) | 8 | epoch &<< 7 }
}

/// Which pages of RAM hold page tables that shadows were made from, and through which addresses
/// each page can be written. Both lie in memory of the world's own, three words for each page.
struct TableWatch {
    static let noteBytes: UInt64 = 24
    private let notes: UInt64
    private let frameCount: Int
    /// Pages that are open, and what they held.
    private(set) var open: [(frame: Int, snapshot: UInt64)] = []
    /// The page that was written last under `trace`, and how often in a row.
    var lastWritten = (frame: -1, times: 0)

    static let openLimit = 64

    init(notes: UInt64, frameCount: Int) {
        self.notes = notes
        self.frameCount = frameCount
        open.reserveCapacity(Self.openLimit)
    }

    private func place(_ frame: Int) -> UInt64 { notes &+ UInt64(frame) &* Self.noteBytes }

    func note(_ frame: Int) -> TableNote { TableNote(word: HostMemory.load64(place(frame))) }
    func set(_ frame: Int, _ note: TableNote) { HostMemory.store64(place(frame), note.word) }

    /// One of the two addresses under which the page is mapped writable, with bit 0 set; 0: none.
    func writer(_ frame: Int, _ index: Int) -> UInt64 {
        HostMemory.load64(place(frame) &+ 8 &+ UInt64(index) &* 8)
    }
    func setWriter(_ frame: Int, _ index: Int, _ value: UInt64) {
        HostMemory.store64(place(frame) &+ 8 &+ UInt64(index) &* 8, value)
    }

    func isWatched(_ frame: Int, _ shadows: borrowing Shadows) -> Bool {
        let note = note(frame)
        return note.state == .watched && shadows.isAlive(note)
    }

    mutating func opened(_ frame: Int, _ snapshot: UInt64) { open.append((frame, snapshot)) }
    mutating func takeOpened() -> (frame: Int, snapshot: UInt64)? { open.popLast() }
    func snapshot(_ frame: Int) -> UInt64? {
        for entry in open where entry.frame == frame { return entry.snapshot }
        return nil
    }

    mutating func giveSnapshots(_ pool: inout PagePool) {
        while let entry = open.popLast() {
            pool.give(entry.snapshot)
            set(entry.frame, TableNote(word: 0))
        }
    }
    mutating func forgetAll() {
        HostMemory.zero(notes, count: UInt64(frameCount) &* Self.noteBytes)
    }
}
