import Bits
import Devices
import Effects
import GuestMemory

/// What distinguishes one kind of device from another, behind any transport.
protocol DeviceModel: Sendable, Equatable {
    /// Device ID (§5).
    static var id: UInt32 { get }
    static var queueSizes: [UInt16] { get }
    /// The device's own feature bits.
    var features: Features { get }
    /// The device-specific configuration, as the driver reads it.
    var configuration: [UInt8] { get }
    mutating func writeConfiguration(_ offset: UInt64, _ value: UInt64, _ effects: inout EffectList)
    /// The driver put something into this queue, or the device has become live.
    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList)
    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList)
    /// The driver took the queues back: what is under way for them goes nowhere.
    mutating func forget()
    /// Asks the back end again for what is under way, after a snapshot was restored.
    mutating func resubmit(_ effects: inout EffectList)
}

extension DeviceModel {
    mutating func writeConfiguration(
        _ offset: UInt64, _ value: UInt64, _ effects: inout EffectList
    ) {}
}

/// The device in a slot. Each step moves the payload out and back, so that nothing in it is copied.
package enum VirtioDevice: Sendable, Equatable {
    /// Device ID 0: drivers leave the slot alone (§4.2.3.1.1).
    case none
    case block(VirtioBlock)
    case console(VirtioConsole)
    case entropy(VirtioEntropy)

    private var model: (any DeviceModel)? {
        switch self {
        case .none: nil
        case .block(let device): device
        case .console(let device): device
        case .entropy(let device): device
        }
    }
    package var id: UInt32 { model.map { type(of: $0).id } ?? 0 }
    var queueSizes: [UInt16] { model.map { type(of: $0).queueSizes } ?? [] }
    var configuration: [UInt8] { model?.configuration ?? [] }
    var features: Features {
        model.map { $0.features.union(Features.ofEveryDevice) } ?? []
    }

    mutating func writeConfiguration(
        _ offset: UInt64, _ value: UInt64, _ effects: inout EffectList
    ) {
        guard case .console(var device) = self else { return }
        self = .none
        device.writeConfiguration(offset, value, &effects)
        self = .console(device)
    }

    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        let device = self
        self = .none
        switch consume device {
        case .none: break
        case .block(var device):
            device.serve(queue, &rings, memory, &effects)
            self = .block(device)
        case .console(var device):
            device.serve(queue, &rings, memory, &effects)
            self = .console(device)
        case .entropy(var device):
            device.serve(queue, &rings, memory, &effects)
            self = .entropy(device)
        }
    }

    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        let device = self
        self = .none
        switch consume device {
        case .none: break
        case .block(var device):
            device.deliver(event, &rings, memory, &effects)
            self = .block(device)
        case .console(var device):
            device.deliver(event, &rings, memory, &effects)
            self = .console(device)
        case .entropy(var device):
            device.deliver(event, &rings, memory, &effects)
            self = .entropy(device)
        }
    }

    mutating func forget() {
        switch self {
        case .none: break
        case .block(var device):
            device.forget()
            self = .block(device)
        case .console(var device):
            device.forget()
            self = .console(device)
        case .entropy(var device):
            device.forget()
            self = .entropy(device)
        }
    }

    mutating func resubmit(_ effects: inout EffectList) {
        switch self {
        case .none: break
        case .block(var device):
            device.resubmit(&effects)
            self = .block(device)
        case .console(var device):
            device.resubmit(&effects)
            self = .console(device)
        case .entropy(var device):
            device.resubmit(&effects)
            self = .entropy(device)
        }
    }
}
