import Bits
import RISCV

/// How a page fault of the real hart was answered.
package enum Fill: Sendable, Equatable {
    /// A hidden fault: the page is mapped now.
    case mapped
    /// The monitor has to carry out the instruction: a device, or memory that must be watched.
    case emulate
}

extension Shadows {
    /// A page is missing from the shadow, or does not allow this. Throws the guest's own fault.
    package mutating func fill(
        _ address: UInt64, _ access: AccessKind, _ csr: inout CSRFile, _ privilege: Privilege
    ) throws(Trap) -> Fill {
        let (space, view) = choice(csr.mstatus, privilege)
        let isBare = space == Self.bareSpace
        // Loads and stores under MPRV follow another mode's tables.
        if isBare && view == .machineFetch && access != .fetch { return .emulate }
        var tables = GuestTables(ram, &csr)
        let context = csr.walkContext(effective: privilege)
        let translation: Translation
        do throws(Trap) {
            translation = try PageWalk.walk(GuestVirtual(address), access, context, &tables)
        } catch {
            stray = tables.outside.map { (.pageTable, $0) }
            throw error
        }
        let physical = translation.physical
        guard ram.frame(physical) != nil else {
            if access == .fetch {
                stray = Containment(nobodyAt: physical).map { ($0, physical.rawValue) }
                throw Trap(.instructionAccessFault, value: address)
            }
            return .emulate
        }
        guard
            let permissions = allowed(
                translation, isBare: isBare, view, access, &csr, privilege)
        else { return .emulate }
        guard permissions.allow(access) else {
            throw Trap(access.accessFault, value: address)
        }
        makeRoot(space, view)
        if kind != .shadow && !isBare { noteTables(address, tables, space) }
        return enter(
            address, translation, permissions, access, space, view)
    }

    /// What the page may be used for, with the virtual PMP's word; nil where that word is not the
    /// same for the whole page, and each access has to be looked at.
    private func allowed(
        _ translation: Translation, isBare: Bool, _ view: View, _ access: AccessKind,
        _ csr: inout CSRFile, _ privilege: Privilege
    ) -> Permissions? {
        var permissions = translation.permissions
        if isBare && view == .machineFetch { permissions = .execute }
        let page = GuestPhysical(translation.physical.rawValue & ~0xfff)
        if csr.pmp.isOpen(page, count: 4096, privilege) { return permissions }
        guard let protection = csr.pmp.pagePermissions(page, privilege: privilege) else {
            let isAllowed = csr.pmp.check(
                translation.physical, count: 2, access, privilege: privilege)
            return access == .fetch && isAllowed ? .execute : nil
        }
        permissions.formIntersection(protection)
        // There is no encoding for a page that can be written and not read.
        if !permissions.contains(.read) { permissions.remove(.write) }
        return permissions
    }

    /// Puts the page into the shadow.
    private mutating func enter(
        _ address: UInt64, _ translation: Translation, _ permissions: Permissions,
        _ access: AccessKind, _ space: Int, _ view: View
    ) -> Fill {
        guard let frame = ram.frame(translation.physical) else { return .emulate }
        var permissions = permissions
        let page = address & ~0xfff
        let before = epoch
        if permissions.contains(.write) && kind != .shadow {
            if watch.isWatched(frame, self) {
                switch tableWritten(frame, access) {
                case .mapped: break
                case .emulate where access == .store: return .emulate
                case .emulate: permissions.remove(.write)
                }
            }
            if permissions.contains(.write) { noteWriter(frame, page) }
        }
        // Where all shadows went, the access comes again.
        guard epoch == before, roots[Self.root(space, view)].table != 0 else {
            return .mapped
        }
        let mode = shadowMode(spaces[space].mode)
        if TrapPage.slot(page, mode) == roots[Self.root(space, view)].trapSlot {
            moveTrapPage(space, view)
        }
        let entry = ShadowPageTable.leaf(
            ram.base &+ UInt64(frame) &<< 12, permissions)
        let guestLevel = (translation.pageBits &- 12) / 9
        if !table(space, view).map(page, entry, guestLevel: guestLevel, &pool) {
            dropAll()
            // The access comes again, and finds memory for its tables.
            return .mapped
        }
        fences.page(page)
        return .mapped
    }
}
