import Bits
import RISCV

/// The `virt` machine as one value: it makes the bus, the flattened device tree and the drawing of
/// the board, so that the three cannot differ.
package struct Board: Sendable, Equatable {
    package var isa: ISA
    package var hartCount: Int
    /// Length of RAM in bytes.
    package var ramBytes: UInt64

    package static let hartLimit = 64
    package static let smallestRAM: UInt64 = 2 << 20
    package static let largestRAM: UInt64 = 1 << 40

    package init(isa: ISA = .virt, hartCount: Int = 1, ramBytes: UInt64 = 1 << 30)
        throws(HullError)
    {
        guard (1...Self.hartLimit).contains(hartCount) else {
            throw HullError(
                .usage,
                "A machine has 1 to \(Self.hartLimit) harts, and \(hartCount) was asked for.")
        }
        guard (Self.smallestRAM...Self.largestRAM).contains(ramBytes), ramBytes % 4096 == 0 else {
            throw HullError(
                .usage,
                "A machine has 2 MiB to 1 TiB of memory in whole pages of 4 KiB, and \(ramBytes)"
                    + " bytes were asked for.")
        }
        self.isa = isa
        self.hartCount = hartCount
        self.ramBytes = ramBytes
    }

    package var ram: Window { Window(.ram, AddressMap.ramStart, ramBytes) }

    /// Every window of the address map, in ascending order.
    package var windows: [Window] {
        let slots = (0..<AddressMap.virtioSlotCount).map { AddressMap.virtio(slot: $0) }
        return [
            AddressMap.resetROM, AddressMap.finisher, AddressMap.rtc, AddressMap.clint,
            AddressMap.supervisorSoftware, AddressMap.plic, AddressMap.uart,
        ] + slots + [ram]
    }

    /// The PLIC's contexts: two for each hart, machine then supervisor level.
    package var interruptContextCount: Int { hartCount * 2 }
}
