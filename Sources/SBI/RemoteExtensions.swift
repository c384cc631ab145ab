import Bits
import Effects

/// What harts do to each other: TIME (chapter 6), IPI (chapter 7), RFENCE (chapter 8).
extension SBIFirmware {
    mutating func time(_ call: SBICall, _ outcome: inout SBIOutcome) -> SBIReply {
        guard call.function == 0 else { return .failure(.notSupported) }
        setTimer(call.hart, call.a0, &outcome)
        return .success()
    }

    mutating func setTimer(_ hart: Int, _ deadline: UInt64, _ outcome: inout SBIOutcome) {
        count(.setTimer, hart)
        outcome.actions.append(.setTimer(hart: hart, deadline: deadline))
    }

    mutating func interrupt(_ call: SBICall, _ outcome: inout SBIOutcome) -> SBIReply {
        guard call.function == 0 else { return .failure(.notSupported) }
        guard let set = hartSet(mask: call.a0, base: call.a1) else {
            return .failure(.invalidParameter)
        }
        count(.ipiSent, call.hart)
        forEach(set) { firmware, hart in
            firmware.count(.ipiReceived, hart)
            outcome.effects.append(.interrupt(hart: hart, .supervisorSoftware, true))
        }
        return .success()
    }

    mutating func remoteFence(_ call: SBICall, _ outcome: inout SBIOutcome) -> SBIReply {
        guard let (fence, events) = order(call) else { return .failure(.notSupported) }
        guard let set = hartSet(mask: call.a0, base: call.a1) else {
            return .failure(.invalidParameter)
        }
        count(events.sent, call.hart)
        forEach(set) { firmware, hart in
            firmware.count(events.received, hart)
            outcome.actions.append(.fence(hart: hart, fence))
        }
        return .success()
    }

    private typealias Order = (RemoteFence, (sent: FirmwareEvent, received: FirmwareEvent))

    private func order(_ call: SBICall) -> Order? {
        let count = Self.span(call.a2, call.a3)
        switch call.function {
        case 0: return (.instructions, (.fenceISent, .fenceIReceived))
        case 1:
            return (
                .addresses(start: call.a2, count: count, asid: nil), (.sfenceSent, .sfenceReceived)
            )
        case 2:
            return (
                .addresses(start: call.a2, count: count, asid: call.a4),
                (.sfenceASIDSent, .sfenceASIDReceived)
            )
        default: return configuration.hasHypervisor ? guestOrder(call, count) : nil
        }
    }
    private func guestOrder(_ call: SBICall, _ count: UInt64?) -> Order? {
        switch call.function {
        case 3:
            return (
                .guestStage(start: call.a2, count: count, vmid: call.a4),
                (.hfenceGVMIDSent, .hfenceGVMIDReceived)
            )
        case 4:
            return (
                .guestStage(start: call.a2, count: count, vmid: nil),
                (.hfenceGSent, .hfenceGReceived)
            )
        case 5:
            return (
                .guestAddresses(start: call.a2, count: count, vmid: call.vmid, asid: call.a4),
                (.hfenceVASIDSent, .hfenceVASIDReceived)
            )
        case 6:
            return (
                .guestAddresses(start: call.a2, count: count, vmid: call.vmid, asid: nil),
                (.hfenceVSent, .hfenceVReceived)
            )
        default: return nil
        }
    }

    /// "start_addr and size are both 0, or size is equal to 2^XLEN - 1": the full address space.
    private static func span(_ start: UInt64, _ count: UInt64) -> UInt64? {
        (start == 0 && count == 0) || count == ~0 ? nil : count
    }

    /// The harts of a set that are not stopped: those have no state that an order could concern.
    private mutating func forEach(_ set: UInt64, _ body: (inout SBIFirmware, Int) -> Void) {
        var set = set
        while set != 0 {
            let hart = set.trailingZeroBitCount
            set &= set &- 1
            if harts[hart].state != .stopped { body(&self, hart) }
        }
    }
}
