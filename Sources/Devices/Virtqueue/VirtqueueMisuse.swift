import Bits

/// What a driver did wrong with a virtqueue. The device answers with `DEVICE_NEEDS_RESET` (virtio
/// 1.2 §2.1.2); nothing else of the machine is affected.
package enum VirtqueueMisuse: UInt8, Error, Sendable, Equatable, CaseIterable {
    /// The queue's size is not a power of two up to the device's maximum.
    case badSize
    /// A ring is not aligned as §2.7 demands.
    case misalignedRing
    /// A ring, or an indirect table, does not lie in RAM.
    case ringOutOfRange
    /// The available index is further ahead than the queue is long (§2.7.13.3).
    case availableIndexJumped
    /// An available entry or a `next` field names no descriptor.
    case noSuchDescriptor
    /// A chain comes back to a descriptor that it has used.
    case loop
    /// A chain has more descriptors than the queue (§2.7.5.2), or 2³² bytes or more.
    case overlong
    /// A buffer does not lie in RAM.
    case bufferOutOfRange
    /// A descriptor in an indirect table refers to another table (§2.7.5.3.1).
    case indirectInIndirect
    /// A descriptor has both INDIRECT and NEXT (§2.7.5.3.1).
    case indirectWithNext
    /// An indirect table is empty or no whole number of descriptors.
    case badIndirectLength
    /// INDIRECT without VIRTIO_F_INDIRECT_DESC (§2.7.5.3.1).
    case indirectNotNegotiated
    /// A readable buffer comes after a writable one (§2.7.4.2).
    case readableAfterWritable
}
