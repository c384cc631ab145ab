import Bits
import Devices
import Effects

/// A console with one port (virtio 1.2 §5.3), beside the 16550.
package struct ConsoleDevice {
    /// In effects: whose output it is.
    static let number = 1
    private static let receiveQueue = 0
    /// Of one request's text (a console's driver sends pages at most), and of what was typed and not yet
    /// taken.
    private static let textLimit: UInt64 = 1 << 14
    private static let limit = 4096

    private var transport = VirtioTransport(deviceID: 3, line: BoardMap.consoleLine, queueCount: 2)
    private var waiting: [UInt8] = []

    package init() {}

    func read(_ offset: UInt64, _ width: AccessWidth) -> UInt64 {
        width == .word ? transport.read(offset) : 0
    }

    mutating func write(
        _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, _ ram: GuestRAM,
        _ effects: inout EffectList
    ) {
        guard width == .word else { return }
        for queue in transport.write(offset, value, ram, &effects) { serve(queue, ram, &effects) }
    }

    /// What a round left undone.
    var isBusy: Bool { transport.unfinishedQueue != nil }
    mutating func goOn(_ ram: GuestRAM, _ effects: inout EffectList) {
        if let queue = transport.unfinishedQueue { serve(queue, ram, &effects) }
    }

    private mutating func serve(_ queue: Int, _ ram: GuestRAM, _ effects: inout EffectList) {
        guard queue != Self.receiveQueue else { return hand(ram, &effects) }
        transport.serve(queue, ram, &effects) { chain, effects in
            var left = Self.textLimit
            for range in chain.readable where left > 0 {
                let part = GuestRange(start: range.start, count: min(range.count, left))
                guard let bytes = ram.bytes(part) else { return nil }
                effects.append(.outputBytes(device: Self.number, bytes))
                left -= part.count
            }
            return 0
        }
    }

    /// How many bytes of what was typed it took.
    mutating func receive(_ bytes: [UInt8], _ ram: GuestRAM, _ effects: inout EffectList) -> Int {
        let taken = min(bytes.count, Self.limit - waiting.count)
        waiting += bytes[..<taken]
        hand(ram, &effects)
        return taken
    }

    /// Into the buffers that the driver has given.
    private mutating func hand(_ ram: GuestRAM, _ effects: inout EffectList) {
        var left = waiting[...]
        transport.serve(Self.receiveQueue, ram, &effects, while: { !left.isEmpty }) { chain, _ in
            let before = left.count
            for range in chain.writable {
                let part = left.prefix(Int(clamping: range.count))
                guard ram.write(range.start, Array(part)) else { return nil }
                left = left.dropFirst(part.count)
            }
            return UInt32(before - left.count)
        }
        waiting = Array(left)
    }
}
