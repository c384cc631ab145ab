import Bits
import Glibc
import RISCV

/// Which set of tables of a world translates: the effective privilege and, in S-mode, SUM.
enum TranslationContext {
    static let machine = 0
    static let user = 1
    static let supervisor = 2
    static let supervisorSUM = 3
    static let count = 4
}

/// Which translations a fence makes stale.
package enum FenceScope: Equatable, Sendable {
    /// Those outside of guests, of all address spaces or of one.
    case native(asid: UInt64?)
    /// Those of one guest's own tables.
    case guest(vmid: UInt64, asid: UInt64?)
    /// What depends on the G-stage tables of one guest, or of all.
    case guestStage(vmid: UInt64?)
}

/// What the translations in a set depend on, and so which of them it may hold.
private struct TableKey: Equatable {
    /// All of `satp`, in a guest of `vsatp`; of a set of global translations only the mode; 0 without
    /// translation.
    var satp: UInt64
    /// `hgatp` in a guest.
    var hgatp: UInt64 = 0
    /// The context, MXR, ADUE and PBMTE, and the marks below. 0: the set is free.
    var rules: UInt64

    static let free = TableKey(satp: 0, rules: 0)
    static let used: UInt64 = 1 << 8
    /// Addresses are physical: no page table is asked, and fences say nothing.
    static let identity: UInt64 = 1 << 9
    /// Holds global translations only, and serves every address space.
    static let global: UInt64 = 1 << 10
    /// Translations of both stages.
    static let virtual: UInt64 = 1 << 11

    var isGlobal: Bool { rules & Self.global != 0 }
    /// Whether a fence concerns the set. Global translations are spared where it names an address
    /// space (privileged specification, §4.2.1).
    func isFenced(_ scope: FenceScope) -> Bool {
        if rules & (Self.used | Self.identity) != Self.used { return false }
        let isVirtual = rules & Self.virtual != 0
        switch scope {
        case .native(let asid):
            return !isVirtual && hasAddressSpace(asid)
        case .guest(let vmid, let asid):
            return isVirtual && hgatp.bits(57, 44) == vmid & 0x3fff && hasAddressSpace(asid)
        case .guestStage(let vmid):
            return isVirtual && (vmid.map { hgatp.bits(57, 44) == $0 & 0x3fff } ?? true)
        }
    }
    private func hasAddressSpace(_ asid: UInt64?) -> Bool {
        guard let asid else { return true }
        return !isGlobal && satp.bits(59, 44) == asid & 0xffff
    }
}

/// The sets of one world, the hart's own or a guest's, and what they hold for.
struct WorldSets {
    var satp: UInt64 = 0
    var hgatp: UInt64 = 0
    var rules: UInt64 = 0
    /// The set of each context, -1 before it is asked for.
    fileprivate var contexts = InlineArray<4, Int>(repeating: -1)

    /// After a change of what translations depend on. The machine's set depends on nothing.
    mutating func enter(satp: UInt64, hgatp: UInt64 = 0, rules: UInt64) {
        guard satp != self.satp || rules != self.rules || hgatp != self.hgatp else { return }
        self.satp = satp
        self.hgatp = hgatp
        self.rules = rules
        for context in TranslationContext.user..<TranslationContext.count {
            contexts[context] = -1
        }
    }
    fileprivate mutating func forgetSets() { contexts = .init(repeating: -1) }
    fileprivate mutating func forget(set index: Int) {
        for context in 0..<TranslationContext.count where contexts[context] == index {
            contexts[context] = -1
        }
    }
    fileprivate func uses(_ index: Int) -> Bool {
        for context in 0..<TranslationContext.count where contexts[context] == index {
            return true
        }
        return false
    }
}

/// A set as it is asked for.
struct TableChoice: Equatable {
    var context: Int
    var isVirtual: Bool
}

/// The sets of tables of a hart: one for each address space and context that was used of late, so that
/// a switch of address spaces flushes nothing.
///
/// The supervisor's own pages are usually global, so one set holds them for all address spaces. An
/// address space whose supervisor has pages that are not gets a set of its own.
///
/// SAFETY: the sets lie in one mapping that lives until `release`; it ends with the scratch page.
struct TablePool {
    private static let capacity = 32
    private static let scratchBytes = 4096
    private static let bytes = capacity * TableSet.bytes + scratchBytes

    private let mapping: UnsafeMutableRawPointer
    private let keys: UnsafeMutablePointer<TableKey>
    private let sets: UnsafeMutablePointer<TableSet>
    /// Sets that were ever made; the rest costs no memory.
    private var made = 0
    private(set) var servesGeneratedCode = false
    private var clock: UInt64 = 0

    var native = WorldSets()
    var guest = WorldSets()
    /// The sets that fetches and data accesses use now.
    private var fetchSet = -1
    private var dataSet = -1

