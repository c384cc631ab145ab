import Virtio

extension SystemBus {
    /// The slot that holds the balloon; nil where other devices take all of them.
    var balloonSlot: Int? { devices.virtio.firstIndex { $0.device.balloon != nil } }
}

extension Machine {
    /// Asks the guest to make do with so much memory. For the thread that runs the machine, while no
    /// hart runs.
    package func setMemoryTarget(bytes: UInt64) { bus.deliver(.memoryTarget(bytes: bytes)) }

    /// What the guest's balloon holds; nil where there is none. For the thread that runs the machine.
    package var balloon: BalloonState? {
        bus.balloonSlot.flatMap { bus.devices.virtio[$0].device.balloon }
    }
}
