import Bits
import RISCV

/// The G-stage table of a world under `cpu=hardware`: it maps the world's RAM and nothing else, once
/// for all. An access anywhere else is a VMExit.
package struct GuestStage: Sendable {
    /// The value of `hgatp`: Sv39x4, a VMID for each world.
    package let hgatp: UInt64
    private let root: UInt64

    private static let blockBytes: UInt64 = 2 << 20
    /// The root has 2048 entries of a gigabyte: four pages, aligned.
    package static let rootBytes: UInt64 = 4 * 4096

    /// RAM is whole blocks of two megabytes, as is its place in the host. With `codeOnly` each load and
    /// store is a VMExit. Fails when the pool is empty.
    package init?(
        _ ram: GuestRAM, root: UInt64, vmid: UInt64, codeOnly: Bool = false, _ pool: inout PagePool
    ) {
        HostMemory.zero(root, count: Self.rootBytes)
        self.root = root
        let permissions: Permissions = codeOnly ? .execute : [.read, .write, .execute]
        for offset in stride(from: UInt64(0), to: ram.count, by: Int(Self.blockBytes)) {
            let address = GuestRAM.start &+ offset
            let slot = root &+ (address &>> 30) &* 8
            var entry = HostMemory.load64(slot)
            if entry == 0 {
                guard let table = pool.take() else { return nil }
                entry = ShadowPageTable.pointer(table)
                HostMemory.store64(slot, entry)
            }
            let table = ShadowPageTable.target(entry)
            // Every entry is a user's page to this stage (§18.5.1).
            HostMemory.store64(
                table &+ ((address &>> 21) & 0x1ff) &* 8,
                ShadowPageTable.leaf(ram.base &+ offset, permissions))
        }
        hgatp = UInt64(PageTableMode.sv39.rawValue) &<< 60 | vmid &<< 44 | root &>> 12
    }

    /// Leaves supervisor and user mode what the virtual PMP leaves them: where that is not the same for a
    /// whole page, each access is a VMExit, and so are those of a block without a page for its table.
    func protect(_ ram: GuestRAM, _ pmp: PMP, _ pool: inout PagePool) {
        for offset in stride(from: UInt64(0), to: ram.count, by: Int(Self.blockBytes)) {
            let address = GuestRAM.start &+ offset
            let place = place(address)
            let old = HostMemory.load64(place)
            if ShadowPageTable.isTable(old) { pool.give(ShadowPageTable.target(old)) }
            HostMemory.store64(place, Self.block(address, ram.base &+ offset, pmp, &pool))
        }
    }

    /// The entry of a block of two megabytes.
    private func place(_ address: UInt64) -> UInt64 {
        let above = ShadowPageTable.target(HostMemory.load64(root &+ (address &>> 30) &* 8))
        return above &+ ((address &>> 21) & 0x1ff) &* 8
    }

    /// False where nothing has room for it.
    func openCode(_ address: GuestPhysical, _ host: UInt64) -> Bool {
        let block = HostMemory.load64(place(address.rawValue))
        guard ShadowPageTable.isTable(block) else { return false }
        let slot = (address.rawValue &>> 12) & 0x1ff
        HostMemory.store64(
            ShadowPageTable.target(block) &+ slot &* 8, ShadowPageTable.leaf(host, .execute))
        return true
    }

    private static func entry(_ host: UInt64, _ permissions: Permissions) -> UInt64 {
        var permissions = permissions
        // There is no encoding for a page that can be written and not read.
        if !permissions.contains(.read) { permissions.remove(.write) }
        return permissions.isEmpty ? 0 : ShadowPageTable.leaf(host, permissions)
    }

    private static func block(
        _ address: UInt64, _ host: UInt64, _ pmp: PMP, _ pool: inout PagePool
    ) -> UInt64 {
        // Mostly one answer holds for the whole block.
        if let permissions = pmp.permissions(
            GuestPhysical(address), count: blockBytes, privilege: .supervisor)
        {
            return entry(host, permissions)
        }
        guard let table = pool.take() else { return 0 }
        for index in 0..<UInt64(512) {
            let page = GuestPhysical(address &+ index &* 4096)
            let permissions = pmp.pagePermissions(page, privilege: .supervisor) ?? []
            HostMemory.store64(
                table &+ index &* 8, entry(host &+ index &* 4096, permissions))
        }
        return ShadowPageTable.pointer(table)
    }
}