    init() {
        let mapped = mmap(
            nil, Self.bytes, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let mapped, mapped != MAP_FAILED else {
            preconditionFailure("the host refused \(Self.bytes) bytes for translation tables")
        }
        mapping = mapped
        keys = .allocate(capacity: Self.capacity)
        keys.initialize(repeating: .free, count: Self.capacity)
        sets = .allocate(capacity: Self.capacity)
    }
    func release() {
        munmap(mapping, Self.bytes)
        keys.deallocate()
        sets.deallocate()
    }

    /// From here on the sets have the tables that only generated code uses.
    mutating func serveGeneratedCode() {
        guard !servesGeneratedCode else { return }
        servesGeneratedCode = true
        keys.update(repeating: .free, count: Self.capacity)
        made = 0
        native.forgetSets()
        guest.forgetSets()
        fetchSet = -1
        dataSet = -1
    }

    var fetch: UnsafeMutablePointer<TableSet> { sets + fetchSet }
    var data: UnsafeMutablePointer<TableSet> { sets + dataSet }
    var isOneSet: Bool { fetchSet == dataSet }
}

/// Choosing sets.
extension TablePool {
    /// Makes these sets the current ones; the worlds have been entered.
    mutating func select(fetch: TableChoice, data: TableChoice) {
        fetchSet = index(fetch)
        dataSet = data == fetch ? fetchSet : index(data)
        // It is generated code that fills them, unseen.
        if servesGeneratedCode { sets[dataSet].mayHaveSites = true }
    }

    @inline(__always)
    private mutating func index(_ choice: TableChoice) -> Int {
        let known = (choice.isVirtual ? guest : native).contexts[choice.context]
        if known >= 0 { return known }
        let found = choice.isVirtual ? findVirtual(choice.context) : find(choice.context)
        note(choice, found)
        return found
    }
    private mutating func note(_ choice: TableChoice, _ index: Int) {
        if choice.isVirtual {
            guest.contexts[choice.context] = index
        } else {
            native.contexts[choice.context] = index
        }
        clock &+= 1
        sets[index].lastUse = clock
    }

    private mutating func find(_ context: Int) -> Int {
        if context == TranslationContext.machine || native.satp &>> 60 == 0 {
            let mode = min(context, TranslationContext.supervisor)
            let marks = TableKey.used | TableKey.identity
            let key = TableKey(satp: 0, rules: marks | UInt64(mode))
            return existing(key) ?? make(key)
        }
        return find(context, ownKey(context, isVirtual: false))
    }
    private mutating func findVirtual(_ context: Int) -> Int {
        find(context, ownKey(context, isVirtual: true))
    }
    private mutating func find(_ context: Int, _ own: TableKey) -> Int {
        if let index = existing(own) { return index }
        guard context == TranslationContext.supervisor else { return make(own) }
        var shared = own
        shared.satp &= 15 &<< 60
        shared.rules |= TableKey.global
        return existing(shared) ?? make(shared)
    }
    private func ownKey(_ context: Int, isVirtual: Bool) -> TableKey {
        let world = isVirtual ? guest : native
        let marks = TableKey.used | (isVirtual ? TableKey.virtual : 0)
        return TableKey(
            satp: world.satp, hgatp: world.hgatp, rules: world.rules | marks | UInt64(context))
    }

    private func existing(_ key: TableKey) -> Int? {
        for index in 0..<made where keys[index] == key { return index }
        return nil
    }

    /// A clear set for this key: a free one, a new one, or the one whose use lies farthest back.
    private mutating func make(_ key: TableKey) -> Int {
        var chosen = -1
        for index in 0..<made where !isInUse(index) {
            if keys[index] == .free {
                chosen = index
                break
            }
            if made == Self.capacity
                && (chosen < 0 || sets[index].lastUse < sets[chosen].lastUse)
            {
                chosen = index
            }
        }
        if chosen >= 0 {
            sets[chosen].clear()
        } else {
            chosen = made
            made &+= 1
            let scratch = mapping + Self.capacity * TableSet.bytes
            (sets + chosen).initialize(
                to: TableSet(
                    base: mapping + chosen * TableSet.bytes,
                    scratch: UInt64(UInt(bitPattern: scratch)),
                    servesGeneratedCode: servesGeneratedCode))
        }
        keys[chosen] = key
        return chosen
    }
    private func isInUse(_ index: Int) -> Bool {
        index == fetchSet || index == dataSet || native.uses(index) || guest.uses(index)
    }

    /// Before a translation that is not global goes into the current sets: true where the supervisor
    /// had to leave the shared set for one of its own.
    mutating func leaveShared(isFetch: Bool) -> Bool {
        let shared = keys[isFetch ? fetchSet : dataSet]
        guard shared.isGlobal else { return false }
        let choice = TableChoice(
            context: TranslationContext.supervisor,
            isVirtual: shared.rules & TableKey.virtual != 0)
        note(choice, make(ownKey(choice.context, isVirtual: choice.isVirtual)))
        return true
    }
}

/// Forgetting.
extension TablePool {
    /// Every translation in every set.
    mutating func clearAll() { clear { _ in true } }

    /// What a fence without an address orders.
    mutating func clear(_ scope: FenceScope) { clear { $0.isFenced(scope) } }

    /// Sets that are not in use are cleared when they are chosen again.
    private mutating func clear(_ isMeant: (TableKey) -> Bool) {
        for index in 0..<made where keys[index] != .free && isMeant(keys[index]) {
            if index == fetchSet || index == dataSet {
                sets[index].clear()
                sets[index].mayHaveSites = servesGeneratedCode
                continue
            }
            keys[index] = .free
            native.forget(set: index)
            guest.forget(set: index)
        }
    }

    /// What a fence with an address orders.
    mutating func clear(page: UInt64, _ scope: FenceScope) {
        for index in 0..<made where keys[index].isFenced(scope) {
            sets[index].clear(page: page)
            if index == dataSet { sets[index].mayHaveSites = servesGeneratedCode }
        }
    }

    /// The sets that hold something that is still to be found.
    func eachUsed(_ body: (UnsafeMutablePointer<TableSet>) -> Void) {
        for index in 0..<made where keys[index] != .free { body(sets + index) }
    }
}
