import Bits
import Devices
import Effects
import GuestMemory

/// What each device has: its queues, its status and its interrupt line. A driver's mistake with a
/// queue becomes DEVICE_NEEDS_RESET here, and then no queue is touched until the reset.
struct Rings: Sendable, Equatable {
    /// Source number at the interrupt controller.
    let line: Int
    var queues: [Virtqueue]
    var status: DeviceStatus = []
    /// What the driver accepted.
    var features: Features = []
    /// Where what is under way is noted for a successor; nil in a machine's own devices.
    var notes: InFlightNotes?
    private(set) var causes: InterruptCauses = []
    /// Changes with the configuration (§4.2.2.1).
    private(set) var generation: UInt32 = 0

    init(line: Int, queueSizes: [UInt16]) {
        self.line = line
        queues = queueSizes.map { Virtqueue(maximumSize: $0) }
    }

    /// "The device MUST NOT consume buffers or send any used buffer notifications to the driver
    /// before DRIVER_OK" (§2.1.2).
    var isLive: Bool {
        status.isSuperset(of: [.driverOK, .featuresOK])
            && status.isDisjoint(with: [.needsReset, .failed])
    }

    mutating func reset(_ effects: inout EffectList) {
        for index in queues.indices { queues[index].reset() }
        status = []
        features = []
        acknowledge(~0, &effects)
    }

    mutating func settleFeatures(_ accepted: Features) {
        features = accepted
        for index in queues.indices {
            queues[index].indirectIsNegotiated = accepted.contains(.indirectDescriptors)
            queues[index].eventIndexIsNegotiated = accepted.contains(.eventIndex)
        }
    }

    // MARK: Requests

    /// The next request of a queue. When there is none, the driver is asked to notify of the next.
    mutating func take(_ queue: Int, _ memory: GuestMemory, _ effects: inout EffectList)
        -> DescriptorChain?
    {
        guard isLive, queues.indices.contains(queue) else { return nil }
        do throws(VirtqueueMisuse) {
            if let head = notes?.takeAgain(queue) {
                return try queues[queue].chain(at: head, memory)
            }
            repeat {
                if let chain = try queues[queue].take(memory) {
                    notes?.began(queue, chain.head, memory)
                    return chain
                }
            } while try queues[queue].enableNotifications(memory, &effects)
        } catch {
            fail(&effects)
        }
        return nil
    }

    mutating func complete(
        _ queue: Int, _ chain: DescriptorChain, written: UInt64, _ memory: GuestMemory,
        _ effects: inout EffectList
    ) {
        guard isLive, queues.indices.contains(queue) else { return }
        do throws(VirtqueueMisuse) {
            notes?.willEnd(queue, chain.head, memory)
            try queues[queue].complete(
                chain.head, written: UInt32(truncatingIfNeeded: written), memory, &effects)
            notes?.ended(queue, chain.head, nextUsed: queues[queue].nextUsed, memory)
        } catch {
            fail(&effects)
        }
    }

    /// Returns a chain, which the driver sees after `publish`: frames may take several.
    mutating func fill(
        _ queue: Int, _ chain: DescriptorChain, written: UInt64, _ memory: GuestMemory,
        _ effects: inout EffectList
    ) {
        guard isLive, queues.indices.contains(queue) else { return }
        do throws(VirtqueueMisuse) {
            try queues[queue].fill(
                chain.head, written: UInt32(truncatingIfNeeded: written), memory)
        } catch {
            fail(&effects)
        }
    }
    mutating func publish(_ queue: Int, _ memory: GuestMemory, _ effects: inout EffectList) {
        guard queues.indices.contains(queue) else { return }
        // Entries that a mistake after them keeps from being shown are written all the same.
        guard isLive else { return effects.append(.wrote(queues[queue].usedRing)) }
        do throws(VirtqueueMisuse) {
            try queues[queue].publish(memory, &effects)
        } catch {
            fail(&effects)
        }
    }

    /// Interrupts for what was completed, unless the driver does not want to know.
    mutating func announce(_ queue: Int, _ memory: GuestMemory, _ effects: inout EffectList) {
        guard isLive, queues.indices.contains(queue) else { return }
        do throws(VirtqueueMisuse) {
            if try queues[queue].needsInterrupt(memory) { raise(.usedBuffer, &effects) }
        } catch {
            fail(&effects)
        }
    }

    /// The driver did what the specification forbids (§2.1.2).
    mutating func fail(_ effects: inout EffectList) {
        guard !status.contains(.needsReset) else { return }
        status.insert(.needsReset)
        if status.contains(.driverOK) { raise(.configurationChange, &effects) }
    }

    mutating func configurationChanged(_ effects: inout EffectList) {
        generation &+= 1
        if status.contains(.driverOK) { raise(.configurationChange, &effects) }
    }

    // MARK: The line

    private mutating func raise(_ cause: InterruptCauses, _ effects: inout EffectList) {
        if causes.isEmpty { effects.append(.raise(line: line)) }
        causes.insert(cause)
    }
    mutating func acknowledge(_ bits: UInt32, _ effects: inout EffectList) {
        guard !causes.isEmpty else { return }
        causes.subtract(InterruptCauses(rawValue: bits))
        if causes.isEmpty { effects.append(.lower(line: line)) }
    }
}
