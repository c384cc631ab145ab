import Bits
import RISCV

/// The shadow page tables of a world, and the three back-ends' common ground.
package struct Shadows: ~Copyable {
    package let kind: MMUKind
    let ram: GuestRAM
    let trapPage: TrapPage
    /// The widest mode that the real hart has.
    package let widest: PageTableMode
    /// Each view of each space has an ASID, and no two worlds share one: a hart keeps the
    /// translations of several.
    private let firstASID: UInt64
    package var pool: PagePool
    var watch: TableWatch
    /// The last one is that of no translation.
    var spaces: [AddressSpace]
    /// Six for each space, a view's at `root(space, view)`: small elements, which are read in
    /// place.
    var roots: [ShadowRoot]
    var current = 0
    private var nextID: UInt64 = 1
    private var useClock: UInt64 = 0
    /// The life of everything: notes that hold for several spaces die with it.
    private(set) var epoch: UInt64 = 0
    package var fences = FenceOrders()
    package var counts = MMUCounts()
    /// What the last fault that is the guest's own reached for beyond the world.
    var stray: (rule: Containment, address: UInt64)?
    /// The chosen root may be another one now: the vCPU has to choose again.
    package var mustChoose = false

    package static let noteBytes = TableWatch.noteBytes
    static let spaceCount = 16
    static let bareSpace = spaceCount
    static let idLimit: UInt64 = 0xffff

    /// `notes` is zeroed memory, `TableWatch.noteBytes` for each page of RAM; `owner` is the world's number,
    /// below eight.
    package init(
        _ kind: MMUKind, ram: GuestRAM, pool: PagePool, trapPage: TrapPage, widest: PageTableMode,
        notes: UInt64, owner: Int = 0
    ) {
        firstASID = UInt64(owner) << 7 | 1
        self.kind = kind
        self.ram = ram
        self.pool = pool
        self.trapPage = trapPage
        self.widest = widest
        watch = TableWatch(notes: notes, frameCount: Int(ram.count &>> 12))
        spaces = [AddressSpace](repeating: AddressSpace(), count: Self.spaceCount + 1)
        roots = [ShadowRoot](
            repeating: ShadowRoot(), count: (Self.spaceCount + 1) * View.count)
        epoch = takeID()
        spaces[Self.bareSpace].id = takeID()
        current = Self.bareSpace
    }

    static func root(_ space: Int, _ view: View) -> Int {
        space &* View.count &+ view.rawValue
    }

    private mutating func takeID() -> UInt64 {
        if nextID > Self.idLimit {
            // Numbers begin again: no note may mean the wrong one.
            watch.giveSnapshots(&pool)
            watch.forgetAll()
            nextID = 2
            epoch = 1
            for space in spaces.indices where spaces[space].id != 0 {
                giveRoots(space)
                spaces[space].id = nextID
                nextID &+= 1
            }
        }
        defer { nextID &+= 1 }
        return nextID
    }

    /// One mode wider than the guest's, so that the trap page lies outside the guest's addresses.
    package func shadowMode(_ guest: PageTableMode) -> PageTableMode {
        switch guest {
        case .bare, .sv39: min(.sv48, widest)
        case .sv48, .sv57: min(.sv57, widest)
        }
    }

    // MARK: Choosing

    /// The space and the view that the vCPU's state asks for.
    func choice(_ status: UInt64, _ privilege: Privilege) -> (space: Int, view: View) {
        if privilege == .machine {
            let isFetchOnly = status & Status.mprv != 0 && status & Status.mpp != Status.mpp
            return (Self.bareSpace, isFetchOnly ? .machineFetch : .machine)
        }
        if current == Self.bareSpace { return (Self.bareSpace, .bare) }
        return (
            current,
            View(
                privilege, sum: status & Status.sum != 0, mxr: status & Status.mxr != 0)
        )
    }

    /// The root to run with: what the real hart's `satp` holds, and where the trap page is.
    package mutating func choose(_ csr: inout CSRFile, _ privilege: Privilege)
        -> (satp: UInt64, trapPage: UInt64)
    {
        mustChoose = false
        let (space, view) = choice(csr.mstatus, privilege)
        makeRoot(space, view)
        if kind == .shadow, !roots[Self.root(space, view)].isBuilt {
            EagerMMU.build(space, view, &csr, &self)
        }
        let mode = shadowMode(spaces[space].mode)
        let root = roots[Self.root(space, view)]
        let asid = firstASID &+ UInt64(Self.root(space, view))
        return (
            UInt64(mode.rawValue) &<< 60 | asid &<< 44 | root.table &>> 12,
            TrapPage.address(slot: root.trapSlot, mode)
        )
    }

    func table(_ space: Int, _ view: View) -> ShadowPageTable {
        ShadowPageTable(
            root: roots[Self.root(space, view)].table, mode: shadowMode(spaces[space].mode))
    }

    mutating func makeRoot(_ space: Int, _ view: View) {
        guard roots[Self.root(space, view)].table == 0 else { return }
        var page = pool.take()
        if page == nil {
            dropAll()
            page = pool.take()
        }
        guard let page else { preconditionFailure("no page left for the root of a shadow") }
        roots[Self.root(space, view)] = ShadowRoot(table: page)
        placeTrapPage(space, view, slot: TrapPage.usualSlot)
    }

    private mutating func placeTrapPage(_ space: Int, _ view: View, slot: Int) {
        roots[Self.root(space, view)].trapSlot = slot
        let root = table(space, view)
        HostMemory.store64(root.root &+ UInt64(slot) &* 8, trapPage.entry(root.mode))
    }

    /// The guest maps something where the trap page is: it goes to a slot that is free.
    mutating func moveTrapPage(_ space: Int, _ view: View) {
        counts.trapPageMoves += 1
        let root = table(space, view)
        let old = roots[Self.root(space, view)].trapSlot
        let slots = TrapPage.slots
        var new = old
        repeat {
            new = new == slots.upperBound ? slots.lowerBound : new &+ 1
        } while new != old
            && HostMemory.load64(root.root &+ UInt64(new) &* 8) != 0
        if new == old {
            root.clear(keeping: old, &pool)
            new = old == slots.upperBound ? slots.lowerBound : old &+ 1
        }
        HostMemory.store64(root.root &+ UInt64(old) &* 8, 0)
        placeTrapPage(space, view, slot: new)
        fences.everything = true
        mustChoose = true
    }

    // MARK: Address spaces come and go

    /// The guest wrote `satp`.
    package mutating func switchSpace(_ satp: UInt64) {
        mustChoose = true
        useClock &+= 1
        guard satp &>> 60 != 0 else { return current = Self.bareSpace }
        var oldest = 0
        for index in 0..<Self.spaceCount {
            if spaces[index].id != 0 && spaces[index].satp == satp {
                spaces[index].lastUse = useClock
                current = index
                return
            }
            if spaces[index].lastUse < spaces[oldest].lastUse { oldest = index }
        }
        giveRoots(oldest)
        spaces[oldest].satp = satp
        spaces[oldest].id = takeID()
        spaces[oldest].lastUse = useClock
        current = oldest
    }

    /// Frees all shadows of one space.
    private mutating func giveRoots(_ space: Int) {
        for view in View.allCases {
            let root = roots[Self.root(space, view)]
            guard root.table != 0 else { continue }
            table(space, view).clear(keeping: root.trapSlot, &pool)
            pool.give(root.table)
            roots[Self.root(space, view)] = ShadowRoot()
            fences.everything = true
        }
        mustChoose = true
    }

    /// Begins again without any shadow.
    mutating func dropAll() {
        counts.drops += 1
        for space in spaces.indices {
            giveRoots(space)
            if space != current && space != Self.bareSpace {
                spaces[space].id = 0
                spaces[space].lastUse = 0
            }
        }
        watch.giveSnapshots(&pool)
        epoch = takeID()
        spaces[current].id = takeID()
        if current != Self.bareSpace { spaces[Self.bareSpace].id = takeID() }
    }

    /// Protection or the rules of translation changed: nothing that was mapped holds.
    package mutating func rulesChanged() { dropAll() }
}
