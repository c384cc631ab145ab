import Bits
import Effects
import GuestMemory

/// The host's side of a console. Input arrives as `Event.input`.
package protocol ConsoleBackEnd: AnyObject, Sendable {
    /// Takes bytes for the outside; may keep them until `flush()`.
    func output(_ bytes: [UInt8])
    func output(_ byte: UInt8)
    /// The run loop has nothing to do: let people see what there is.
    func flush()
    /// Called now and then while the guest is busy: what has waited for a while goes out.
    func flushIfDue()
    /// The guest took this many bytes of the input that was delivered: more may be read. Input that
    /// nobody takes is never read from the host, so that none is lost.
    func inputTaken(_ count: Int)
}

/// The host's side of a drive. A submitted request ends in one `Event.block` with its tag; requests
/// may overtake each other, but a flush ends after the writes that had ended before it.
package protocol BlockBackEnd: AnyObject, Sendable {
    /// Size in bytes.
    var byteCount: UInt64 { get }
    var isReadOnly: Bool { get }
    /// Lets the back end move data from and to guest memory itself; says whether it will. Without, and while
    /// events are recorded, data travel with requests and events.
    func reach(_ memory: GuestMemory) -> Bool
    /// What a request ends in, if that takes no waiting; nil: submit it.
    func performAtOnce(_ request: BlockRequest) -> Event?
    /// Returns at once.
    func submit(_ request: BlockRequest)
    /// Waits for what was submitted, then lets go of the drive.
    func close()
}

/// The server of a shared folder. A message ends in one `Event.share` with its tag.
package protocol ShareBackEnd: AnyObject, Sendable {
    /// By this name the guest mounts it.
    var name: String { get }
    /// Returns at once.
    func submit(_ request: ShareRequest)
    /// Waits for what was submitted, then lets go of the folder.
    func close()
}

/// A device in another process. What it says comes as `Event.remote`.
package protocol RemoteBackEnd: AnyObject, Sendable {
    /// What the device is (virtio 1.2 §5), and what the driver reads of it.
    var deviceID: UInt32 { get }
    var queueSizes: [UInt16] { get }
    var features: UInt64 { get }
    var configuration: [UInt8] { get }
    /// Told once, before anything else: the memory to share and the number of the device.
    func attach(_ memory: GuestMemory, device: Int) throws(HullError)
    func start(features: UInt64)
    func submit(_ request: RemoteRequest)
    /// Returns when the other process has let go of the guest's buffers, or is given up.
    func stop()
    func configure(offset: UInt64, _ bytes: [UInt8])
    func close()
}

/// The host's source of entropy. A request ends in one `Event.entropy`.
package protocol EntropyBackEnd: AnyObject, Sendable {
    func submit(device: Int, count: Int)
}

/// Counts the bytes of console input that the guest has taken, from what its device still holds.
package struct InputWindow: Sendable, Equatable {
    private var outstanding = 0
    package init() {}
    /// This many bytes were delivered to the device.
    package mutating func delivered(_ count: Int) { outstanding += count }
    /// The device now holds this many bytes: how many were taken since the last time?
    package mutating func taken(held: Int) -> Int {
        let taken = max(0, outstanding - held)
        outstanding -= taken
        return taken
    }
}

extension ConsoleBackEnd {
    /// For back ends that gather nothing.
    package func flushIfDue() {}
}

extension BlockBackEnd {
    package func reach(_ memory: GuestMemory) -> Bool { false }
    package func performAtOnce(_ request: BlockRequest) -> Event? { nil }
}
