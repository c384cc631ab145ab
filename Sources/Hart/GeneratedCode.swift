import Bits
import GuestMemory
import RISCV

/// What generated code and its engine ask of a hart's tables. Each may leave `HartState.tables`
/// changed: who keeps a copy (GS) reads it again.
extension Hart {
    /// From here on `HartState.tables` leads to tables. Call it once, before the first run.
    package func serveGeneratedCode() {
        pool.pointee.serveGeneratedCode()
        updateTranslation()
    }

    /// Translates and fills the table of loads or stores. False where it does not hold the page
    /// afterwards: a trap, a device, a page that is watched or that PMP divides. No trap is taken;
    /// A and D bits may have been set, unless the store `isLater`: then no bit is.
    @inline(never)
    package func refill(_ address: UInt64, isStore: Bool, isLater: Bool = false) -> Bool {
        if cachedHost(address, isStore: isStore) != nil { return true }
        if isStore { statistics.storeMisses &+= 1 } else { statistics.loadMisses &+= 1 }
        let kind = isStore ? AccessKind.store : .load
        guard
            let result = try? translate(
                address, count: 1, kind, marking: isLater ? .refused : .done)
        else { return false }
        if isStore {
            guard memory.writableHost(result.physical, count: 1) != nil else { return false }
        }
        return fillData(address, result, kind)
    }

    /// The physical page of the code at `pc`; nil where the interpreter has to deal with it: a trap, no
    /// RAM, or a page that PMP divides.
    @inline(never)
    package func codePage(_ pc: UInt64) -> UInt64? {
        let page = pc & ~0xfff
        let entry = pool.pointee.fetch.pointee.table(TableLayout.pages) + TableLayout.pageIndex(pc)
        if entry.pointee.tag == page { return entry.pointee.value }
        if let known = pool.pointee.fetch.pointee.recall(.page, page: page) { return known }
        statistics.fetchMisses &+= 1
        guard let result = try? translate(pc, count: 2, .fetch) else { return nil }
        let physical = result.physical.rawValue & ~0xfff
        guard result.permissions.allow(.fetch),
            memory.host(GuestPhysical(physical), count: 4096) != nil
        else { return nil }
        prepareFill(result, isFetch: true)
        pool.pointee.fetch.pointee.fill(
            .page, page: page, value: physical, pageBits: result.pageBits)
        return physical
    }

    /// Lets jumps to `pc` find their host code. `codePage` has answered for `pc` since the last change
    /// of the tables.
    package func noteJump(_ pc: UInt64, hostAddress: UInt64) {
        pool.pointee.fetch.pointee.fillJump(pc, hostAddress)
    }
    /// The host code is no longer to be found, in whichever address space.
    package func forgetJump(_ pc: UInt64, hostAddress: UInt64) {
        pool.pointee.eachUsed { $0.pointee.removeJump(pc, hostAddress) }
    }
    package func forgetAllJumps() {
        pool.pointee.eachUsed { $0.pointee.clearJumps() }
    }
}

/// Forgetting translations.
extension Hart {
    /// All of them: after a change of PMP, a reset, a debugger's doings.
    package func flushTranslations() {
        statistics.tlbFlushes &+= 1
        pool.pointee.clearAll()
    }
    /// Those that page tables made, of one page or of all; what depends on the G-stage is not known by
    /// its guest-physical page.
    package func flush(_ scope: FenceScope, page address: UInt64? = nil) {
        statistics.tlbFlushes &+= 1
        if let address {
            pool.pointee.clear(page: address & ~0xfff, scope)
        } else {
            pool.pointee.clear(scope)
        }
    }
    /// A page holds code from here on: stores to it take the slow path.
    package func flushStores(to page: GuestPhysical) {
        guard let host = memory.host(page, count: 4096) else { return }
        pool.pointee.eachUsed { $0.pointee.clearStores(toHost: UInt64(UInt(bitPattern: host))) }
    }
    package func flushStores() {
        pool.pointee.eachUsed { $0.pointee.clearStores() }
    }
    func flushFetches(of slots: UnsafePointer<Instruction>) {
        pool.pointee.eachUsed { $0.pointee.clearFetches(of: UInt64(UInt(bitPattern: slots))) }
    }
}
