import Bits
import GuestMemory
import RISCV

/// How the page-table walk reads and marks guest memory: RAM only, under PMP as S-mode.
struct WalkMemory: PhysicalMemory {
    let memory: GuestMemory
    let state: UnsafeMutablePointer<HartState>
    var marking = Marking.done
    enum Marking {
        case done
        /// For someone who only looks: no A or D bit is set, and the walk goes on as if.
        case pretended
        /// The walk fails where a bit would have to be set.
        case refused
    }

    func load64(_ address: GuestPhysical) -> UInt64? {
        guard allows(address, .load) else { return nil }
        state.pointee.walkReads &+= 1
        return memory.load64(address)
    }
    func compareAndSwap64(_ address: GuestPhysical, expected: UInt64, new: UInt64) -> Bool? {
        guard allows(address, .store) else { return nil }
        guard marking == .done else { return marking == .pretended ? true : nil }
        return switch memory.compareExchange(address, expected, new) {
        case .stored: true
        case .found: false
        case .refused: nil
        }
    }
    private func allows(_ address: GuestPhysical, _ kind: AccessKind) -> Bool {
        state.pointee.csr.pmp.isOpen(address, count: 8, .supervisor)
            || state.pointee.csr.pmp.check(address, count: 8, kind, privilege: .supervisor)
    }
}

extension Hart {
    /// The mode of an access (`mstatus.MPRV`).
    func mode(of kind: AccessKind) -> AccessMode {
        state.pointee.csr.effectiveMode(kind, state.pointee.privilege)
    }

    private func choice(_ mode: AccessMode) -> TableChoice {
        let context: Int
        switch mode.privilege {
        case .machine: context = TranslationContext.machine
        case .user: context = TranslationContext.user
        case .supervisor:
            let status = mode.isVirtual ? state.pointee.csr.vsstatus : state.pointee.csr.mstatus
            context =
                status & Status.sum != 0
                ? TranslationContext.supervisorSUM : TranslationContext.supervisor
        }
        return TableChoice(context: context, isVirtual: mode.isVirtual)
    }

    /// After a change of the mode, of `mstatus`, `satp`, `menvcfg` or their kin: picks the tables.
    func updateTranslation() {
        let mstatus = state.pointee.csr.mstatus
        let fetch = choice(mode(of: .fetch))
        let data = mstatus & Status.mprv == 0 ? fetch : choice(mode(of: .load))
        let grants = state.pointee.csr.menvcfg & (Environment.adue | Environment.pbmte)
        pool.pointee.native.enter(
            satp: state.pointee.csr.satp, rules: mstatus & Status.mxr | grants)
        if fetch.isVirtual || data.isVirtual { enterGuest(grants) }
        pool.pointee.select(fetch: fetch, data: data)
        state.pointee.fetchTLB = pool.pointee.fetch.pointee.table(TableLayout.fetches)
        state.pointee.dataTLB = pool.pointee.data.pointee.table(TableLayout.loads)
        let hasTables = pool.pointee.servesGeneratedCode && pool.pointee.isOneSet
        state.pointee.tables =
            hasTables ? UInt64(UInt(bitPattern: pool.pointee.data.pointee.base)) : 0
    }

    private func enterGuest(_ grants: UInt64) {
        let inner = state.pointee.csr.hypervisorEnvironment & (Environment.adue | Environment.pbmte)
        // Beside its own bits, the guest's MXR and environment one and two places away.
        pool.pointee.guest.enter(
            satp: state.pointee.csr.vsatp, hgatp: state.pointee.csr.hgatp,
            rules: state.pointee.csr.mstatus & Status.mxr | grants
                | (state.pointee.csr.vsstatus & Status.mxr) &<< 1 | inner &>> 2)
    }

