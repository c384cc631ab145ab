import Bits
import Devices
import Effects

/// A disk (virtio 1.2 §5.2) with its bytes in the host's memory: every request is done by the time its
/// notification returns.
package struct BlockDevice {
    /// Where the disk's bytes lie in the host, and how many they are.
    private let base: UInt64
    private let count: UInt64
    private var transport: VirtioTransport

    private static let flush: UInt64 = 1 << 9

    /// Without bytes the slot is empty.
    package init(base: UInt64, count: UInt64) {
        self.base = base
        self.count = count & ~511
        transport = VirtioTransport(
            deviceID: count < 512 ? 0 : 2, line: BoardMap.diskLine, features: Self.flush,
            queueCount: 1)
    }

    /// The capacity in sectors is all that is offered as configuration (§5.2.4).
    func read(_ offset: UInt64, _ width: AccessWidth) -> UInt64 {
        let inside = offset &- VirtioTransport.configuration
        if inside < 8 { return (count / 512) &>> (inside &* 8) & width.mask }
        return width == .word ? transport.read(offset) : 0
    }

    mutating func write(
        _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, _ ram: GuestRAM,
        _ effects: inout EffectList
    ) {
        guard width == .word else { return }
        for queue in transport.write(offset, value, ram, &effects) { serve(queue, ram, &effects) }
    }

    private mutating func serve(_ queue: Int, _ ram: GuestRAM, _ effects: inout EffectList) {
        let (base, count) = (base, count)
        transport.serve(queue, ram, &effects) { chain, effects in
            BlockRequest(chain, ram, base: base, count: count).perform(&effects)
        }
    }

    /// What a round left undone.
    var isBusy: Bool { transport.unfinishedQueue != nil }
    mutating func goOn(_ ram: GuestRAM, _ effects: inout EffectList) {
        if let queue = transport.unfinishedQueue { serve(queue, ram, &effects) }
    }
}

/// One request of a driver (§5.2.6).
private struct BlockRequest {
    private let chain: DescriptorChain
    private let ram: GuestRAM
    private let base: UInt64
    private let count: UInt64

    init(_ chain: DescriptorChain, _ ram: GuestRAM, base: UInt64, count: UInt64) {
        self.chain = chain
        self.ram = ram
        self.base = base
        self.count = count
    }

    /// How many bytes it wrote, or nil if it has no header or no status byte.
    func perform(_ effects: inout EffectList) -> UInt32? {
        guard let header = chain.readable.first, header.count >= 16,
            let type = ram.load(header.start, .word),
            let sector = ram.load(header.start + 8, .double), let last = chain.writable.last
        else { return nil }
        var written: UInt64 = 1
        var code: UInt64 = 0
        switch type {
        case 0:
            let isDone = move(chain.writable, chain.writableCount &- 1, sector, toDisk: false)
            if isDone { written = chain.writableCount } else { code = 1 }
        case 1:
            var data = chain.readable
            data[0] = GuestRange(start: header.start + 16, count: header.count &- 16)
            if !move(data, chain.readableCount &- 16, sector, toDisk: true) { code = 1 }
        case 4: break  // what was written is where it stays
        default: code = 2
        }
        let status = last.start + (last.count &- 1)
        effects.append(.wrote(GuestRange(start: status, count: 1)))
        guard ram.store(status, code, .byte) else { return nil }
        return UInt32(truncatingIfNeeded: written)
    }

    /// Moves `total` bytes between the buffers, in order, and the disk from `sector` on.
    private func move(
        _ buffers: [GuestRange], _ total: UInt64, _ sector: UInt64, toDisk: Bool
    ) -> Bool {
        guard total & 511 == 0, sector <= count / 512, total <= count &- sector &* 512 else {
            return false
        }
        var place = base &+ sector &* 512
        var left = total
        for buffer in buffers where left > 0 {
            let part = min(left, buffer.count)
            guard let memory = ram.host(buffer.start, count: part) else { return false }
            HostMemory.copy(
                to: toDisk ? place : memory, from: toDisk ? memory : place, count: part)
            place &+= part
            left &-= part
        }
        return left == 0
    }
}
