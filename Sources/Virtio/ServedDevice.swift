import Bits
import Devices
import Effects
import GuestMemory

/// A device without a transport, as a process that serves another machine's guest runs it: who the driver
/// is and where its queues are comes by vhost-user instead of registers.
package struct ServedDevice: Sendable {
    private var device: VirtioDevice
    private var rings: Rings

    package init(_ device: VirtioDevice) {
        self.device = device
        rings = Rings(line: 0, queueSizes: device.queueSizes)
        rings.status = [.acknowledge, .driver, .featuresOK, .driverOK]
    }

    package var features: UInt64 { device.features.rawValue }
    package var configuration: [UInt8] { device.configuration }
    package var queueSizes: [UInt16] { device.queueSizes }
    /// The driver misused a queue.
    package var hasFailed: Bool { !rings.isLive }

    package mutating func accept(features: UInt64) {
        rings.settleFeatures(Features(rawValue: features & self.features))
    }

    /// Where a queue lies, and where it goes on.
    package struct Place: Sendable {
        package var size: UInt16 = 0
        package var descriptors = GuestPhysical(0)
        package var available = GuestPhysical(0)
        package var used = GuestPhysical(0)
        package var base: UInt16 = 0
        package init() {}
    }

    /// Starts a queue, with what a predecessor had under way if there are notes. False: its place is
    /// none.
    package mutating func start(
        _ queue: Int, at place: Place, notes: InFlightNotes?, _ memory: GuestMemory
    ) -> Bool {
        guard rings.queues.indices.contains(queue) else { return false }
        rings.queues[queue].stop()
        rings.queues[queue].size = place.size
        rings.queues[queue].descriptors = place.descriptors
        rings.queues[queue].available = place.available
        rings.queues[queue].used = place.used
        do throws(VirtqueueMisuse) {
            try rings.queues[queue].makeReady(memory)
        } catch {
            return false
        }
        guard let used = memory.load16(place.used + 2) else { return false }
        var next = place.base
        if var notes {
            next = used &+ notes.recover(queue, used: used, memory)
            rings.notes = notes
        }
        rings.queues[queue].resume(nextAvailable: next, nextUsed: used)
        return true
    }

    /// Stops a queue and says where it would go on.
    package mutating func stop(_ queue: Int) -> UInt16 {
        guard rings.queues.indices.contains(queue) else { return 0 }
        rings.queues[queue].stop()
        device.forget()
        return rings.queues[queue].nextAvailable
    }

    package mutating func serve(
        _ queue: Int, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard rings.isLive, rings.queues.indices.contains(queue) else { return }
        device.serve(queue, &rings, memory, &effects)
    }

    package mutating func deliver(
        _ event: Event, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        device.deliver(event, &rings, memory, &effects)
    }

    /// The driver has been told: the next completion is told anew.
    package mutating func acknowledge() {
        var effects = EffectList()
        rings.acknowledge(~0, &effects)
    }
}
