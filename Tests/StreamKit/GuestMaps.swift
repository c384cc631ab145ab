import RISCV
import TestKit

/// Tables of the G-stage made before the run: what guests see of memory, most of it where it lies. The
/// guests' own tables are those of `AddressSpaces`.
struct GuestMaps {
    struct Leaf {
        var guest: Int
        var address: UInt64
        var entry: UInt64
        var value: UInt64
    }

    private(set) var words: [UInt64: UInt64] = [:]
    /// Values for `hgatp`.
    private(set) var hgatp: [UInt64] = []
    private(set) var leaves: [Leaf] = []
    private var next = Place.guestTables
    private var random: SeededNumbers

    init(_ random: inout SeededNumbers) {
        self.random = SeededNumbers(seed: random.next())
        let modes: [PageTableMode] = [.sv39, .sv48, self.random.pick([.sv39, .sv57])]
        for (index, mode) in modes.enumerated() { add(mode, index) }
    }

    private mutating func table(_ pages: UInt64 = 1) -> UInt64 {
        next = (next + pages << 12 - 1) & ~(pages << 12 - 1)
        defer { next += pages << 12 }
        return next
    }

    private mutating func add(_ mode: PageTableMode, _ index: Int) {
        let root = table(4)
        // Two guests may share a VMID: then a fence forgets what either has.
        let vmid = UInt64(random.once(in: 4) ? 1 : index + 1)
        hgatp.append(UInt64(mode.rawValue) << 60 | vmid << 44 | root >> 12)
        for number in 0..<32 {
            let other = number > 1 && random.once(in: 10) ? 2 + random.below(20) : number
            map(
                mode, root, index, Place.page(number), Place.page(other),
                number < 2 ? 0xdb : flags(number), keeps: number < 2)
        }
        // The guest's tables, which now and then cannot be marked.
        map(
            mode, root, index, Place.tables, Place.tables,
            random.once(in: 6) ? 0x57 : 0xd7, level: 1, keeps: true)
        map(mode, root, index, Place.device, Place.device, 0xd7)
        for page in 0..<UInt64(Place.romPages) {
            map(mode, root, index, Place.rom + page << 12, Place.rom + page << 12, 0xdb)
        }
    }

    private mutating func flags(_ number: Int) -> UInt64 {
        var flags: UInt64 = Place.code.contains(number) || random.once(in: 8) ? 0xdf : 0xd7
        if random.once(in: 5) { flags &= ~PTE.dirty }
        if random.once(in: 8) { flags &= ~PTE.accessed }
        if random.once(in: 15) { flags &= ~PTE.write }
        if random.once(in: 30) { flags &= ~(PTE.read | PTE.write) }
        if random.once(in: 30) { flags &= ~PTE.user }
        if random.once(in: 20) { flags &= ~PTE.valid }
        return flags
    }

    private mutating func map(
        _ mode: PageTableMode, _ root: UInt64, _ guest: Int, _ address: UInt64,
        _ physical: UInt64, _ flags: UInt64, level last: Int = 0, keeps: Bool = false
    ) {
        var at = root
        for level in stride(from: mode.levels - 1, to: last, by: -1) {
            let mask: UInt64 = level == mode.levels - 1 ? 2047 : 511
            let entry = at + (address >> UInt64(12 + 9 * level) & mask) * 8
            if let word = words[entry] {
                at = PTE.pageNumber(word) << 12
            } else {
                at = table()
                words[entry] = at >> 2 | PTE.valid
            }
        }
        let entry = at + (address >> UInt64(12 + 9 * last) & 511) * 8
        words[entry] = physical >> 2 | flags
        if keeps { return }
        leaves.append(
            Leaf(guest: guest, address: address, entry: entry, value: physical >> 2 | flags))
    }

