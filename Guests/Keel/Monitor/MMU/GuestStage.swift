import Bits
import RISCV

/// The G-stage table of a world under `cpu=hardware`: it maps the world's RAM and nothing else, once
/// for all. An access anywhere else is a VMExit.
package struct GuestStage: Sendable {
    /// The value of `hgatp`: Sv39x4, a VMID for each world.
    package let hgatp: UInt64

    private static let blockBytes: UInt64 = 2 << 20
    /// The root has 2048 entries of a gigabyte: four pages, aligned.
    package static let rootBytes: UInt64 = 4 * 4096

    /// RAM is whole blocks of two megabytes, as is its place in the host. With `codeOnly` each load and
    /// store is a VMExit. Fails when the pool is empty.
    package init?(
        _ ram: GuestRAM, root: UInt64, vmid: UInt64, codeOnly: Bool = false, _ pool: inout PagePool
    ) {
        HostMemory.zero(root, count: Self.rootBytes)
        // Every entry is a user's page to this stage (§18.5.1).
        let rights =
            PTE.valid | (codeOnly ? 0 : PTE.read | PTE.write) | PTE.execute | PTE.user
            | PTE.accessed | PTE.dirty
        for offset in stride(from: UInt64(0), to: ram.count, by: Int(Self.blockBytes)) {
            let address = GuestRAM.start &+ offset
            let slot = root &+ (address &>> 30) &* 8
            var entry = HostMemory.load64(slot)
            if entry == 0 {
                guard let table = pool.take() else { return nil }
                entry = (table &>> 12) &<< 10 | PTE.valid
                HostMemory.store64(slot, entry)
            }
            let table = PTE.pageNumber(entry) &<< 12
            HostMemory.store64(
                table &+ ((address &>> 21) & 0x1ff) &* 8,
                ((ram.base &+ offset) &>> 12) &<< 10 | rights)
        }
        hgatp = UInt64(PageTableMode.sv39.rawValue) &<< 60 | vmid &<< 44 | root &>> 12
    }
}
