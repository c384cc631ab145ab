import Bits

/// The interrupt inputs of one hart, by their bit in `mip`.
@frozen @usableFromInline
package enum HartLine: UInt8, Sendable {
    case supervisorSoftware = 1
    case machineSoftware = 3
    case supervisorTimer = 5
    case machineTimer = 7
    case supervisorExternal = 9
    case machineExternal = 11
}

/// Why and how a run ends.
package struct EndOfRun: Sendable, Equatable {
    package enum Reason: UInt8, Sendable { case shutdown, reset, failure }
    package var reason: Reason
    /// What the program's exit status becomes.
    package var exitCode: UInt8
    package init(_ reason: Reason, exitCode: UInt8) {
        self.reason = reason
        self.exitCode = exitCode
    }
}

/// What a device's back end is asked to do. `tag` comes back in the completion.
package struct BlockRequest: Sendable, Equatable {
    package enum Operation: UInt8, Sendable { case read, write, flush, discard, writeZeroes }
    /// Index of the device on its board (the virtio slot).
    package var device: Int
    package var tag: UInt64
    package var operation: Operation
    /// First byte on the drive.
    package var offset: UInt64
    /// Length in bytes; for `write` it is `data.count`.
    package var count: UInt64
    /// Bytes to write; empty for other operations.
    package var data: [UInt8]
    /// Where in guest memory the back end itself reads or writes the data, in order; empty where data travel
    /// with the request and its completion.
    package var buffers: [GuestRange]
    package init(
        device: Int, tag: UInt64, operation: Operation, offset: UInt64, count: UInt64,
        data: [UInt8] = [], buffers: [GuestRange] = []
    ) {
        self.device = device
        self.tag = tag
        self.operation = operation
        self.offset = offset
        self.count = count
        self.data = data
        self.buffers = buffers
    }
}

/// What a step of a device or of the firmware asks of the machine around it.
package enum Effect: Sendable, Equatable {
    /// Level of a wire into the interrupt controller (PLIC source number).
    case raise(line: Int)
    case lower(line: Int)
    /// Level of a hart's own input (from PLIC or ACLINT).
    case interrupt(hart: Int, HartLine, Bool)
    /// Wake the owner when the board's `time` reaches this tick (replaces an earlier wish).
    case schedule(at: UInt64)
    /// Bytes for the outside: a UART's or console's output. `device` tells consoles apart.
    case output(device: Int, byte: UInt8)
    case outputBytes(device: Int, [UInt8])
    case submit(BlockRequest)
    case share(ShareRequest)
    case remote(device: Int, RemoteOrder)
    /// Ask the host for this many bytes of entropy for device `device`.
    case entropy(device: Int, count: Int)
    /// Frames for the network of device `device`.
    case transmit(device: Int, FrameBatch)
    /// The guest of device `device` took so many bytes of the frames that had arrived.
    case framesTaken(device: Int, bytes: Int)
    /// The guest of device `device` takes frames that are unfinished in these ways.
    case acceptOffloads(device: Int, FrameOffloads)
    /// These guest-physical bytes were written by a device: translations of them are stale.
    case wrote(GuestRange)
    case end(EndOfRun)
}

/// The effects of one step, in order. A step appends; the owner drains.
package struct EffectList: Sendable {
    package private(set) var items: [Effect] = []
    package init() {}
    package var isEmpty: Bool { items.isEmpty }
    package mutating func append(_ effect: Effect) { items.append(effect) }
    /// Takes everything out, keeping the storage.
    package mutating func drain(_ body: (Effect) -> Void) {
        for item in items { body(item) }
        items.removeAll(keepingCapacity: true)
    }
}
