import Bits
import GuestMemory
import Hart
import RISCV

/// Makes an engine for the hart's memory.
package typealias EngineMaker = @Sendable (GuestMemory) -> any Engine

/// One hart on one engine with memory of its own, and a device that notes how it is used.
package final class StreamRig: Bus {
    package let memory: GuestMemory
    private let owner: GuestMemoryOwner
    package let engine: any Engine
    package let hart: Hart
    /// What the device and the traps were like so far, in order.
    package private(set) var history: UInt64 = 0
    package private(set) var trapCount = 0
    private var words: UInt64 = 0
    private let outside: Outside

    package init(_ stream: Stream, _ makeEngine: EngineMaker) throws(HullError) {
        memory = try GuestMemory([
            MemslotRequest(
                GuestRange(start: GuestPhysical(Place.ram), count: Place.ramBytes),
                backing: .anonymous(hugePages: false)),
            MemslotRequest(
                GuestRange(
                    start: GuestPhysical(Place.rom), count: UInt64(Place.romPages) << 12),
                access: .readOnly, backing: .anonymous(hugePages: false)),
        ])
        owner = GuestMemoryOwner(memory)
        engine = makeEngine(memory)
        outside = Outside()
        hart = Hart(id: 0, isa: stream.isa, memory: memory, bus: outside)
        outside.rig = self
        for (address, bytes) in stream.memory { _ = memory.install(GuestPhysical(address), bytes) }
        hart.onTrap = { [unowned self] cause, value, pc in
            trapCount += 1
            note(cause, value, pc)
        }
    }

    private func note(_ values: UInt64...) {
        for value in values {
            history = (history ^ value) &* 0x9e37_79b9_7f4a_7c15 &+ history >> 29
        }
    }

    // MARK: Bus

    package func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? {
        guard Place.device..<Place.device + 0x180 ~= address.rawValue else { return nil }
        note(address.rawValue, width.bytes, hart.retired, hart[x: 10])
        words &+= 0x1234_5678_9abc_def1
        return words & width.mask
    }

    /// Bytes 0x100 to 0x17f do something to the hart at once.
    package func store(
        _ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart
    ) -> Bool {
        guard Place.device..<Place.device + 0x180 ~= address.rawValue else { return false }
        note(address.rawValue, width.bytes, hart.retired, value & width.mask)
        switch address.rawValue & 0x1f8 {
        case 0x100: hart.setLines(value & 0xaaa, value & 1 != 0)
        case 0x108: hart.requestExit()
        case 0x110: hart.requestExit(.timer)
        default: break
        }
        return true
    }
    package func time(for hart: Hart) -> UInt64 { hart.retired / 3 }
    package func seed(for hart: Hart) -> UInt16? {
        UInt16(truncatingIfNeeded: hart.retired &* 0x9e37)
    }

    // MARK: What both rigs agree on

    package func agrees(with other: StreamRig) -> Bool {
        history == other.history && trapCount == other.trapCount && hart.agrees(with: other.hart)
    }
    package func differences(from other: StreamRig) -> [StateDifference] {
        var list = hart.differences(from: other.hart)
        if trapCount != other.trapCount {
            list.append(.init("traps", UInt64(trapCount), UInt64(other.trapCount)))
        }
        if history != other.history {
            list.append(.init("history of device and traps", history, other.history))
        }
        return list
    }
}

/// A hart does not own its bus, and the rig owns its hart.
private final class Outside: Bus {
    unowned(safe) var rig: StreamRig?
    func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? {
        rig?.load(address, width, from: hart)
    }
    func store(_ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart)
        -> Bool
    { rig?.store(address, width, value, from: hart) ?? false }
    func time(for hart: Hart) -> UInt64 { rig?.time(for: hart) ?? 0 }
    func seed(for hart: Hart) -> UInt16? { rig?.seed(for: hart) }
}
