import Bits
import Devices
import Effects
import GuestMemory

/// A console device with several ports (virtio 1.2 §5.3, VIRTIO_CONSOLE_F_MULTIPORT): port 0 is a
/// terminal, the others carry bytes and nothing but bytes, each way until it is closed.
package struct VirtioPorts: DeviceModel {
    let id: UInt32 = 3
    package static let portCount = 5
    /// Both ways of port 0, both ways of the control channel, both ways of the other ports (§5.3.2).
    let queueSizes = [UInt16](repeating: 64, count: 2 * (Self.portCount + 1))
    private static let controlReceiveQueue = 2
    private static let controlTransmitQueue = 3
    /// What of the driver's control messages is kept waiting for buffers.
    private static let controlLimit = 64

    /// Number of the slot.
    let device: Int
    private var ports: [Port]
    /// Messages for which the driver has given no buffer yet.
    private var control: [[UInt8]] = []

    private struct Port: Equatable {
        var name: String
        /// Nil: there is no such port.
        var isPresent: Bool
        var waiting: [UInt8] = []
        /// No more input will come.
        var inputEnded = false
        /// The driver has been told so.
        var endIsTold = false
        var columns: UInt16 = 0
        var rows: UInt16 = 0
        var isReady = false
        /// A program in the guest has it open; before, Linux throws away what arrives.
        var isOpen = false
    }

    /// `names` by port; an empty name is no port.
    package init(device: Int, names: [String]) {
        self.device = device
        ports = (0..<Self.portCount).map { number in
            let name = number < names.count ? names[number] : ""
            return Port(name: name, isPresent: !name.isEmpty)
        }
    }

    // MARK: Numbers in effects and events

    private static let firstNumber = 1024
    private static let numbersPerSlot = 16

    /// What `device` is in effects and events of a port.
    package static func number(slot: Int, port: Int) -> Int {
        firstNumber + slot * numbersPerSlot + port
    }
    /// The slot that a number in effects and events belongs to.
    package static func slot(of number: Int) -> Int {
        number < firstNumber ? number : (number - firstNumber) / numbersPerSlot
    }
    private static func port(of number: Int) -> Int? {
        guard number >= firstNumber else { return nil }
        let port = (number - firstNumber) % numbersPerSlot
        return port < portCount ? port : nil
    }
    private func number(_ port: Int) -> Int { Self.number(slot: device, port: port) }

    private static func receiveQueue(_ port: Int) -> Int { port == 0 ? 0 : 2 * port + 2 }
    private static func port(ofQueue queue: Int) -> Int { queue < 2 ? 0 : queue / 2 - 1 }

    // MARK: The device

    private static let sizeBit: UInt64 = 1 << 0
    private static let multiportBit: UInt64 = 1 << 1
    /// With several ports, sizes are told by control messages (§5.3.6.2); Linux minds those only where the
    /// size is offered too.
    var features: Features { Features(rawValue: Self.sizeBit | Self.multiportBit) }

    var configuration: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: UInt64(ports[0].columns), bytes: 2)
        bytes.append(little: UInt64(ports[0].rows), bytes: 2)
        bytes.append(little: UInt64(Self.portCount), bytes: 4)
        bytes.append(little: 0, bytes: 4)
        return bytes
    }

    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        switch queue {
        case Self.controlReceiveQueue: break
        case Self.controlTransmitQueue: obey(&rings, memory, &effects)
        default:
            let port = Self.port(ofQueue: queue)
            if queue & 1 == 0 {
                receive(port, &rings, memory, &effects)
            } else {
                transmit(port, queue, &rings, memory, &effects)
            }
        }
        tell(&rings, memory, &effects)
    }

    private func transmit(
        _ port: Int, _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory,
        _ effects: inout EffectList
    ) {
        while let chain = rings.take(queue, memory, &effects) {
            let count = min(chain.readableCount, VirtioConsole.transmitLimit)
            if count > 0, ports[port].isPresent,
                let bytes = BufferList(ranges: chain.readable).gather(
                    memory, skipping: 0, count: count)
            {
                effects.append(.outputBytes(device: number(port), bytes))
            }
            rings.complete(queue, chain, written: 0, memory, &effects)
        }
        rings.announce(queue, memory, &effects)
    }

    private mutating func receive(
        _ port: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        let queue = Self.receiveQueue(port)
        while ports[port].isOpen, !ports[port].waiting.isEmpty,
            let chain = rings.take(queue, memory, &effects)
        {
            let count = Int(min(UInt64(ports[port].waiting.count), chain.writableCount))
            BufferList(ranges: chain.writable).scatter(
                Array(ports[port].waiting.prefix(count)), memory, skipping: 0, &effects)
            ports[port].waiting.removeFirst(count)
            rings.complete(queue, chain, written: UInt64(count), memory, &effects)
        }
        rings.announce(queue, memory, &effects)
        tellOfEnd(port)
    }

    // MARK: The outside

    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        switch event {
        case .input(let number, let bytes):
            guard let port = Self.port(of: number) else { return }
            ports[port].waiting.append(contentsOf: bytes)
            receive(port, &rings, memory, &effects)
        case .inputClosed(let number):
            guard let port = Self.port(of: number) else { return }
            ports[port].inputEnded = true
            tellOfEnd(port)
        case .resize(let number, let columns, let rows):
            guard let port = Self.port(of: number) else { return }
            ports[port].columns = UInt16(clamping: columns)
            ports[port].rows = UInt16(clamping: rows)
            if ports[port].isReady { tellSize(port) }
        default: return
        }
        tell(&rings, memory, &effects)
    }

    /// Bytes of a port's input that the driver has not taken.
    func heldInput(from number: Int) -> Int {
        Self.port(of: number).map { ports[$0].waiting.count } ?? 0
    }

    /// What was typed stays: it waits for the next driver.
    mutating func forget() {}
    mutating func reset() {
        control = []
        for port in ports.indices {
            ports[port].isReady = false
            ports[port].isOpen = false
            ports[port].endIsTold = false
        }
    }
    mutating func resubmit(_ effects: inout EffectList) {}
}

