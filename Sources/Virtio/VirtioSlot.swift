import Bits
import Devices
import Effects
import GuestMemory

/// One virtio-mmio window of the board, version 2 (virtio 1.2 §4.2), with or without a device.
///
/// Requests leave as effects that carry the slot's number; what they lead to comes back through
/// `deliver`. All of it, requests under way included, is the stored state.
package struct VirtioSlot: Sendable, Equatable {
    /// Number of the slot: `device` in effects and events.
    package let slot: Int
    package private(set) var device: VirtioDevice
    private var rings: Rings
    private var deviceFeaturesSelect: UInt32 = 0
    private var driverFeaturesSelect: UInt32 = 0
    /// What the driver has written so far; it counts at FEATURES_OK.
    private var offeredBack: UInt64 = 0
    private var queueSelect: UInt32 = 0

    package init(slot: Int, line: Int, device: VirtioDevice = .none) {
        self.slot = slot
        self.device = device
        rings = Rings(line: line, queueSizes: device.queueSizes)
    }

    package var status: DeviceStatus { rings.status }

    // MARK: Register accesses

    /// "The driver MUST only use 32 bit wide and aligned reads and writes" (§4.2.2.2): what else
    /// there is reads as zero and writes nothing.
    package mutating func read(
        _ offset: UInt64, _ width: AccessWidth, _ memory: GuestMemory, _ effects: inout EffectList
    ) -> UInt64? {
        if offset >= Register.configuration {
            return readConfiguration(offset &- Register.configuration, width)
        }
        guard width == .word, let register = Register(rawValue: offset) else { return 0 }
        return UInt64(read(register))
    }

    package mutating func write(
        _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, _ memory: GuestMemory,
        _ effects: inout EffectList
    ) -> Bool {
        if offset >= Register.configuration {
            device.writeConfiguration(
                offset &- Register.configuration, value & width.mask, &effects)
        } else if width == .word, let register = Register(rawValue: offset), device.id != 0 {
            write(register, UInt32(truncatingIfNeeded: value), memory, &effects)
        }
        return true
    }

    private func read(_ register: Register) -> UInt32 {
        switch register {
        case .magic: return Register.magicValue
        case .version: return Register.versionValue
        case .deviceID: return device.id
        case .vendorID: return Register.vendorValue
        case .deviceFeatures: return Self.half(device.features.rawValue, deviceFeaturesSelect)
        case .queueSizeMaximum: return selectedQueue.map { UInt32($0.maximumSize) } ?? 0
        case .queueReady: return selectedQueue?.isReady == true ? 1 : 0
        case .interruptStatus: return rings.causes.rawValue
        case .status: return UInt32(rings.status.rawValue)
        case .configGeneration: return rings.generation
        // No region of shared memory exists (§4.2.2, SHMLen).
        case .sharedMemoryLengthLow, .sharedMemoryLengthHigh, .sharedMemoryBaseLow,
            .sharedMemoryBaseHigh:
            return ~0
        default: return 0
        }
    }

    private mutating func write(
        _ register: Register, _ value: UInt32, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        switch register {
        case .deviceFeaturesSelect: deviceFeaturesSelect = value
        case .driverFeaturesSelect: driverFeaturesSelect = value
        case .driverFeatures: acceptFeatures(value)
        case .queueSelect: queueSelect = value
        case .queueSize:
            configureQueue { $0.size = UInt16(clamping: value) }
        case .queueReady: setReady(value & 1 != 0, memory, &effects)
        case .queueNotify: notify(value, memory, &effects)
        case .interruptAcknowledge: rings.acknowledge(value, &effects)
        case .status: writeStatus(value, memory, &effects)
        case .queueDescriptorsLow: configureQueue { Self.setLow(&$0.descriptors, value) }
        case .queueDescriptorsHigh: configureQueue { Self.setHigh(&$0.descriptors, value) }
        case .queueDriverLow: configureQueue { Self.setLow(&$0.available, value) }
        case .queueDriverHigh: configureQueue { Self.setHigh(&$0.available, value) }
        case .queueDeviceLow: configureQueue { Self.setLow(&$0.used, value) }
        case .queueDeviceHigh: configureQueue { Self.setHigh(&$0.used, value) }
        default: break
        }
    }

    private func readConfiguration(_ offset: UInt64, _ width: AccessWidth) -> UInt64 {
        let bytes = device.configuration
        guard offset & (width.bytes &- 1) == 0, offset < UInt64(bytes.count) else { return 0 }
        var value: UInt64 = 0
        for index in 0..<Int(width.rawValue) where Int(offset) + index < bytes.count {
            value |= UInt64(bytes[Int(offset) + index]) << UInt64(index * 8)
        }
        return value
    }

    // MARK: Status and features (§3.1.1)

    private mutating func writeStatus(
        _ value: UInt32, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard value & 0xff != 0 else { return reset(&effects) }
        var wanted = DeviceStatus(rawValue: UInt8(truncatingIfNeeded: value))
        // That bit is the device's; and "the driver MUST NOT clear a device status bit".
        wanted.remove(.needsReset)
        if wanted.contains(.featuresOK), !rings.status.contains(.featuresOK) {
            // A driver that leaves out VERSION_1 is served all the same: xv6 does.
            let accepted = Features(rawValue: offeredBack)
            if device.features.isSuperset(of: accepted) {
                rings.settleFeatures(accepted)
            } else {
                wanted.remove(.featuresOK)
            }
        }
        let wasLive = rings.isLive
        rings.status.formUnion(wanted)
        guard !wasLive, rings.isLive else { return }
        // What was made available before DRIVER_OK is looked at now.
        for queue in rings.queues.indices { device.serve(queue, &rings, memory, &effects) }
    }

    private mutating func acceptFeatures(_ value: UInt32) {
        // "The driver MUST NOT accept new feature bits after this step" (§3.1.1, step 5).
        guard !rings.status.contains(.featuresOK) else { return }
        switch driverFeaturesSelect {
        case 0: offeredBack = offeredBack & ~0xffff_ffff | UInt64(value)
        case 1: offeredBack = offeredBack & 0xffff_ffff | UInt64(value) << 32
        // Accepting what lies beyond 64 bits is accepting what was not offered.
        default: if value != 0 { offeredBack |= 1 << 63 }
        }
    }

    /// A device reset, by the driver or with the whole board. Requests under way are forgotten, but
    /// not that they are under way: none that follows overtakes them.
    package mutating func reset(_ effects: inout EffectList) {
        device.reset()
        rings.reset(&effects)
        deviceFeaturesSelect = 0
        driverFeaturesSelect = 0
        offeredBack = 0
        queueSelect = 0
    }

    // MARK: Queues (§4.2.3.2)

    private var selectedQueue: Virtqueue? {
        queueSelect < UInt32(rings.queues.count) ? rings.queues[Int(queueSelect)] : nil
    }

    /// A queue that is ready keeps what it was given.
    private mutating func configureQueue(_ change: (inout Virtqueue) -> Void) {
        guard queueSelect < UInt32(rings.queues.count), !rings.queues[Int(queueSelect)].isReady
        else { return }
        change(&rings.queues[Int(queueSelect)])
    }

    private mutating func setReady(
        _ ready: Bool, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard queueSelect < UInt32(rings.queues.count) else { return }
        guard ready else {
            guard rings.queues[Int(queueSelect)].isReady else { return }
            rings.queues[Int(queueSelect)].stop()
            return device.forget()
        }
        do throws(VirtqueueMisuse) {
            try rings.queues[Int(queueSelect)].makeReady(memory)
        } catch {
            rings.fail(&effects)
        }
    }

    private mutating func notify(
        _ queue: UInt32, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard rings.isLive, queue < UInt32(rings.queues.count) else { return }
        device.serve(Int(queue), &rings, memory, &effects)
    }

    private static func half(_ whole: UInt64, _ select: UInt32) -> UInt32 {
        select > 1 ? 0 : UInt32(truncatingIfNeeded: whole >> UInt64(select * 32))
    }
    private static func setLow(_ address: inout GuestPhysical, _ value: UInt32) {
        address = GuestPhysical(address.rawValue & ~0xffff_ffff | UInt64(value))
    }
    private static func setHigh(_ address: inout GuestPhysical, _ value: UInt32) {
        address = GuestPhysical(address.rawValue & 0xffff_ffff | UInt64(value) << 32)
    }

    // MARK: The outside

    /// A back end's answer, or input. What is stale by now is dropped.
    package mutating func deliver(
        _ event: Event, memory: GuestMemory, effects: inout EffectList
    ) {
        device.deliver(event, &rings, memory, &effects)
    }

    /// After a snapshot was restored into a machine with fresh back ends.
    package mutating func resubmit(_ effects: inout EffectList) { device.resubmit(&effects) }

    /// A power button whose driver is at work.
    package var isHeardButton: Bool { device.id == VirtioPowerButton.deviceID && rings.isLive }

    /// Bytes of console input that the guest has not taken.
    package var heldInput: Int { device.heldInput }
    package func heldInput(from number: Int) -> Int { device.heldInput(from: number) }
}
