import Bits

/// One access to a device, for tracing.
package struct DeviceAccess: Sendable, Equatable {
    package let hart: Int
    package let place: Place
    package let address: GuestPhysical
    package let width: AccessWidth
    package let isStore: Bool
    /// nil: the device refused it, and the hart takes an access fault.
    package let value: UInt64?

    init(
        _ hart: Int, _ place: Place, _ address: GuestPhysical, _ width: AccessWidth, isStore: Bool,
        _ value: UInt64?
    ) {
        self.hart = hart
        self.place = place
        self.address = address
        self.width = width
        self.isStore = isStore
        self.value = value
    }
}

/// How often each device was accessed.
package struct AccessCounts: Sendable {
    private var loads: InlineArray<16, UInt64> = .init(repeating: 0)
    private var stores: InlineArray<16, UInt64> = .init(repeating: 0)

    mutating func count(_ place: Place, isStore: Bool) {
        if isStore {
            stores[place.index] &+= 1
        } else {
            loads[place.index] &+= 1
        }
    }
    package func loads(_ place: Place) -> UInt64 { loads[place.index] }
    package func stores(_ place: Place) -> UInt64 { stores[place.index] }
}

extension Place {
    fileprivate var index: Int {
        switch self {
        case .resetROM: 0
        case .finisher: 1
        case .rtc: 2
        case .clint: 3
        case .supervisorSoftware: 4
        case .plic: 5
        case .uart: 6
        case .ram: 7
        case .virtio(let slot): 8 + (slot & 7)
        }
    }

    /// What people call it.
    package var name: String {
        switch self {
        case .resetROM: "reset ROM"
        case .finisher: "test finisher"
        case .rtc: "real-time clock"
        case .clint: "CLINT"
        case .supervisorSoftware: "ACLINT SSWI"
        case .plic: "PLIC"
        case .uart: "UART"
        case .ram: "RAM"
        case .virtio(let slot): "virtio \(slot)"
        }
    }
}
