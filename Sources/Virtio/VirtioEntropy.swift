import Bits
import Devices
import Effects
import GuestMemory

/// An entropy device (virtio 1.2 §5.4). One request is under way at a time; the others wait in the
/// queue.
package struct VirtioEntropy: DeviceModel {
    var id: UInt32 { 4 }
    var queueSizes: [UInt16] { [8] }
    /// "The device MUST place one or more random bytes into the buffer, but it MAY use less than
    /// the entire buffer length" (§5.4.6.2).
    static let requestLimit: UInt64 = 4096

    /// Number of the slot.
    let device: Int
    private var underWay: DescriptorChain?
    /// Requests of former lives that are still under way; answers come in the order of requests.
    private var stale = 0

    package init(device: Int) { self.device = device }

    var features: Features { [] }
    var configuration: [UInt8] { [] }

    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        while underWay == nil, let chain = rings.take(0, memory, &effects) {
            guard chain.writableCount > 0 else {
                rings.complete(0, chain, written: 0, memory, &effects)
                continue
            }
            underWay = chain
            request(chain, &effects)
        }
        rings.announce(0, memory, &effects)
    }

    private func request(_ chain: DescriptorChain, _ effects: inout EffectList) {
        let count = Int(min(chain.writableCount, Self.requestLimit))
        effects.append(.entropy(device: device, count: count))
    }

    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard case .entropy(_, let bytes) = event else { return }
        guard stale == 0 else { return stale -= 1 }
        guard let chain = underWay else { return }
        underWay = nil
        guard rings.isLive else { return }
        let count = min(bytes.count, Int(min(chain.writableCount, Self.requestLimit)))
        BufferList(ranges: chain.writable).scatter(
            Array(bytes.prefix(count)), memory, skipping: 0, &effects)
        rings.complete(0, chain, written: UInt64(count), memory, &effects)
        serve(0, &rings, memory, &effects)
    }

    mutating func forget() {
        if underWay != nil { stale += 1 }
        underWay = nil
    }

    mutating func resubmit(_ effects: inout EffectList) {
        stale = 0
        if let underWay { request(underWay, &effects) }
    }
}
