import Bits
import CHost

extension GuestMemory {
    /// What is known of the page around an address; nothing outside.
    @inlinable package func pageFlags(_ address: GuestPhysical) -> PageFlags {
        guard let slot = unsafe slot(address) else { return [] }
        return unsafe PageFlags(rawValue: hull_load_relaxed_8(slot.pointee.pageFlags(address)))
    }
    /// An engine decoded or translated code of this page.
    @inlinable package func setHasCode(_ address: GuestPhysical) {
        guard let slot = unsafe slot(address) else { return }
        unsafe hull_or_8(slot.pointee.pageFlags(address), PageFlags.hasCode.rawValue)
    }
    /// No engine holds code of this page any longer.
    @inlinable package func clearHasCode(_ address: GuestPhysical) {
        guard let slot = unsafe slot(address) else { return }
        unsafe _ = hull_clear_8(slot.pointee.pageFlags(address), PageFlags.hasCode.rawValue)
    }
    /// Each store of a hart to this page ends its run with `Exit.requested`. Set it before harts run.
    package func watchStores(_ address: GuestPhysical) {
        guard let slot = unsafe slot(address) else { return }
        unsafe hull_or_8(slot.pointee.pageFlags(address), PageFlags.watched.rawValue)
    }
    /// Stores to this page must take the slow path: it holds code, somebody wants to know, or the
    /// dirty log has not seen it.
    @inlinable package func storesAreWatched(_ address: GuestPhysical) -> Bool {
        guard let slot = unsafe slot(address) else { return true }
        let flags = unsafe hull_load_relaxed_8(slot.pointee.pageFlags(address))
        return flags & (PageFlags.hasCode.rawValue | PageFlags.watched.rawValue) != 0
            || (unsafe slot.pointee.isLogging && flags & PageFlags.dirty.rawValue == 0)
    }

    /// Whether any page that these bytes touch holds code.
    @inlinable package func hasCode(in range: GuestRange) -> Bool {
        var found = false
        unsafe eachPage(of: range) { slot, address in
            let flags = unsafe hull_load_relaxed_8(slot.pointee.pageFlags(address))
            found = found || flags & PageFlags.hasCode.rawValue != 0
        }
        return found
    }
    /// The pages that these bytes touch and that hold code.
    package func codePages(in range: GuestRange) -> [GuestPhysical] {
        var pages: [GuestPhysical] = []
        unsafe eachPage(of: range) { slot, address in
            let flags = unsafe hull_load_relaxed_8(slot.pointee.pageFlags(address))
            if flags & PageFlags.hasCode.rawValue != 0 { pages.append(address) }
        }
        return pages
    }

    /// Walks the pages of a range that exist; an absurd range costs no more than all of memory.
    @inlinable
    package func eachPage(
        of range: GuestRange, _ body: (UnsafeMutablePointer<Memslot>, GuestPhysical) -> Void
    ) {
        guard range.count > 0 else { return }
        let last = range.start.rawValue.addingReportingOverflow(range.count &- 1)
        let end = last.overflow ? UInt64.max : last.partialValue
        for index in 0..<slotCount {
            let slot = unsafe slots + index
            let slotStart = unsafe slot.pointee.start
            let slotLast = unsafe slotStart &+ slot.pointee.count &- 1
            guard range.start.rawValue <= slotLast, end >= slotStart else { continue }
            var page = max(range.start.rawValue, slotStart) & ~Page.offsetMask
            let stop = min(end, slotLast)
            while page <= stop {
                unsafe body(slot, GuestPhysical(page))
                if page > UInt64.max &- Page.bytes { break }
                page &+= Page.bytes
            }
        }
    }

    // MARK: The dirty log. Start and stop it while no hart runs, then flush the harts' TLBs.

    /// Every page is clean from here on, and a page that is written becomes dirty.
    package func startDirtyLog() {
        for index in 0..<slotCount {
            unsafe slots[index].isLogging = true
        }
        _ = drainDirtyPages()
    }
    package func stopDirtyLog() {
        for index in 0..<slotCount { unsafe slots[index].isLogging = false }
    }
    /// The pages written since the last call, which are clean again. The harts' TLBs must forget
    /// that they were writable.
    package func drainDirtyPages() -> [GuestPhysical] {
        var pages: [GuestPhysical] = []
        for index in 0..<slotCount {
            let slot = unsafe slots[index]
            for page in 0..<Int(truncatingIfNeeded: slot.count >> Page.shift) {
                let at = unsafe slot.flags + page
                guard unsafe hull_load_relaxed_8(at) & PageFlags.dirty.rawValue != 0 else {
                    continue
                }
                unsafe _ = hull_clear_8(at, PageFlags.dirty.rawValue)
                pages.append(GuestPhysical(slot.start &+ UInt64(page) &<< Page.shift))
            }
        }
        return pages
    }
}
