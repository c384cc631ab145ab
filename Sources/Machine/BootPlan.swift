import Bits
import GuestMemory

/// One run of bytes that is in memory when the machine starts, and zeroes behind it.
package struct BootPiece: Sendable {
    package var address: GuestPhysical
    package var bytes: ArraySlice<UInt8>
    package var zeroFill: UInt64
    package init(_ address: GuestPhysical, _ bytes: ArraySlice<UInt8>, zeroFill: UInt64 = 0) {
        self.address = address
        self.bytes = bytes
        self.zeroFill = zeroFill
    }
}

extension BootPiece {
    /// All of it, zeros included.
    var range: GuestRange {
        GuestRange(start: address, count: UInt64(bytes.count) &+ zeroFill)
    }
}

/// How a machine starts, now and at each reset.
package struct BootPlan {
    package enum Start: Sendable, Equatable {
        /// Harts run the reset ROM in M-mode; the guest brings its own firmware, or is one.
        case machineMode(entry: GuestPhysical, nextStage: GuestPhysical?)
        /// The machine is the firmware: hart 0 is at `entry` in S-mode, the others wait for HSM.
        case supervisorMode(entry: GuestPhysical)
    }
    package var start: Start
    package var pieces: [BootPiece]
    /// Makes this plan once more, so that the machine need not keep the pieces for a reset; nil: it
    /// keeps them.
    package var reload: (() throws(HullError) -> BootPlan)?
    /// Where the device tree was put; it is one of the pieces.
    package var deviceTree: GuestPhysical
    /// The doubleword of the host-target interface that the guest writes, and the one it reads.
    package var toHost: GuestPhysical?
    package var fromHost: GuestPhysical?

    package init(
        start: Start, pieces: [BootPiece], deviceTree: GuestPhysical,
        toHost: GuestPhysical? = nil, fromHost: GuestPhysical? = nil
    ) {
        self.start = start
        self.pieces = pieces
        self.deviceTree = deviceTree
        self.toHost = toHost
        self.fromHost = fromHost
    }

    package var isFirmware: Bool {
        if case .supervisorMode = start { return true }
        return false
    }

    /// Puts everything into memory. RAM keeps what else it holds, as it does over a reset; fresh RAM
    /// holds zeros and is not touched for them.
    func install(in memory: GuestMemory, isFresh: Bool) throws(HullError) {
        for piece in pieces {
            let end = piece.address + UInt64(piece.bytes.count)
            guard memory.install(piece.address, Array(piece.bytes)),
                piece.zeroFill == 0 || isFresh && memory.holds(piece.range)
                    || memory.fill(GuestRange(start: end, count: piece.zeroFill), with: 0)
            else {
                throw HullError(
                    .usage,
                    "What is to be loaded at 0x\(String(piece.address.rawValue, radix: 16)) does not"
                        + " fit into the machine's memory.")
            }
        }
    }

    var resetROM: ResetROM? {
        guard case .machineMode(let entry, let next) = start else { return nil }
        return ResetROM(
            start: entry.rawValue, deviceTree: deviceTree.rawValue, nextStage: next?.rawValue ?? 0)
    }
}
