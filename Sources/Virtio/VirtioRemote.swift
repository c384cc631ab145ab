import Bits
import Devices
import Effects
import GuestMemory

/// A device of any kind whose work is done by another process (vhost-user). Requests are taken from the
/// driver's queues and returned to them here; the other process sees their buffers, and rings of ours.
///
/// So a driver's mistake is found here, and each byte that the other process may have written is
/// reported before the driver hears of it: translations of code in it are dropped in time.
package struct VirtioRemote: DeviceModel {
    /// Number of the slot.
    let device: Int
    let id: UInt32
    let queueSizes: [UInt16]
    private let offered: UInt64
    private(set) var configuration: [UInt8]
    private var underWay: [UInt64: DescriptorChain] = [:]
    /// Never starts again, so that a late completion of a former life is known.
    private var nextTag: UInt64 = 0
    private var isStarted = false
    private var hasFailed = false

    package init(
        device: Int, id: UInt32, queueSizes: [UInt16], features: UInt64, configuration: [UInt8]
    ) {
        self.device = device
        self.id = id
        self.queueSizes = queueSizes
        offered = features
        self.configuration = configuration
    }

    /// A device's own bits (§6, bits 0 to 23 and 50 on); those of the ring and the transport are ours.
    private static let deviceBits: UInt64 = 0xff_ffff | ~0 << 50
    var features: Features { Features(rawValue: offered & Self.deviceBits) }

    mutating func writeConfiguration(
        _ offset: UInt64, _ value: UInt64, _ effects: inout EffectList
    ) {
        // The transport does not say how wide the write was: what is written is a byte, as the only
        // field that drivers write (writeback of a drive, §5.2.4) is.
        guard offset < UInt64(configuration.count) else { return }
        configuration[Int(offset)] = UInt8(truncatingIfNeeded: value)
        let bytes = [UInt8(truncatingIfNeeded: value)]
        effects.append(.remote(device: device, .configure(offset: offset, bytes)))
    }

    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard !hasFailed else { return rings.fail(&effects) }
        if rings.isLive, !isStarted {
            isStarted = true
            let accepted = rings.features.rawValue & Self.deviceBits
            effects.append(.remote(device: device, .start(features: accepted)))
        }
        while let chain = rings.take(queue, memory, &effects) {
            let request = RemoteRequest(
                queue: queue, tag: nextTag, readable: chain.readable, writable: chain.writable)
            underWay[nextTag] = chain
            nextTag &+= 1
            effects.append(.remote(device: device, .request(request)))
        }
    }

    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard case .remote(_, let news) = event else { return }
        switch news {
        case .completed(let queue, let completions):
            for completion in completions {
                // What is not under way is of a former life.
                guard let chain = underWay.removeValue(forKey: completion.tag) else { continue }
                for range in chain.writable {
                    memory.noteWrite(range)
                    effects.append(.wrote(range))
                }
                let written = min(UInt64(completion.written), chain.writableCount)
                rings.complete(queue, chain, written: written, memory, &effects)
            }
            rings.announce(queue, memory, &effects)
            serve(queue, &rings, memory, &effects)
        case .configured(let bytes):
            guard bytes != configuration, bytes.count == configuration.count else { return }
            configuration = bytes
            rings.configurationChanged(&effects)
        case .failed:
            hasFailed = true
            if rings.isLive { rings.fail(&effects) }
        }
    }

    /// The driver took the queues back.
    mutating func stop(_ effects: inout EffectList) {
        if isStarted { effects.append(.remote(device: device, .stop)) }
        isStarted = false
        underWay.removeAll()
    }
    mutating func forget() { underWay.removeAll() }

    /// What another process knows is in no snapshot.
    mutating func resubmit(_ effects: inout EffectList) { hasFailed = true }
}
