import Bits

/// What the outside tells a machine: everything that is not a function of guest state.
package enum Event: Sendable, Equatable {
    /// Bytes typed at (or piped into) console `device`.
    case input(device: Int, [UInt8])
    /// Console `device` has no more input.
    case inputClosed(device: Int)
    /// The terminal of console `device` has this size now.
    case resize(device: Int, columns: Int, rows: Int)
    /// A submitted block request ended. `data` holds what a read read.
    case block(device: Int, tag: UInt64, BlockStatus, data: [UInt8])
    /// A shared folder's server answered; nil: there was no room even for an error.
    case share(device: Int, tag: UInt64, answer: [UInt8]?)
    case remote(device: Int, RemoteNews)
    case entropy(device: Int, [UInt8])
    /// Frames arrived for device `device`.
    case frames(device: Int, FrameBatch)
    /// So many bytes that device `device` had for the network are sent, or lost.
    case transmitted(device: Int, bytes: Int)
    /// The network of device `device` is there, or is not.
    case link(device: Int, isUp: Bool)
    /// The host's time of day moved by so many nanoseconds against the board's `time`.
    case timeOfDay(shift: Int64)
    /// The guest should make do with so much memory: what is beyond goes into its balloon.
    case memoryTarget(bytes: UInt64)
    /// The guest should say how it uses its memory.
    case memoryStatistics
    /// The board's `time` reached what a device had scheduled.
    case timer(device: Int)
    /// Somebody presses the power button.
    case powerButton
    /// The outside asks for the end (a signal, a key, a time-out).
    case stop(exitCode: UInt8)
}

/// How a block request ended (virtio 1.2 §5.2.6).
package enum BlockStatus: UInt8, Sendable { case ok = 0, ioError = 1, unsupported = 2 }
