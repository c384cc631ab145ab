extension VirtualMachine {
    /// Asks the guest to make do with so much memory. What is beyond it goes into the guest's balloon
    /// and back to the host, as far as the guest can spare it; a larger size gives it back.
    ///
    /// Takes effect when the guest has a driver for virtio's balloon, as Linux has.
    public func setMemoryTarget(bytes: UInt64) { inbox.post(.memoryTarget(bytes: bytes)) }
}
