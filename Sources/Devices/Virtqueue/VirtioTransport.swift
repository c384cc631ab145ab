import Bits
import Effects

/// The registers and queues of a device behind virtio-mmio (virtio 1.2 §4.2), version 2, for monitors
/// that carry out requests at once: the device behind them has its say in what a write leads to.
///
/// However many requests there are, a round of serving them is bounded (`roundLimit`): what is left
/// waits until the device is asked to go on.
package struct VirtioTransport: Sendable {
    package static let windowBytes: UInt64 = 0x1000
    package static let configuration: UInt64 = 0x100
    /// Bytes of a round's requests, with so many more for each buffer.
    private static let roundLimit: UInt64 = 1 << 15
    private static let bufferCost: UInt64 = 256
    private static let queueSize: UInt16 = 256

    private let deviceID: UInt64
    private let line: Int
    /// The device's own features, beside those of every ring.
    private let features: UInt64
    package private(set) var queues: [Virtqueue]
    private var status: UInt64 = 0
    private var causes: UInt64 = 0
    private var deviceFeaturesSelect: UInt64 = 0
    private var driverFeaturesSelect: UInt64 = 0
    private var accepted: UInt64 = 0
    private var queueSelect = 0
    /// Queues, as bits, that a round ended in before they were empty.
    private var unfinished: UInt64 = 0

    private enum Status {
        static let driverOK: UInt64 = 4
        static let featuresOK: UInt64 = 8
        static let needsReset: UInt64 = 64
    }
    private enum Feature {
        static let indirect: UInt64 = 1 << 28
        static let eventIndex: UInt64 = 1 << 29
        static let version1: UInt64 = 1 << 32
        static let ofEveryDevice = indirect | eventIndex | version1
    }

    /// Device 0: an empty slot.
    package init(deviceID: UInt64, line: Int, features: UInt64 = 0, queueCount: Int) {
        self.deviceID = deviceID
        self.line = line
        self.features = features | Feature.ofEveryDevice
        queues = (0..<queueCount).map { _ in Virtqueue(maximumSize: Self.queueSize) }
    }

    /// The device may touch its queues.
    package var isLive: Bool { status & Status.driverOK != 0 && status & Status.needsReset == 0 }

    // MARK: Registers (§4.2.2)

    package func read(_ offset: UInt64) -> UInt64 {
        switch offset {
        case 0x000: return 0x7472_6976  // "virt"
        case 0x004: return 2
        case 0x008: return deviceID
        case 0x00c: return 0x554d_4551  // QEMU's number: xv6 takes no other
        case 0x010:
            return deviceFeaturesSelect > 1
                ? 0 : features &>> (deviceFeaturesSelect &* 32) & 0xffff_ffff
        case 0x034: return queueSelect < queues.count ? UInt64(Self.queueSize) : 0
        case 0x044: return queueSelect < queues.count && queues[queueSelect].isReady ? 1 : 0
        case 0x060: return causes
        case 0x070: return status
        default: return 0
        }
    }

    /// Which queues the device has to look at now.
    package mutating func write<Memory: PhysicalMemory & ~Copyable>(
        _ offset: UInt64, _ value: UInt64, _ memory: borrowing Memory,
        _ effects: inout EffectList
    ) -> Range<Int> {
        let value = value & 0xffff_ffff
        switch offset {
        case 0x014: deviceFeaturesSelect = value
        case 0x020: acceptFeatures(value)
        case 0x024: driverFeaturesSelect = value
        case 0x030: queueSelect = Int(value)
        case 0x044: setReady(value & 1 != 0, memory, &effects)
        case 0x050: if value < queues.count { return Int(value)..<Int(value) + 1 }
        case 0x064:
            causes &= ~value
            if causes == 0 { effects.append(.lower(line: line)) }
        case 0x070: if writeStatus(value, &effects) { return queues.indices }
        default: configureQueue(offset, value)
        }
        return 0..<0
    }

    private mutating func configureQueue(_ offset: UInt64, _ value: UInt64) {
        // A queue that is ready keeps what it was given.
        guard queueSelect < queues.count, !queues[queueSelect].isReady else { return }
        let isHigh = offset & 4 != 0
        switch offset {
        case 0x038: queues[queueSelect].size = UInt16(clamping: value)
        case 0x080, 0x084: Self.set(&queues[queueSelect].descriptors, value, isHigh)
        case 0x090, 0x094: Self.set(&queues[queueSelect].available, value, isHigh)
        case 0x0a0, 0x0a4: Self.set(&queues[queueSelect].used, value, isHigh)
        default: break
        }
    }
    private static func set(_ address: inout GuestPhysical, _ value: UInt64, _ isHigh: Bool) {
        let raw = address.rawValue
        address = GuestPhysical(
            isHigh ? raw & 0xffff_ffff | value &<< 32 : raw & ~0xffff_ffff | value)
    }

    private mutating func acceptFeatures(_ value: UInt64) {
        guard status & Status.featuresOK == 0, driverFeaturesSelect < 2 else { return }
        let shift = driverFeaturesSelect &* 32
        accepted = accepted.replacing(0xffff_ffff &<< shift, with: value &<< shift)
    }

    /// True if the device has become live.
    private mutating func writeStatus(_ value: UInt64, _ effects: inout EffectList) -> Bool {
        guard value & 0xff != 0 else {
            self = VirtioTransport(
                deviceID: deviceID, line: line, features: features, queueCount: queues.count)
            effects.append(.lower(line: line))
            return false
        }
        var wanted = value & 0xff & ~Status.needsReset
        if wanted & ~status & Status.featuresOK != 0 {
            if accepted & ~features == 0 {
                for index in queues.indices {
                    queues[index].indirectIsNegotiated = accepted & Feature.indirect != 0
                    queues[index].eventIndexIsNegotiated = accepted & Feature.eventIndex != 0
                }
            } else {
                wanted &= ~Status.featuresOK
            }
        }
        let wasLive = isLive
        status |= wanted
        return !wasLive && isLive
    }

    private mutating func setReady<Memory: PhysicalMemory & ~Copyable>(
        _ ready: Bool, _ memory: borrowing Memory, _ effects: inout EffectList
    ) {
        guard queueSelect < queues.count else { return }
        guard ready else { return queues[queueSelect].stop() }
        do throws(VirtqueueMisuse) {
            try queues[queueSelect].makeReady(memory)
        } catch {
            fail(&effects)
        }
    }

    // MARK: Requests

    /// A queue that the last round left before it was empty; nil: none.
    package var unfinishedQueue: Int? {
        unfinished == 0 ? nil : unfinished.trailingZeroBitCount
    }

    /// Carries out what waits in a queue, for one round and while `wants` has a use for it: `perform` says
    /// how many bytes it wrote, or nil if the request has not the form that it must have.
    package mutating func serve<Memory: PhysicalMemory & ~Copyable>(
        _ queue: Int, _ memory: borrowing Memory, _ effects: inout EffectList,
        while wants: () -> Bool = { true },
        perform: (DescriptorChain, inout EffectList) -> UInt32?
    ) {
        unfinished &= ~(1 << UInt64(queue))
        guard isLive else { return }
        var left = Self.roundLimit
        do throws(VirtqueueMisuse) {
            repeat {
                while left > 0, wants(), let chain = try queues[queue].take(memory) {
                    guard let written = perform(chain, &effects) else { return fail(&effects) }
                    Self.note(written, of: chain, &effects)
                    try queues[queue].complete(chain.head, written: written, memory, &effects)
                    left -= min(left, Self.cost(chain))
                }
                if left == 0 {
                    unfinished |= 1 << UInt64(queue)
                    break
                }
            } while try queues[queue].enableNotifications(memory, &effects) && wants()
            if try queues[queue].needsInterrupt(memory) { raise(1, &effects) }
        } catch {
            fail(&effects)
        }
    }

    private static func cost(_ chain: DescriptorChain) -> UInt64 {
        let buffers = UInt64(chain.readable.count + chain.writable.count)
        let (bytes, overflow) = chain.readableCount.addingReportingOverflow(chain.writableCount)
        return overflow ? roundLimit : min(bytes, roundLimit) &+ buffers &* bufferCost
    }

    private static func note(
        _ written: UInt32, of chain: DescriptorChain, _ effects: inout EffectList
    ) {
        var left = UInt64(written)
        for range in chain.writable where left > 0 {
            let count = min(range.count, left)
            effects.append(.wrote(GuestRange(start: range.start, count: count)))
            left -= count
        }
    }

    private mutating func fail(_ effects: inout EffectList) {
        status |= Status.needsReset
        raise(2, &effects)
    }
    private mutating func raise(_ cause: UInt64, _ effects: inout EffectList) {
        causes |= cause
        effects.append(.raise(line: line))
    }
}
