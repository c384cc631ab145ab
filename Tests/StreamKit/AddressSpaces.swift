import RISCV
import TestKit

/// Page tables made before the run: several roots with most things in common and some not.
struct AddressSpaces {
    struct Leaf {
        var space: Int
        var virtual: UInt64
        /// Where its entry lies.
        var entry: UInt64
        var value: UInt64
    }

    private(set) var words: [UInt64: UInt64] = [:]
    private(set) var satp: [UInt64] = []
    /// Leaves of one page that may be changed.
    private(set) var leaves: [Leaf] = []
    private var next = Place.tables
    /// Pages that every space maps alike and for good, and says so.
    private let globals: Set<Int>
    private var random: SeededNumbers

    init(_ random: inout SeededNumbers) {
        var own = SeededNumbers(seed: random.next())
        globals = Set((0..<4).map { _ in 2 + own.below(20) })
        self.random = own
        let modes: [PageTableMode] = [.sv39, .sv48, .sv39, self.random.pick([.sv57, .sv39])]
        for (index, mode) in modes.enumerated() { add(mode, index) }
    }

    private mutating func table() -> UInt64 {
        defer { next += 4096 }
        return next
    }

    private mutating func add(_ mode: PageTableMode, _ index: Int) {
        let root = table()
        // Two spaces may share an identifier: then a change of space flushes what they share.
        let identifier = UInt64(random.once(in: 4) ? 1 : index + 1)
        satp.append(UInt64(mode.rawValue) << 60 | identifier << 44 | root >> 12)
        func physical(_ number: Int) -> UInt64 { Place.page(number) }
        for number in 0..<22 {
            let isHandler = number < 2
            let isGlobal = globals.contains(number)
            let flags = isHandler ? 0xcb : isGlobal ? 0xef : supervisorFlags(number)
            map(
                mode, root, index, Place.page(number), physical(number), flags,
                keeps: isHandler || isGlobal)
            if isHandler { continue }
            let other = random.once(in: 8) ? 2 + random.below(20) : number
            map(
                mode, root, index, Place.page(number) - Place.userOffset, physical(other),
                supervisorFlags(number) | PTE.user)
            if number < 14 {
                map(
                    mode, root, index, Place.high + UInt64(number) << 12,
                    physical(2 + random.below(20)), supervisorFlags(number))
            }
        }
        for number in 0..<16 {
            // NAPOT: the low bits of the page number say the size (Svnapot).
            let value = PTE.napot | (Place.page(16) >> 12 | 8) << 10 | 0xc7
            map(
                mode, root, index, Place.napot + UInt64(number) << 12, nil, value, keeps: true)
        }
        map(mode, root, index, Place.odds, Place.device, 0xc7, keeps: true)
        map(mode, root, index, Place.odds + 4096, Place.rom, 0xcf, keeps: true)
        map(mode, root, index, Place.odds + 8192, Place.device, 0xd7, keeps: true)
        map(mode, root, index, Place.large, Place.ram, 0xcb, level: 1, keeps: true)
    }

    /// Mostly what the page is for; sometimes less, or with A or D clear.
    private mutating func supervisorFlags(_ number: Int) -> UInt64 {
        var flags: UInt64 = 0xc7  // D A R W V
        if Place.code.contains(number) { flags |= PTE.execute }
        if random.once(in: 4) { flags &= ~PTE.dirty }
        if random.once(in: 8) { flags &= ~PTE.accessed }
        if random.once(in: 12) { flags &= ~PTE.write }
        if random.once(in: 30) { flags &= ~(PTE.read | PTE.write) }
        if random.once(in: 30) { flags &= ~PTE.execute }
        if random.once(in: 30) { flags |= PTE.execute }
        if random.once(in: 25) { flags &= ~PTE.valid }
        return flags
    }

    /// `physical` nil: `flags` are the whole entry.
    private mutating func map(
        _ mode: PageTableMode, _ root: UInt64, _ space: Int, _ virtual: UInt64,
        _ physical: UInt64?, _ flags: UInt64, level last: Int = 0, keeps: Bool = false
    ) {
        var at = root
        for level in stride(from: mode.levels - 1, to: last, by: -1) {
            let entry = at + (virtual >> UInt64(12 + 9 * level) & 511) * 8
            if let word = words[entry] {
                at = PTE.pageNumber(word) << 12
            } else {
                at = table()
                words[entry] = (at >> 12) << 10 | PTE.valid
            }
        }
        let entry = at + (virtual >> UInt64(12 + 9 * last) & 511) * 8
        let value = physical.map { ($0 >> 12) << 10 | flags } ?? flags
        words[entry] = value
        if !keeps {
            leaves.append(Leaf(space: space, virtual: virtual, entry: entry, value: value))
        }
    }

    /// Another leaf for the same place, and the fence that makes the harts see it.
    mutating func change(
        _ random: inout SeededNumbers, used: (space: Int?, pages: [UInt64])
    ) -> Remap {
        let near = leaves.indices.filter {
            leaves[$0].space == used.space && used.pages.contains(leaves[$0].virtual)
        }
        let index =
            near.isEmpty || random.once(in: 3) ? random.below(leaves.count) : random.pick(near)
        let leaf = leaves[index]
        var value = leaf.value
        switch random.below(5) {
        case 0: value ^= PTE.valid
        case 1: value ^= PTE.write
        case 2: value = value & ~0xc0 | UInt64(random.below(4)) << 6
        default:
            value = value & 0x3ff | (Place.page(2 + random.below(20)) >> 12) << 10
        }
        if value & PTE.read == 0 { value &= ~PTE.write }
        leaves[index].value = value
        return Remap(
            entry: leaf.entry, value: value, virtual: leaf.virtual | random.next() & 0xfff,
            identifier: satp[leaf.space] >> 44 & 0xffff, byAddress: random.once(in: 2),
            byIdentifier: random.once(in: 2))
    }
}

/// A page-table entry changes, and the fences that it needs follow at once.
package struct Remap: Sendable {
    var entry: UInt64
    var value: UInt64
    var virtual: UInt64
    var identifier: UInt64
    var byAddress: Bool
    var byIdentifier: Bool
    /// The guests' `hgatp`: in each of them the guest's own fence is executed too.
    var guests: [UInt64] = []
    /// A change of what guests see: `hfence.gvma` follows, and `virtual` is a guest-physical address.
    var isGuestStage = false
}
