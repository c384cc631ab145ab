import Effects

/// The host's side of a network card. Frames from the network arrive as `Event.frames`; how many
/// bytes of them may be on their way to the guest, the back end decides itself.
package protocol NetworkBackEnd: AnyObject, Sendable {
    /// The largest packet that the network carries, for the guest to know; nil: it is the usual one.
    var mtu: UInt16? { get }
    /// Takes frames for the network and returns at once. When they are sent, or lost, an
    /// `Event.transmitted` says so.
    func transmit(_ batch: FrameBatch)
    /// The guest took so many bytes of frames, their headers included.
    func taken(_ bytes: Int)
    /// Frames that are unfinished in these ways may be delivered from now on.
    func accept(_ offloads: FrameOffloads)
    /// Sends what can be sent at once, then lets go of the network.
    func close()
}
