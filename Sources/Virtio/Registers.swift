import Bits

/// The registers of virtio-mmio version 2 (virtio 1.2 §4.2.2); the raw value is the offset.
enum Register: UInt64 {
    case magic = 0x000
    case version = 0x004
    case deviceID = 0x008
    case vendorID = 0x00c
    case deviceFeatures = 0x010
    case deviceFeaturesSelect = 0x014
    case driverFeatures = 0x020
    case driverFeaturesSelect = 0x024
    case queueSelect = 0x030
    case queueSizeMaximum = 0x034
    case queueSize = 0x038
    case queueReady = 0x044
    case queueNotify = 0x050
    case interruptStatus = 0x060
    case interruptAcknowledge = 0x064
    case status = 0x070
    case queueDescriptorsLow = 0x080
    case queueDescriptorsHigh = 0x084
    case queueDriverLow = 0x090
    case queueDriverHigh = 0x094
    case queueDeviceLow = 0x0a0
    case queueDeviceHigh = 0x0a4
    case sharedMemorySelect = 0x0ac
    case sharedMemoryLengthLow = 0x0b0
    case sharedMemoryLengthHigh = 0x0b4
    case sharedMemoryBaseLow = 0x0b8
    case sharedMemoryBaseHigh = 0x0bc
    case configGeneration = 0x0fc

    /// Where the device's own configuration begins.
    static let configuration: UInt64 = 0x100

    static let magicValue: UInt32 = 0x7472_6976  // "virt"
    static let versionValue: UInt32 = 2
    /// QEMU's: xv6 takes no other.
    static let vendorValue: UInt32 = 0x554d_4551
}

/// The device status field (§2.1).
package struct DeviceStatus: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let acknowledge = Self(rawValue: 1)
    package static let driver = Self(rawValue: 2)
    package static let driverOK = Self(rawValue: 4)
    package static let featuresOK = Self(rawValue: 8)
    package static let needsReset = Self(rawValue: 64)
    package static let failed = Self(rawValue: 128)
}

/// Why the interrupt line is raised (§4.2.2, InterruptStatus).
package struct InterruptCauses: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let usedBuffer = Self(rawValue: 1)
    package static let configurationChange = Self(rawValue: 2)
}

/// Feature bits: of the ring and the transport (§6); a device adds its own.
package struct Features: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static let indirectDescriptors = Self(rawValue: 1 << 28)
    package static let eventIndex = Self(rawValue: 1 << 29)
    package static let version1 = Self(rawValue: 1 << 32)
    static let ofEveryDevice: Self = [.indirectDescriptors, .eventIndex, .version1]
}