    /// Translates a data or fetch address, under PMP for `count` bytes, and says how it may be cached.
    func translate(
        _ address: UInt64, count: UInt64, _ kind: AccessKind,
        marking: WalkMemory.Marking = .done
    ) throws(Trap) -> Translation {
        try translate(address, count: count, kind, mode(of: kind), marking: marking)
    }
    func translate(
        _ address: UInt64, count: UInt64, _ kind: AccessKind, _ mode: AccessMode,
        marking: WalkMemory.Marking = .done
    ) throws(Trap) -> Translation {
        let privilege = mode.privilege
        var reader = WalkMemory(memory: memory, state: state, marking: marking)
        var result = try TwoStageWalk.walk(
            GuestVirtual(address), kind, state.pointee.csr.stages(mode), &reader)
        let page = GuestPhysical(result.physical.rawValue & ~0xfff)
        if state.pointee.csr.pmp.isOpen(page, count: 4096, privilege) { return result }
        guard allows(result.physical, count, kind, mode) else {
            var trap = Trap(kind.accessFault, value: address)
            trap.isGuestAddress = mode.isVirtual
            throw trap
        }
        let allowed = state.pointee.csr.pmp.pagePermissions(result.physical, privilege: privilege)
        result.permissions.formIntersection(allowed ?? [])
        return result
    }

    /// PMP. `hlvx` needs memory that can be executed and read too, since it cannot override what
    /// machine mode protects (§18.3.1).
    private func allows(
        _ physical: GuestPhysical, _ count: UInt64, _ kind: AccessKind, _ mode: AccessMode
    ) -> Bool {
        func check(_ kind: AccessKind) -> Bool {
            state.pointee.csr.pmp.check(physical, count: count, kind, privilege: mode.privilege)
        }
        return check(kind) && (!mode.readsCode || check(.fetch))
    }

    /// The same for someone who only looks (a debugger): no A or D bit is set, nothing is thrown.
    package func physical(for address: GuestVirtual) -> GuestPhysical? {
        var reader = WalkMemory(memory: memory, state: state, marking: .pretended)
        for kind in [AccessKind.load, .fetch] {
            let stages = state.pointee.csr.stages(mode(of: kind))
            if let found = try? TwoStageWalk.walk(address, kind, stages, &reader) {
                return found.physical
            }
        }
        return nil
    }

    /// Caches a translation of a page of RAM in the tables that data accesses use now, which may be
    /// others afterwards; false where it cannot be cached.
    @discardableResult
    func fillData(_ address: UInt64, _ result: Translation, _ kind: AccessKind) -> Bool {
        let physicalPage = result.physical.rawValue & ~0xfff
        guard result.permissions.allow(kind),
            let host = memory.host(GuestPhysical(physicalPage), count: 4096)
        else { return false }
        if kind == .store && memory.storesAreWatched(GuestPhysical(physicalPage)) { return false }
        let page = address & ~0xfff
        if debug.isWatching && isWatched(page: page) { return false }
        prepareFill(result, isFetch: false)
        pool.pointee.data.pointee.fill(
            kind == .store ? .store : .load, page: page,
            value: UInt64(UInt(bitPattern: host)) &- page, pageBits: result.pageBits)
        return true
    }

    /// Caches the decoded slots of a page in the fetch table.
    func fillFetch(_ address: UInt64, slots: UnsafePointer<Instruction>, _ result: Translation) {
        prepareFill(result, isFetch: true)
        pool.pointee.fetch.pointee.fill(
            .fetch, page: address & ~0xfff, value: UInt64(UInt(bitPattern: slots)),
            pageBits: result.pageBits)
    }

    /// Where an address leads by the tables alone.
    func cachedHost(_ address: UInt64, isStore: Bool) -> UnsafeMutableRawPointer? {
        let page = address & ~0xfff
        let table = isStore ? TableLayout.dataCount : 0
        let entry = state.pointee.dataTLB[table + TableLayout.dataIndex(address)]
        var addend = entry.value
        if entry.tag != page {
            let set = pool.pointee.data
            guard let found = set.pointee.recall(isStore ? .store : .load, page: page) else {
                return nil
            }
            addend = found
        }
        return UnsafeMutableRawPointer(bitPattern: UInt(truncatingIfNeeded: addend &+ address))
    }

    func prepareFill(_ result: Translation, isFetch: Bool) {
        if !result.isGlobal && pool.pointee.leaveShared(isFetch: isFetch) { updateTranslation() }
    }
}
