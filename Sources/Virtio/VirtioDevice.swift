import Bits
import Devices
import Effects
import GuestMemory

/// What distinguishes one kind of device from another, behind any transport.
protocol DeviceModel: Sendable, Equatable {
    /// Device ID (§5).
    var id: UInt32 { get }
    /// The largest size of each queue.
    var queueSizes: [UInt16] { get }
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
    /// The driver reset the device: as `forget`, and what the driver had set is as at the start.
    mutating func reset()
    /// Asks the back end again for what is under way, after a snapshot was restored.
    mutating func resubmit(_ effects: inout EffectList)
    /// Bytes of console input that the guest has not taken.
    var heldInput: Int { get }
    /// The same for what arrived under this number in events.
    func heldInput(from number: Int) -> Int
}

extension DeviceModel {
    mutating func writeConfiguration(
        _ offset: UInt64, _ value: UInt64, _ effects: inout EffectList
    ) {}
    mutating func reset() { forget() }
    var heldInput: Int { 0 }
    func heldInput(from number: Int) -> Int { heldInput }

    fileprivate func equals(_ other: any DeviceModel) -> Bool { self == other as? Self }
}

/// The device in a slot. A step changes the model where it lies: an existential is opened in place,
/// so nothing of the device is copied.
package struct VirtioDevice: Sendable, Equatable {
    private(set) var model: (any DeviceModel)?

    private init(_ model: (any DeviceModel)?) { self.model = model }

    /// Device ID 0: drivers leave the slot alone (§4.2.3.1.1).
    package static let none = Self(nil)

    // The kinds there are, one line each.
    package static func block(_ model: VirtioBlock) -> Self { Self(model) }
    package static func console(_ model: VirtioConsole) -> Self { Self(model) }
    package static func net(_ model: VirtioNet) -> Self { Self(model) }
    package static func entropy(_ model: VirtioEntropy) -> Self { Self(model) }
    package static func powerButton(_ model: VirtioPowerButton) -> Self { Self(model) }
    package static func balloon(_ model: VirtioBalloon) -> Self { Self(model) }
    package static func share(_ model: VirtioShare) -> Self { Self(model) }
    package static func ports(_ model: VirtioPorts) -> Self { Self(model) }

    package static func == (one: Self, other: Self) -> Bool {
        guard let model = one.model else { return other.model == nil }
        return other.model.map(model.equals) ?? false
    }

    package var id: UInt32 { model?.id ?? 0 }
    var queueSizes: [UInt16] { model?.queueSizes ?? [] }
    var configuration: [UInt8] { model?.configuration ?? [] }
    var features: Features { model?.features.union(.ofEveryDevice) ?? [] }
    var heldInput: Int { model?.heldInput ?? 0 }
    func heldInput(from number: Int) -> Int { model?.heldInput(from: number) ?? 0 }

    mutating func writeConfiguration(
        _ offset: UInt64, _ value: UInt64, _ effects: inout EffectList
    ) {
        model?.writeConfiguration(offset, value, &effects)
    }
    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        model?.serve(queue, &rings, memory, &effects)
    }
    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        model?.deliver(event, &rings, memory, &effects)
    }
    mutating func forget() { model?.forget() }
    mutating func reset() { model?.reset() }
    mutating func resubmit(_ effects: inout EffectList) { model?.resubmit(&effects) }
}