    /// Another leaf for the same place, and the fence that makes the harts see it.
    mutating func change(_ random: inout SeededNumbers, in guest: UInt64) -> Remap {
        let near = leaves.indices.filter { hgatp[leaves[$0].guest] == guest }
        let index =
            near.isEmpty || random.once(in: 4) ? random.below(leaves.count) : random.pick(near)
        let leaf = leaves[index]
        var value = leaf.value
        switch random.below(5) {
        case 0: value ^= PTE.valid
        case 1: value ^= PTE.write
        case 2: value = value & ~0xc0 | UInt64(random.below(4)) << 6
        default: value = value & 0x3ff | Place.page(2 + random.below(20)) >> 2
        }
        if value & PTE.read == 0 { value &= ~PTE.write }
        leaves[index].value = value
        return Remap(
            entry: leaf.entry, value: value, virtual: leaf.address,
            identifier: hgatp[leaf.guest] >> 44 & 0x3fff, byAddress: random.once(in: 2),
            byIdentifier: random.once(in: 2), guests: hgatp, isGuestStage: true)
    }

    // MARK: Entries

    /// Worlds for an episode: the registers of the hypervisor, and whether it starts in a guest.
    mutating func fill(
        _ entry: inout Entry, satp: UInt64, spaces: [UInt64], restart: UInt64,
        _ random: inout SeededNumbers
    ) {
        let context = CSRContext()
        func set(_ number: Int, _ value: UInt64) { entry.csr.store(number, value, context) }
        set(CSR.stvec, Place.hypervisorHandler)
        set(CSR.vstvec, Place.page(Place.supervisorHandler))
        set(CSR.hgatp, random.once(in: 10) ? 0 : random.pick(hgatp))
        // The world that starts has the space that its addresses are for.
        let other = random.once(in: 5) ? 0 : random.pick(spaces)
        let isVirtual = entry.privilege != .machine && !random.once(in: 4)
        set(CSR.satp, isVirtual ? other : satp)
        set(CSR.vsatp, isVirtual ? satp : other)
        entry.csr.isVirtual = isVirtual
        set(CSR.vsscratch, restart)
        set(CSR.vsepc, restart)
        set(CSR.hedeleg, random.pick([0, 0xb1ff, 0xb1ff, random.next()]))
        set(CSR.hideleg, random.pick([0x444, 0x444, random.next()]))
        set(CSR.medeleg, random.pick([0, 0xf0_b5ff, 0xf0_b5ff, random.next()]))
        set(CSR.mideleg, random.pick([0, 0x222, 0x222, random.next()]))
        set(CSR.hvip, random.once(in: 3) ? random.next() : 0)
        set(CSR.hcounteren, random.once(in: 4) ? 0 : 7)
        set(CSR.henvcfg, random.once(in: 4) ? random.next() : entry.csr.menvcfg)
        set(CSR.hstateen0, random.once(in: 4) ? 0 : ~0)
        set(CSR.htimedelta, random.pick([0, UInt64(random.below(3000)), random.next()]))
        set(CSR.vstimecmp, random.pick([~0, UInt64(random.below(4000))]))
        var status = random.once(in: 6) ? UInt64(random.below(4)) << 13 : Status.fs
        if random.once(in: 3) { status |= Status.sum }
        if random.once(in: 4) { status |= Status.mxr }
        if random.once(in: 3) { status |= Status.sie }
        if random.once(in: 2) { status |= Status.spp }
        set(CSR.vsstatus, status)
        var rights: UInt64 = 0
        if random.once(in: 2) { rights |= HypervisorStatus.spv }
        if random.once(in: 2) { rights |= HypervisorStatus.spvp }
        if random.once(in: 2) { rights |= HypervisorStatus.hu }
        if random.once(in: 8) { rights |= random.next() & 0x70_0000 }
        set(CSR.hstatus, rights)
        if random.once(in: 2) { set(CSR.mstatus, entry.csr.get(CSR.mstatus) | Status.mpv) }
    }
}

extension CSRFile {
    fileprivate func get(_ number: Int) -> UInt64 { value(number, CSRContext()) }
}
