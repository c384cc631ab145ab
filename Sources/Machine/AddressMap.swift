import Bits

/// What answers at a range of guest-physical addresses.
package enum Place: Hashable, Sendable {
    case resetROM
    case finisher
    case rtc
    /// The machine-level timer and software interrupts of the ACLINT, laid out as the CLINT.
    case clint
    /// The ACLINT's supervisor-level software interrupts.
    case supervisorSoftware
    case plic
    case uart
    case virtio(slot: Int)
    case ram
}

/// One range of the board's address map, and the interrupt line of what lies there.
package struct Window: Sendable, Equatable {
    package let place: Place
    package let range: GuestRange
    /// Source number at the PLIC.
    package let line: Int?

    package init(_ place: Place, _ start: UInt64, _ count: UInt64, line: Int? = nil) {
        self.place = place
        range = GuestRange(start: GuestPhysical(start), count: count)
        self.line = line
    }
    package var start: UInt64 { range.start.rawValue }
    package var count: UInt64 { range.count }
}

/// The numbers of QEMU's `virt` machine, which guests are built for.
package enum AddressMap {
    package static let resetROM = Window(.resetROM, 0x1000, 0xf000)
    package static let finisher = Window(.finisher, 0x10_0000, 0x1000)
    package static let rtc = Window(.rtc, 0x10_1000, 0x1000, line: 11)
    package static let clint = Window(.clint, 0x200_0000, 0x1_0000)
    package static let supervisorSoftware = Window(.supervisorSoftware, 0x2f0_0000, 0x4000)
    package static let plic = Window(.plic, 0xc00_0000, 0x60_0000)
    package static let uart = Window(.uart, 0x1000_0000, 0x100, line: 10)
    package static let virtioSlotCount = 8
    package static let ramStart: UInt64 = 0x8000_0000
    /// Interrupt sources 1…95, as many as QEMU's PLIC has.
    package static let interruptSourceCount = 95

    package static func virtio(slot: Int) -> Window {
        Window(
            .virtio(slot: slot), 0x1000_1000 + UInt64(slot) * 0x1000, 0x1000, line: 1 + slot)
    }

    /// The device that an address belongs to and how far into its window it lies, asked from the
    /// busiest down.
    static func find(_ address: GuestPhysical) -> (Place, UInt64)? {
        let raw = address.rawValue
        switch raw {
        case 0xc00_0000..<0xc60_0000: return (.plic, raw &- plic.start)
        case 0x1000_1000..<0x1000_9000:
            let slot = Int(truncatingIfNeeded: (raw &- 0x1000_1000) &>> 12)
            return (.virtio(slot: slot), raw & 0xfff)
        case 0x1000_0000..<0x1000_0100: return (.uart, raw & 0xff)
        case 0x200_0000..<0x201_0000: return (.clint, raw &- clint.start)
        case 0x2f0_0000..<0x2f0_4000:
            return (.supervisorSoftware, raw &- supervisorSoftware.start)
        case 0x10_0000..<0x10_1000: return (.finisher, raw & 0xfff)
        case 0x10_1000..<0x10_2000: return (.rtc, raw & 0xfff)
        default: return nil
        }
    }
}
