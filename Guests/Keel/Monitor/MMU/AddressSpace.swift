import Bits
import RISCV

/// One way of looking at an address space. Each has a shadow root of its own, so that a change of
/// virtual mode or of SUM is a flip of roots, not a walk.
package enum View: Int, Sendable, CaseIterable {
    case user, userMXR
    case supervisor, supervisorSUM, supervisorMXR, supervisorSUMAndMXR

    package static var count: Int { 6 }

    // Without translation: in machine mode; there under MPRV, where only fetches are the machine's;
    // and below it.
    package static var machine: View { .user }
    package static var machineFetch: View { .userMXR }
    package static var bare: View { .supervisor }

    init(_ privilege: Privilege, sum: Bool, mxr: Bool) {
        switch (privilege == .user, sum, mxr) {
        case (true, _, false): self = .user
        case (true, _, true): self = .userMXR
        case (false, false, false): self = .supervisor
        case (false, true, false): self = .supervisorSUM
        case (false, false, true): self = .supervisorMXR
        case (false, true, true): self = .supervisorSUMAndMXR
        }
    }
}

/// A view's tree of shadow tables; `table` 0: there is none yet.
struct ShadowRoot {
    var table: UInt64 = 0
    /// The slot of the root that the trap page is in.
    var trapSlot = TrapPage.usualSlot
    /// What the `shadow` back-end built still holds.
    var isBuilt = false
}

/// What the monitor keeps of one value of the guest's `satp`, also while the guest runs in others.
struct AddressSpace {
    /// The guest's, with its ASID.
    var satp: UInt64 = 0
    /// Its life: notes about page tables name it by this. 0: not in use.
    var id: UInt64 = 0
    var lastUse: UInt64 = 0

    var mode: PageTableMode { PageTableMode(field: satp &>> 60) }
}

/// Translations that the real hart must forget before the guest goes on.
package struct FenceOrders {
    package var everything = false
    /// And what it has fetched.
    package var instructions = false
    package private(set) var pages = InlineArray<8, UInt64>(repeating: 0)
    package private(set) var pageCount = 0

    package var isEmpty: Bool { pageCount == 0 && !everything && !instructions }
    mutating func page(_ address: UInt64) {
        if pageCount > 0 && pages[pageCount &- 1] == address { return }
        guard pageCount < 8 else { return everything = true }
        pages[pageCount] = address
        pageCount &+= 1
    }
    package mutating func clear() {
        everything = false
        instructions = false
        pageCount = 0
    }
}

/// What the MMU back-ends count.
package struct MMUCounts: Sendable, Equatable {
    /// Page faults that the guest does not hear of, by what they were for.
    package var hiddenFaults = 0
    /// Those that its own page tables cause.
    package var trueFaults = 0
    /// Stores to watched page tables: each one (`trace`), or the first to a page before a fence
    /// (`lazy`).
    package var tableWrites = 0
    package var rebuilds = 0
    /// All shadows were given up: memory for them was short, or a table was used in too many
    /// places.
    package var drops = 0
    package var trapPageMoves = 0
}
