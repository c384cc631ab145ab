/// A message of a guest's file system to the server of a shared folder. `tag` comes back in the answer.
package struct ShareRequest: Sendable, Equatable {
    /// Index of the device on its board (the virtio slot).
    package var device: Int
    package var tag: UInt64
    package var message: [UInt8]
    /// The longest answer that the guest has room for.
    package var answerLimit: Int
    package init(device: Int, tag: UInt64, message: [UInt8], answerLimit: Int) {
        self.device = device
        self.tag = tag
        self.message = message
        self.answerLimit = answerLimit
    }
}
