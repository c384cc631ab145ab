import Bits
import GuestMemory
import RISCV

/// Which set of tables translates: the effective privilege and, in S-mode, SUM.
enum TranslationContext {
    static let machine = 0
    static let user = 1
    static let supervisor = 2
    static let supervisorSUM = 3
    static let count = 4
}

/// What every cached translation depends on beside its context: where one changes, all are flushed.
struct TranslationKey: Equatable {
    var satp: UInt64 = 0
    var mxr = false
    var environment: UInt64 = 0
}

/// How the page-table walk reads and marks guest memory: RAM only, under PMP as S-mode.
struct WalkMemory: PhysicalMemory {
    let memory: GuestMemory
    let state: UnsafeMutablePointer<HartState>
    /// False for someone who only looks: no A or D bit is set.
    var marks = true

    func load64(_ address: GuestPhysical) -> UInt64? {
        guard allows(address, .load) else { return nil }
        return memory.load64(address)
    }
    func compareAndSwap64(_ address: GuestPhysical, expected: UInt64, new: UInt64) -> Bool? {
        guard allows(address, .store) else { return nil }
        guard marks else { return true }
        return switch memory.compareExchange(address, expected, new) {
        case .stored: true
        case .found: false
        case .refused: nil
        }
    }
    private func allows(_ address: GuestPhysical, _ kind: AccessKind) -> Bool {
        state.pointee.csr.pmp.check(address, count: 8, kind, privilege: .supervisor)
    }
}

extension Hart {
    /// The privilege of loads and stores (`mstatus.MPRV`).
    var dataPrivilege: Privilege {
        state.pointee.csr.effectivePrivilege(.load, state.pointee.privilege)
    }

    private func context(_ privilege: Privilege) -> Int {
        switch privilege {
        case .machine: TranslationContext.machine
        case .user: TranslationContext.user
        case .supervisor:
            state.pointee.csr.mstatus & Status.sum != 0
                ? TranslationContext.supervisorSUM : TranslationContext.supervisor
        }
    }

    /// After a change of privilege, `mstatus`, `satp`, PMP…: picks the tables, and flushes them where
    /// they no longer hold.
    func updateTranslation() {
        let key = TranslationKey(
            satp: state.pointee.csr.satp, mxr: state.pointee.csr.mstatus & Status.mxr != 0,
            environment: state.pointee.csr.menvcfg)
        if key != translationKey {
            translationKey = key
            flushTranslations()
        }
        let fetch = context(state.pointee.privilege)
        state.pointee.fetchTLB = tables[fetch].base + TLBSet.fetchOffset
        state.pointee.dataTLB = tables[context(dataPrivilege)].base
    }
    package func flushTranslations() {
        statistics.tlbFlushes &+= 1
        for index in 0..<TranslationContext.count { tables[index].clear() }
    }
    package func flushTranslation(page address: UInt64) {
        statistics.tlbFlushes &+= 1
        for index in 0..<TranslationContext.count { tables[index].clear(page: address & ~0xfff) }
    }
    func flushStores() {
        for index in 0..<TranslationContext.count { tables[index].clearStores() }
    }
    func flushFetches() {
        for index in 0..<TranslationContext.count { tables[index].clearFetches() }
    }
    /// Translates a data or fetch address, under PMP for `count` bytes, and says how it may be cached.
    func translate(_ address: UInt64, count: UInt64, _ kind: AccessKind) throws(Trap)
        -> Translation
    {
        let privilege = kind == .fetch ? state.pointee.privilege : dataPrivilege
        var reader = WalkMemory(memory: memory, state: state)
        var result = try PageWalk.walk(
            GuestVirtual(address), kind, state.pointee.csr.walkContext(effective: privilege),
            &reader)
        guard
            state.pointee.csr.pmp.check(result.physical, count: count, kind, privilege: privilege)
        else { throw Trap(kind.accessFault, value: address) }
        let page = state.pointee.csr.pmp.pagePermissions(result.physical, privilege: privilege)
        result.permissions.formIntersection(page ?? [])
        return result
    }

    /// The same for someone who only looks (a debugger): no A or D bit is set, nothing is thrown.
    package func physical(for address: GuestVirtual) -> GuestPhysical? {
        var reader = WalkMemory(memory: memory, state: state, marks: false)
        for kind in [AccessKind.load, .fetch] {
            let privilege = kind == .fetch ? state.pointee.privilege : dataPrivilege
            let context = state.pointee.csr.walkContext(effective: privilege)
            if let found = try? PageWalk.walk(address, kind, context, &reader) {
                return found.physical
            }
        }
        return nil
    }

    /// Caches a translation of a page of RAM in the tables that data accesses use now.
    func fillData(_ address: UInt64, _ result: Translation, _ kind: AccessKind) {
        let physicalPage = result.physical.rawValue & ~0xfff
        guard result.permissions.allow(kind),
            let host = memory.host(GuestPhysical(physicalPage), count: 4096)
        else { return }
        if kind == .store && memory.storesAreWatched(GuestPhysical(physicalPage)) { return }
        let page = address & ~0xfff
        if debug.isWatching && isWatched(page: page) { return }
        let index = Int(truncatingIfNeeded: page &>> 12) & (TLBSet.dataEntries - 1)
        let table = kind == .store ? TLBSet.storeOffset : 0
        state.pointee.dataTLB[table + index] = TLBEntry(
            tag: page, addend: UInt64(UInt(bitPattern: host)) &- page)
        let set = tables + context(dataPrivilege)
        set.pointee.noteFill(address, pageBits: result.pageBits)
    }

    /// Caches the decoded slots of a page in the fetch table.
    func fillFetch(_ address: UInt64, slots: UnsafePointer<Instruction>, pageBits: Int) {
        let index = Int(truncatingIfNeeded: address &>> 12) & (TLBSet.fetchEntries - 1)
        state.pointee.fetchTLB[index] = TLBEntry(
            tag: address & ~0xfff, addend: UInt64(UInt(bitPattern: slots)))
        let set = tables + context(state.pointee.privilege)
        set.pointee.noteFill(address, pageBits: pageBits)
    }
}
