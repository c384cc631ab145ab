import Bits
import Devices
import Effects

/// A disk behind virtio-mmio (virtio 1.2 §4.2 and §5.2), version 2, with its bytes in the host's
/// memory: every request is done by the time its notification returns. The queue is `Devices`'.
package struct BlockDevice {
    package static let windowBytes: UInt64 = 0x1000
    static let queueSize: UInt16 = 256

    /// Where the disk's bytes lie in the host, and how many they are.
    let base: UInt64
    let count: UInt64
    private var queue = Virtqueue(maximumSize: Self.queueSize)
    private var status: UInt64 = 0
    private var causes: UInt64 = 0
    private var deviceFeaturesSelect: UInt64 = 0
    private var driverFeaturesSelect: UInt64 = 0
    private var accepted: UInt64 = 0
    private var queueSelect: UInt64 = 0

    private enum Status {
        static let driverOK: UInt64 = 4
        static let featuresOK: UInt64 = 8
        static let needsReset: UInt64 = 64
    }
    private enum Feature {
        static let flush: UInt64 = 1 << 9
        static let indirect: UInt64 = 1 << 28
        static let eventIndex: UInt64 = 1 << 29
        static let version1: UInt64 = 1 << 32
        static let offered = flush | indirect | eventIndex | version1
    }

    package init(base: UInt64, count: UInt64) {
        self.base = base
        self.count = count & ~511
    }

    // MARK: Registers (§4.2.2)

    func read(_ offset: UInt64, _ width: AccessWidth) -> UInt64 {
        if offset >= 0x100 { return configuration(offset &- 0x100, width) }
        guard width == .word else { return 0 }
        switch offset {
        case 0x000: return 0x7472_6976  // "virt"
        case 0x004: return 2
        case 0x008: return count == 0 ? 0 : 2  // a block device, or an empty slot
        case 0x00c: return 0x554d_4551  // QEMU's number: xv6 takes no other
        case 0x010:
            return deviceFeaturesSelect > 1
                ? 0 : Feature.offered &>> (deviceFeaturesSelect &* 32) & 0xffff_ffff
        case 0x034: return queueSelect == 0 ? UInt64(Self.queueSize) : 0
        case 0x044: return queueSelect == 0 && queue.isReady ? 1 : 0
        case 0x060: return causes
        case 0x070: return status
        default: return 0
        }
    }

    /// The capacity in sectors is all that is offered (§5.2.4).
    private func configuration(_ offset: UInt64, _ width: AccessWidth) -> UInt64 {
        guard offset < 8 else { return 0 }
        return (count / 512) &>> (offset &* 8) & width.mask
    }

    mutating func write(
        _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, _ ram: GuestRAM,
        _ effects: inout EffectList
    ) {
        guard width == .word else { return }
        let value = value & 0xffff_ffff
        switch offset {
        case 0x014: deviceFeaturesSelect = value
        case 0x020: acceptFeatures(value)
        case 0x024: driverFeaturesSelect = value
        case 0x030: queueSelect = value
        case 0x044: setReady(value & 1 != 0, ram, &effects)
        case 0x050: if value == 0 { serve(ram, &effects) }
        case 0x064:
            causes &= ~value
            if causes == 0 { effects.append(.lower(line: BoardMap.diskLine)) }
        case 0x070: writeStatus(value, ram, &effects)
        default: configureQueue(offset, value)
        }
    }

    private mutating func configureQueue(_ offset: UInt64, _ value: UInt64) {
        // A queue that is ready keeps what it was given.
        guard queueSelect == 0, !queue.isReady else { return }
        switch offset {
        case 0x038: queue.size = UInt16(clamping: value)
        case 0x080, 0x084: Self.set(&queue.descriptors, value, isHigh: offset & 4 != 0)
        case 0x090, 0x094: Self.set(&queue.available, value, isHigh: offset & 4 != 0)
        case 0x0a0, 0x0a4: Self.set(&queue.used, value, isHigh: offset & 4 != 0)
        default: break
        }
    }
    private static func set(_ address: inout GuestPhysical, _ value: UInt64, isHigh: Bool) {
        let raw = address.rawValue
        address = GuestPhysical(
            isHigh ? raw & 0xffff_ffff | value &<< 32 : raw & ~0xffff_ffff | value)
    }

    private mutating func acceptFeatures(_ value: UInt64) {
        guard status & Status.featuresOK == 0, driverFeaturesSelect < 2 else { return }
        let shift = driverFeaturesSelect &* 32
        accepted = accepted.replacing(0xffff_ffff &<< shift, with: value &<< shift)
    }

    private mutating func writeStatus(
        _ value: UInt64, _ ram: GuestRAM, _ effects: inout EffectList
    ) {
        guard value & 0xff != 0 else {
            self = BlockDevice(base: base, count: count)
            return effects.append(.lower(line: BoardMap.diskLine))
        }
        var wanted = value & 0xff & ~Status.needsReset
        if wanted & ~status & Status.featuresOK != 0 {
            if accepted & ~Feature.offered == 0 {
                queue.indirectIsNegotiated = accepted & Feature.indirect != 0
                queue.eventIndexIsNegotiated = accepted & Feature.eventIndex != 0
            } else {
                wanted &= ~Status.featuresOK
            }
        }
        let wasLive = status & Status.driverOK != 0
        status |= wanted
        if !wasLive, status & Status.driverOK != 0 { serve(ram, &effects) }
    }

    private mutating func setReady(_ ready: Bool, _ ram: GuestRAM, _ effects: inout EffectList) {
        guard queueSelect == 0 else { return }
        guard ready else { return queue.stop() }
        do throws(VirtqueueMisuse) { try queue.makeReady(ram) } catch { fail(&effects) }
    }

    // MARK: Requests (§5.2.6)

    private mutating func serve(_ ram: GuestRAM, _ effects: inout EffectList) {
        guard status & Status.driverOK != 0, status & Status.needsReset == 0 else { return }
        do throws(VirtqueueMisuse) {
            repeat {
                while let chain = try queue.take(ram) {
                    guard let written = perform(chain, ram, &effects) else {
                        return fail(&effects)
                    }
                    try queue.complete(chain.head, written: written, ram, &effects)
                }
            } while try queue.enableNotifications(ram, &effects)
            if try queue.needsInterrupt(ram) { raise(1, &effects) }
        } catch {
            fail(&effects)
        }
    }

    private mutating func fail(_ effects: inout EffectList) {
        status |= Status.needsReset
        raise(2, &effects)
    }
    private mutating func raise(_ cause: UInt64, _ effects: inout EffectList) {
        causes |= cause
        effects.append(.raise(line: BoardMap.diskLine))
    }

    /// Carries out one request; how many bytes it wrote, or nil if it has no header or no status
    /// byte.
    private func perform(
        _ chain: DescriptorChain, _ ram: GuestRAM, _ effects: inout EffectList
    ) -> UInt32? {
        guard let header = chain.readable.first, header.count >= 16,
            let type = ram.load(header.start, .word),
            let sector = ram.load(header.start + 8, .double), let last = chain.writable.last
        else { return nil }
        let status = last.start + (last.count &- 1)
        var written: UInt64 = 1
        var code: UInt64 = 0
        switch type {
        case 0:
            let isDone = move(chain.writable, chain.writableCount &- 1, sector, ram, toDisk: false)
            if isDone { written = chain.writableCount } else { code = 1 }
            for range in chain.writable { effects.append(.wrote(range)) }
        case 1:
            var data = chain.readable
            data[0] = GuestRange(start: header.start + 16, count: header.count &- 16)
            if !move(data, chain.readableCount &- 16, sector, ram, toDisk: true) { code = 1 }
        case 4: break  // what was written is where it stays
        default: code = 2
        }
        effects.append(.wrote(GuestRange(start: status, count: 1)))
        guard ram.store(status, code, .byte) else { return nil }
        return UInt32(truncatingIfNeeded: written)
    }

    /// Moves `total` bytes between the buffers, in order, and the disk from `sector` on.
    private func move(
        _ buffers: [GuestRange], _ total: UInt64, _ sector: UInt64, _ ram: GuestRAM, toDisk: Bool
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
