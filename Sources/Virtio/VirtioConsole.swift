import Bits
import Devices
import Effects
import GuestMemory

/// A console with one port (virtio 1.2 §5.3).
package struct VirtioConsole: DeviceModel {
    var id: UInt32 { 3 }
    var queueSizes: [UInt16] { [128, 128] }
    static let receiveQueue = 0
    static let transmitQueue = 1
    /// A single buffer beyond this is cut: a console's driver sends pages at most.
    static let transmitLimit: UInt64 = 1 << 20

    /// Number of the slot.
    let device: Int
    /// Input for which the driver has given no buffer yet.
    private(set) var waiting: [UInt8] = []
    private var columns: UInt16 = 0
    private var rows: UInt16 = 0

    package init(device: Int) { self.device = device }

    var heldInput: Int { waiting.count }

    private static let sizeBit: UInt64 = 1 << 0
    private static let emergencyWriteBit: UInt64 = 1 << 2
    private static let emergencyWriteOffset: UInt64 = 8
    var features: Features { Features(rawValue: Self.sizeBit | Self.emergencyWriteBit) }

    var configuration: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: UInt64(columns), bytes: 2)
        bytes.append(little: UInt64(rows), bytes: 2)
        bytes.append(little: 1, bytes: 4)  // max_nr_ports
        bytes.append(little: 0, bytes: 4)  // emerg_wr
        return bytes
    }
    mutating func writeConfiguration(
        _ offset: UInt64, _ value: UInt64, _ effects: inout EffectList
    ) {
        guard offset == Self.emergencyWriteOffset else { return }
        effects.append(.output(device: device, byte: UInt8(truncatingIfNeeded: value)))
    }

    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        if queue == Self.transmitQueue {
            transmit(&rings, memory, &effects)
        } else {
            receive(&rings, memory, &effects)
        }
    }

    private func transmit(
        _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        while let chain = rings.take(Self.transmitQueue, memory, &effects) {
            let count = min(chain.readableCount, Self.transmitLimit)
            if count > 0,
                let bytes = BufferList(ranges: chain.readable).gather(
                    memory, skipping: 0, count: count)
            {
                effects.append(.outputBytes(device: device, bytes))
            }
            rings.complete(Self.transmitQueue, chain, written: 0, memory, &effects)
        }
        rings.announce(Self.transmitQueue, memory, &effects)
    }

    private mutating func receive(
        _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        while !waiting.isEmpty, let chain = rings.take(Self.receiveQueue, memory, &effects) {
            let count = Int(min(UInt64(waiting.count), chain.writableCount))
            BufferList(ranges: chain.writable).scatter(
                Array(waiting.prefix(count)), memory, skipping: 0, &effects)
            waiting.removeFirst(count)
            rings.complete(Self.receiveQueue, chain, written: UInt64(count), memory, &effects)
        }
        rings.announce(Self.receiveQueue, memory, &effects)
    }

    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        switch event {
        case .input(_, let bytes):
            waiting.append(contentsOf: bytes)
            receive(&rings, memory, &effects)
        case .resize(_, let columns, let rows):
            self.columns = UInt16(clamping: columns)
            self.rows = UInt16(clamping: rows)
            rings.configurationChanged(&effects)
        default: break
        }
    }

    /// What was typed stays: it waits for the next driver.
    mutating func forget() {}
    mutating func resubmit(_ effects: inout EffectList) {}
}
