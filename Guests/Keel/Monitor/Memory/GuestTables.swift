import Bits
import RISCV

/// The guest's page tables as `PageWalk` reaches them. It notes which entries a walk read, from the
/// root down: a back-end may have to watch them.
struct GuestTables: RISCV.PhysicalMemory {
    private let ram: GuestRAM
    /// Empty where the virtual PMP refuses nothing, which is usual: a walk does not copy it.
    private let pmp: [PMP]
    private(set) var visited = InlineArray<5, UInt64>(repeating: 0)
    private(set) var visitedCount = 0
    /// An entry that the walk looked for where the world has no memory.
    private(set) var outside: UInt64?

    init(_ ram: GuestRAM, _ csr: inout CSRFile) {
        self.ram = ram
        let isOpen = csr.pmp.isOpen(
            GuestPhysical(GuestRAM.start), count: ram.count, .supervisor)
        pmp = isOpen ? [] : [csr.pmp]
    }

    @inline(__always) private func isAllowed(_ entry: GuestPhysical, _ access: AccessKind) -> Bool {
        pmp.isEmpty || pmp[0].check(entry, count: 8, access, privilege: .supervisor)
    }

    mutating func load64(_ address: GuestPhysical) -> UInt64? {
        guard let place = ram.host(address, count: 8) else {
            outside = address.rawValue
            return nil
        }
        guard isAllowed(address, .load) else { return nil }
        let value = HostMemory.load64(place)
        // A walk that lost a race reads an entry again.
        if visitedCount == 0 || visited[visitedCount &- 1] != address.rawValue, visitedCount < 5 {
            visited[visitedCount] = address.rawValue
            visitedCount &+= 1
        }
        return value
    }

    /// The vCPU that could change the entry in between is the one that waits for this walk.
    mutating func compareAndSwap64(
        _ address: GuestPhysical, expected: UInt64, new: UInt64
    ) -> Bool? {
        guard let place = ram.host(address, count: 8) else { return nil }
        guard isAllowed(address, .store) else { return nil }
        guard HostMemory.load64(place) == expected else { return false }
        HostMemory.store64(place, new)
        return true
    }
}
