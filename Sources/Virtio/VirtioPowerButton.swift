import Bits
import Devices
import Effects
import GuestMemory

/// An input device with one key (virtio 1.2 §5.8): the power button. Systems that listen to it shut
/// down in order when it is pressed.
package struct VirtioPowerButton: DeviceModel {
    static let deviceID: UInt32 = 18
    var id: UInt32 { Self.deviceID }
    var queueSizes: [UInt16] { [64, 64] }
    static let eventQueue = 0
    static let statusQueue = 1

    /// What the driver asks for (§5.8.4, `select` and `subsel`).
    private enum Selection {
        static let name: UInt8 = 0x01
        static let identity: UInt8 = 0x03
        static let eventBits: UInt8 = 0x11
    }
    /// Linux's numbers for input events, which the specification refers to.
    private enum Code {
        static let synchronise: UInt16 = 0
        static let key: UInt16 = 1
        static let power: UInt16 = 116
        static let virtualBus: UInt16 = 6
    }

    private var select: UInt8 = 0
    private var subselect: UInt8 = 0
    /// Events for which the driver has given no buffer yet.
    private var waiting: [UInt8] = []
    private static let eventBytes = 8
    /// Presses that nobody takes are forgotten beyond this.
    private static let waitingLimit = 16 * eventBytes

    package init() {}

    var features: Features { [] }

    /// `select`, `subsel`, `size`, five reserved bytes, then `size` bytes of what was selected.
    var configuration: [UInt8] {
        let selected = selected
        return [select, subselect, UInt8(selected.count), 0, 0, 0, 0, 0] + selected
            + [UInt8](repeating: 0, count: 128 - selected.count)
    }
    private var selected: [UInt8] {
        switch (select, subselect) {
        case (Selection.name, 0): return Array("Hull's power button".utf8)
        case (Selection.identity, 0):
            var bytes: [UInt8] = []
            for part in [Code.virtualBus, 0, 0, 1] { bytes.append(little: UInt64(part), bytes: 2) }
            return bytes
        case (Selection.eventBits, UInt8(Code.key)):
            var bits = [UInt8](repeating: 0, count: Int(Code.power) / 8 + 1)
            bits[Int(Code.power) / 8] = 1 << (Code.power % 8)
            return bits
        default: return []
        }
    }

    mutating func writeConfiguration(
        _ offset: UInt64, _ value: UInt64, _ effects: inout EffectList
    ) {
        switch offset {
        case 0: select = UInt8(truncatingIfNeeded: value)
        case 1: subselect = UInt8(truncatingIfNeeded: value)
        default: break
        }
    }

    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard queue == Self.statusQueue else { return sendEvents(&rings, memory, &effects) }
        // There are no lights to switch.
        while let chain = rings.take(Self.statusQueue, memory, &effects) {
            rings.complete(Self.statusQueue, chain, written: 0, memory, &effects)
        }
        rings.announce(Self.statusQueue, memory, &effects)
    }

    /// One buffer for each event (§5.8.6.2).
    private mutating func sendEvents(
        _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        while !waiting.isEmpty, let chain = rings.take(Self.eventQueue, memory, &effects) {
            let count = Int(min(UInt64(Self.eventBytes), chain.writableCount))
            BufferList(ranges: chain.writable).scatter(
                Array(waiting.prefix(count)), memory, skipping: 0, &effects)
            waiting.removeFirst(Self.eventBytes)
            rings.complete(Self.eventQueue, chain, written: UInt64(count), memory, &effects)
        }
        rings.announce(Self.eventQueue, memory, &effects)
    }

    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard case .powerButton = event, rings.isLive, waiting.count < Self.waitingLimit else {
            return
        }
        for isDown: UInt64 in [1, 0] {
            for (kind, code, value) in [
                (Code.key, Code.power, isDown), (Code.synchronise, 0, 0),
            ] {
                waiting.append(little: UInt64(kind), bytes: 2)
                waiting.append(little: UInt64(code), bytes: 2)
                waiting.append(little: value, bytes: 4)
            }
        }
        sendEvents(&rings, memory, &effects)
    }

    mutating func forget() { waiting = [] }
    mutating func resubmit(_ effects: inout EffectList) {}
}
