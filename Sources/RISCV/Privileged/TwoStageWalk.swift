import Bits

/// The rules of both stages: of VS-stage translation, and of G-stage translation where addresses are a
/// guest's (privileged specification §18.5).
@frozen @usableFromInline
package struct TranslationStages: Equatable, Sendable {
    /// The only stage outside of guests.
    @usableFromInline package var first: WalkContext
    @usableFromInline package var guest: WalkContext?

    @inlinable package init(_ first: WalkContext, guest: WalkContext? = nil) {
        self.first = first
        self.guest = guest
    }
}

/// Two-stage translation: VS-stage tables hold guest-physical addresses, and lie at such themselves.
@usableFromInline package enum TwoStageWalk {
    @inlinable @inline(__always)
    package static func walk<Memory: PhysicalMemory>(
        _ virtual: GuestVirtual, _ access: AccessKind, _ stages: TranslationStages,
        _ memory: inout Memory
    ) throws(Trap) -> Translation {
        guard let guest = stages.guest else {
            return try PageWalk.walk(virtual, access, stages.first, &memory)
        }
        return try walkBoth(virtual, access, stages.first, guest, &memory)
    }

    @usableFromInline
    static func walkBoth<Memory: PhysicalMemory>(
        _ virtual: GuestVirtual, _ access: AccessKind, _ first: WalkContext,
        _ guest: WalkContext, _ memory: inout Memory
    ) throws(Trap) -> Translation {
        var tables = GuestTables(memory: memory, stage: guest, access: access)
        defer { memory = tables.memory }
        let outer: Translation
        do throws(Trap) {
            outer = try PageWalk.walk(virtual, access, first, &tables)
        } catch {
            throw ofGuest(tables.fault ?? error, virtual)
        }
        let inner: Translation
        do throws(Trap) {
            inner = try PageWalk.walk(
                GuestVirtual(outer.physical.rawValue), access, guest, &tables.memory)
        } catch {
            throw ofGuest(error, virtual)
        }
        // A fence names the guest's page, however small the pieces are that it lies in.
        return Translation(
            physical: inner.physical, pageBits: outer.pageBits,
            permissions: outer.permissions.intersection(inner.permissions),
            isUser: outer.isUser, isGlobal: outer.isGlobal,
            memoryType: outer.memoryType != 0 ? outer.memoryType : inner.memoryType)
    }

    /// Whatever went wrong, what is reported is the address that was asked for.
    private static func ofGuest(_ trap: Trap, _ virtual: GuestVirtual) -> Trap {
        var trap = trap
        trap.value = virtual.rawValue
        trap.isGuestAddress = true
        return trap
    }
}

/// Memory as a guest's page tables see it. A fault of the G-stage is kept, since a walk knows access
/// faults only.
private struct GuestTables<Memory: PhysicalMemory>: PhysicalMemory {
    var memory: Memory
    var stage: WalkContext
    /// What the walk is for: it decides which guest-page fault a fault is.
    let access: AccessKind
    var fault: Trap?

    init(memory: Memory, stage: WalkContext, access: AccessKind) {
        self.memory = memory
        self.stage = stage
        // Tables are read as data, whatever is looked for in them.
        self.stage.mxr = false
        self.stage.readsCode = false
        self.access = access
    }

    mutating func load64(_ address: GuestPhysical) -> UInt64? {
        guard let physical = translate(address, .load) else { return nil }
        return memory.load64(physical)
    }
    mutating func compareAndSwap64(
        _ address: GuestPhysical, expected: UInt64, new: UInt64
    ) -> Bool? {
        guard let physical = translate(address, .store) else { return nil }
        return memory.compareAndSwap64(physical, expected: expected, new: new)
    }

    private mutating func translate(_ address: GuestPhysical, _ kind: AccessKind)
        -> GuestPhysical?
    {
        do throws(Trap) {
            return try PageWalk.walk(GuestVirtual(address.rawValue), kind, stage, &memory).physical
        } catch {
            let isGuestPageFault = error.cause == kind.guestPageFault
            var trap = Trap(
                isGuestPageFault ? access.guestPageFault : access.accessFault,
                value2: error.value2)
            // Pseudoinstructions for a read and a write of a 64-bit table entry (§18.6.3).
            if isGuestPageFault { trap.instruction = kind == .store ? 0x3020 : 0x3000 }
            fault = trap
            return nil
        }
    }
}
