import Bits
import Devices
import Effects
import GuestMemory

/// A shared folder over 9P (virtio 1.2 §5.10 reserves the device; QEMU and Linux define it). A chain is a
/// message and the room for its answer; what they say is between the driver and the server.
package struct VirtioShare: DeviceModel {
    var id: UInt32 { 9 }
    /// Linux describes a message page by page, with at most 128 pages each way.
    var queueSizes: [UInt16] { [256] }
    /// A message is a header of seven bytes at least, and so is its answer.
    static let headerBytes: UInt64 = 7
    /// The longest message that is passed on.
    static let messageLimit: UInt64 = 2 << 20
    /// With so much under way, further messages stay in the queue.
    static let underWayLimit: UInt64 = 32 << 20
    private static let mountTag: UInt64 = 1

    private struct Message: Sendable, Equatable {
        let chain: DescriptorChain
        let tag: UInt64
        let request: [UInt8]
        var cost: UInt64 { chain.readableCount + chain.writableCount }
    }

    /// Number of the slot.
    let device: Int
    /// The name by which the guest mounts the folder.
    let name: [UInt8]
    private var underWay: [Message] = []
    private var underWayBytes: UInt64 = 0
    /// Never starts again, so that a late answer to a former life is known.
    private var nextTag: UInt64 = 0

    package init(device: Int, name: [UInt8]) {
        self.device = device
        self.name = Array(name.prefix(Int(UInt16.max)))
    }

    var features: Features { Features(rawValue: Self.mountTag) }
    var configuration: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: UInt64(name.count), bytes: 2)
        return bytes + name
    }

    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        while underWayBytes < Self.underWayLimit, let chain = rings.take(0, memory, &effects) {
            guard chain.readableCount >= Self.headerBytes,
                chain.readableCount <= Self.messageLimit,
                chain.writableCount >= Self.headerBytes,
                let request = BufferList(ranges: chain.readable).gather(
                    memory, skipping: 0, count: chain.readableCount)
            else {
                // There is no way to answer it.
                rings.fail(&effects)
                break
            }
            let message = Message(chain: chain, tag: nextTag, request: request)
            nextTag &+= 1
            underWay.append(message)
            underWayBytes += message.cost
            submit(message, &effects)
        }
    }

    private func submit(_ message: Message, _ effects: inout EffectList) {
        let limit = min(message.chain.writableCount, Self.messageLimit)
        effects.append(
            .share(
                ShareRequest(
                    device: device, tag: message.tag, message: message.request,
                    answerLimit: Int(limit))))
    }

    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard case .share(_, let tag, let answer) = event,
            let index = underWay.firstIndex(where: { $0.tag == tag })
        else { return }
        let message = underWay.remove(at: index)
        underWayBytes -= message.cost
        guard rings.isLive else { return }
        if let answer,
            BufferList(ranges: message.chain.writable).scatter(
                answer, memory, skipping: 0, &effects)
        {
            rings.complete(0, message.chain, written: UInt64(answer.count), memory, &effects)
            rings.announce(0, memory, &effects)
        } else {
            rings.fail(&effects)
        }
        serve(0, &rings, memory, &effects)
    }

    mutating func forget() {
        underWay.removeAll()
        underWayBytes = 0
    }

    mutating func resubmit(_ effects: inout EffectList) {
        for message in underWay { submit(message, &effects) }
    }
}