/// The control channel (§5.3.6.2): `le32 id, le16 event, le16 value`, and for some a text.
extension VirtioPorts {
    private enum Message: UInt16 {
        case deviceReady = 0
        case portAdd = 1
        case portRemove = 2
        case portReady = 3
        case consolePort = 4
        case resize = 5
        case portOpen = 6
        case portName = 7
    }

    private mutating func say(
        _ port: Int, _ message: Message, _ value: UInt64, _ rest: [UInt8] = []
    ) {
        guard control.count < Self.controlLimit else { return }
        var bytes: [UInt8] = []
        bytes.append(little: UInt64(port), bytes: 4)
        bytes.append(little: UInt64(message.rawValue), bytes: 2)
        bytes.append(little: value, bytes: 2)
        control.append(bytes + rest)
    }

    /// Puts what is to be said into the driver's buffers; a message is never cut.
    private mutating func tell(
        _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        let queue = Self.controlReceiveQueue
        while let message = control.first, let chain = rings.take(queue, memory, &effects) {
            var written: UInt64 = 0
            if BufferList(ranges: chain.writable).scatter(message, memory, skipping: 0, &effects) {
                written = UInt64(message.count)
            }
            control.removeFirst()
            rings.complete(queue, chain, written: written, memory, &effects)
        }
        rings.announce(queue, memory, &effects)
    }

    private mutating func obey(
        _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        let queue = Self.controlTransmitQueue
        while let chain = rings.take(queue, memory, &effects) {
            if let bytes = BufferList(ranges: chain.readable).gather(memory, skipping: 0, count: 8)
            {
                if let opened = obey(bytes) { receive(opened, &rings, memory, &effects) }
            }
            rings.complete(queue, chain, written: 0, memory, &effects)
        }
        rings.announce(queue, memory, &effects)
    }

    /// Returns a port that can take input from here on.
    private mutating func obey(_ bytes: [UInt8]) -> Int? {
        let event = UInt16(truncatingIfNeeded: bytes.little32(4))
        let value = bytes.little32(4) >> 16
        switch Message(rawValue: event) {
        case .deviceReady where value == 1:
            for port in ports.indices where ports[port].isPresent { say(port, .portAdd, 1) }
        case .portReady where value == 1:
            if let port = present(bytes.little32(0)) { introduce(port) }
        case .portOpen:
            guard let port = present(bytes.little32(0)) else { return nil }
            ports[port].isOpen = value != 0
            return port
        default: break
        }
        return nil
    }

    private func present(_ id: UInt32) -> Int? {
        guard id < UInt32(ports.count), ports[Int(id)].isPresent else { return nil }
        return Int(id)
    }

    private mutating func introduce(_ port: Int) {
        ports[port].isReady = true
        ports[port].endIsTold = false
        if port == 0 {
            say(port, .consolePort, 1)
            tellSize(port)
        }
        // Once a port has its name it can be used.
        say(port, .portOpen, 1)
        say(port, .portName, 1, Array(ports[port].name.utf8))
        tellOfEnd(port)
    }

    private mutating func tellSize(_ port: Int) {
        // Columns first (§5.3.6.2). Linux read rows first in former years.
        var size: [UInt8] = []
        size.append(little: UInt64(ports[port].columns), bytes: 2)
        size.append(little: UInt64(ports[port].rows), bytes: 2)
        say(port, .resize, 1, size)
    }

    /// Once the driver has all of the input, it may know that there is no more.
    private mutating func tellOfEnd(_ port: Int) {
        let state = ports[port]
        guard state.inputEnded, !state.endIsTold, state.isReady, state.waiting.isEmpty else {
            return
        }
        ports[port].endIsTold = true
        say(port, .portOpen, 0)
    }
}
