import Bits

/// A request to a device that lives in another process: where the guest's buffers are. `tag` comes back
/// in the completion.
package struct RemoteRequest: Sendable, Equatable {
    package var queue: Int
    package var tag: UInt64
    package var readable: [GuestRange]
    package var writable: [GuestRange]
    package init(queue: Int, tag: UInt64, readable: [GuestRange], writable: [GuestRange]) {
        self.queue = queue
        self.tag = tag
        self.readable = readable
        self.writable = writable
    }
}

/// What a remote device is told.
package enum RemoteOrder: Sendable, Equatable {
    /// The driver is ready and accepted these features.
    case start(features: UInt64)
    case request(RemoteRequest)
    /// The driver took its queues back: when this is carried out, nothing writes to its buffers.
    case stop
    case configure(offset: UInt64, [UInt8])
}

/// What a remote device tells.
package enum RemoteNews: Sendable, Equatable {
    package struct Completion: Sendable, Equatable {
        package var tag: UInt64
        package var written: UInt32
        package init(tag: UInt64, written: UInt32) {
            self.tag = tag
            self.written = written
        }
    }
    case completed(queue: Int, [Completion])
    case configured([UInt8])
    /// It will not answer any more.
    case failed
}
