import Bits
import Glibc
import RISCV

/// Which set of tables translates: the effective privilege and, in S-mode, SUM.
enum TranslationContext {
    static let machine = 0
    static let user = 1
    static let supervisor = 2
    static let supervisorSUM = 3
    static let count = 4
}

/// What the translations in a set depend on, and so which of them it may hold.
private struct TableKey: Equatable {
    /// All of `satp`; of a set of global translations only the mode; 0 without translation.
    var satp: UInt64
    /// The context, MXR, ADUE and PBMTE, and the marks below. 0: the set is free.
    var rules: UInt64

    static let free = TableKey(satp: 0, rules: 0)
    static let used: UInt64 = 1 << 8
    /// Addresses are physical: no page table is asked, and `sfence.vma` says nothing.
    static let identity: UInt64 = 1 << 9
    /// Holds global translations only, and serves every address space.
    static let global: UInt64 = 1 << 10

    var isIdentity: Bool { rules & Self.identity != 0 }
    var isGlobal: Bool { rules & Self.global != 0 }
    /// Whether `sfence.vma` with this ASID, or without one, concerns the set. Global translations are
    /// spared where it names one (privileged specification, §4.2.1).
    func isFenced(_ asid: UInt64?) -> Bool {
        if rules & (Self.used | Self.identity) != Self.used { return false }
        guard let asid else { return true }
        return !isGlobal && satp.bits(59, 44) == asid & 0xffff
    }
}

/// The sets of tables of a hart: one for each address space and context that was used of late, so that
/// a switch of address spaces flushes nothing.
///
/// The supervisor's own pages are usually global, so one set holds them for all address spaces. An
/// address space whose supervisor has pages that are not gets a set of its own.
///
/// SAFETY: the sets lie in one mapping that lives until `release`; it ends with the scratch page.
struct TablePool {
    private static let capacity = 24
    private static let scratchBytes = 4096
    private static let bytes = capacity * TableSet.bytes + scratchBytes

    private let mapping: UnsafeMutableRawPointer
    private let keys: UnsafeMutablePointer<TableKey>
    private let sets: UnsafeMutablePointer<TableSet>
    /// Sets that were ever made; the rest costs no memory.
    private var made = 0
    private(set) var servesGeneratedCode = false
    private var clock: UInt64 = 0

    /// The address space and rules that `contexts` holds for.
    private var satp: UInt64 = 0
    private var rules: UInt64 = 0
    /// The set of each context, -1 before it is asked for.
    private var contexts = InlineArray<4, Int>(repeating: -1)
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
        contexts = .init(repeating: -1)
        fetchSet = -1
        dataSet = -1
    }

    var fetch: UnsafeMutablePointer<TableSet> { sets + fetchSet }
    var data: UnsafeMutablePointer<TableSet> { sets + dataSet }
    var isOneSet: Bool { fetchSet == dataSet }
}

/// Choosing sets.
extension TablePool {
    /// Makes the sets of these contexts the current ones.
    mutating func select(fetch: Int, data: Int, satp: UInt64, rules: UInt64) {
        if satp != self.satp || rules != self.rules {
            self.satp = satp
            self.rules = rules
            for context in TranslationContext.user..<TranslationContext.count {
                contexts[context] = -1
            }
        }
        fetchSet = index(fetch)
        dataSet = data == fetch ? fetchSet : index(data)
        // It is generated code that fills them, unseen.
        if servesGeneratedCode { sets[dataSet].mayHaveSites = true }
    }

    private mutating func index(_ context: Int) -> Int {
        let known = contexts[context]
        if known >= 0 { return known }
        let found = find(context)
        contexts[context] = found
        clock &+= 1
        sets[found].lastUse = clock
        return found
    }

    private mutating func find(_ context: Int) -> Int {
        if context == TranslationContext.machine || satp &>> 60 == 0 {
            let mode = min(context, TranslationContext.supervisor)
            let marks = TableKey.used | TableKey.identity
            let key = TableKey(satp: 0, rules: marks | UInt64(mode))
            return existing(key) ?? make(key)
        }
        let own = ownKey(context)
        if let index = existing(own) { return index }
        guard context == TranslationContext.supervisor else { return make(own) }
        let shared = TableKey(satp: satp & (15 &<< 60), rules: own.rules | TableKey.global)
        return existing(shared) ?? make(shared)
    }
    private func ownKey(_ context: Int) -> TableKey {
        TableKey(satp: satp, rules: rules | TableKey.used | UInt64(context))
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
        if index == fetchSet || index == dataSet { return true }
        for context in 0..<TranslationContext.count where contexts[context] == index {
            return true
        }
        return false
    }

    /// Before a translation that is not global goes into the current sets: true where the supervisor
    /// had to leave the shared set for one of its own.
    mutating func leaveShared(isFetch: Bool) -> Bool {
        guard keys[isFetch ? fetchSet : dataSet].isGlobal else { return false }
        let own = make(ownKey(TranslationContext.supervisor))
        contexts[TranslationContext.supervisor] = own
        clock &+= 1
        sets[own].lastUse = clock
        return true
    }
}

/// Forgetting.
extension TablePool {
    /// Every translation in every set.
    mutating func clearAll() { clear { _ in true } }

    /// What `sfence.vma` without an address orders.
    mutating func clear(asid: UInt64?) { clear { $0.isFenced(asid) } }

    /// Sets that are not in use are cleared when they are chosen again.
    private mutating func clear(_ isMeant: (TableKey) -> Bool) {
        for index in 0..<made where keys[index] != .free && isMeant(keys[index]) {
            if index == fetchSet || index == dataSet {
                sets[index].clear()
                sets[index].mayHaveSites = servesGeneratedCode
                continue
            }
            keys[index] = .free
            for context in 0..<TranslationContext.count where contexts[context] == index {
                contexts[context] = -1
            }
        }
    }

    /// What `sfence.vma` with an address orders.
    mutating func clear(page: UInt64, asid: UInt64?) {
        for index in 0..<made where keys[index].isFenced(asid) {
            sets[index].clear(page: page)
            if index == dataSet { sets[index].mayHaveSites = servesGeneratedCode }
        }
    }

    /// The sets that hold something that is still to be found.
    func eachUsed(_ body: (UnsafeMutablePointer<TableSet>) -> Void) {
        for index in 0..<made where keys[index] != .free { body(sets + index) }
    }
}
