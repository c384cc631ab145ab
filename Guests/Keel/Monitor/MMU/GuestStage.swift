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
            let above = ShadowPageTable.target(HostMemory.load64(root &+ (address &>> 30) &* 8))
            let place = above &+ ((address &>> 21) & 0x1ff) &* 8
            let old = HostMemory.load64(place)
            if ShadowPageTable.isTable(old) { pool.give(ShadowPageTable.target(old)) }
            HostMemory.store64(place, Self.block(address, ram.base &+ offset, pmp, &pool))
        }
    }

    private static func block(
        _ address: UInt64, _ host: UInt64, _ pmp: PMP, _ pool: inout PagePool
    ) -> UInt64 {
        if pmp.isOpen(GuestPhysical(address), count: blockBytes, .supervisor) {
            return ShadowPageTable.leaf(host, [.read, .write, .execute])
        }
        guard let table = pool.take() else { return 0 }
        for index in 0..<UInt64(512) {
            let page = GuestPhysical(address &+ index &* 4096)
            guard var permissions = pmp.pagePermissions(page, privilege: .supervisor),
                !permissions.isEmpty
            else { continue }
            // There is no encoding for a page that can be written and not read.
            if !permissions.contains(.read) { permissions.remove(.write) }
            HostMemory.store64(
                table &+ index &* 8, ShadowPageTable.leaf(host &+ index &* 4096, permissions))
        }
        return ShadowPageTable.pointer(table)
    }
}
