import Bits
import Effects

/// Hart state management (chapter 9) and system suspend (chapter 13).
extension SBIFirmware {
    /// The least that must be executable at an address where a hart starts.
    private static let smallestInstructionBytes: UInt64 = 2

    package func state(of hart: Int) -> HartState? {
        harts.indices.contains(hart) ? harts[hart].state : nil
    }

    mutating func hartState<Platform: SBIPlatform & ~Copyable>(
        _ call: SBICall, _ platform: inout Platform, _ outcome: inout SBIOutcome
    ) -> SBIReply {
        switch call.function {
        case 0: return start(call, platform, &outcome)
        case 1:
            harts[call.hart].state = .stopped
            outcome.actions.append(.stop(hart: call.hart))
            return .none
        case 2:
            guard let hart = hart(call.a0) else { return .failure(.invalidParameter) }
            return .success(harts[hart].state.rawValue)
        case 3:
            switch UInt32(truncatingIfNeeded: call.a0) {
            case 0: return suspend(call.hart, resume: nil, &outcome)
            case 0x8000_0000:
                guard isExecutable(call.a1, platform) else { return .failure(.invalidAddress) }
                return suspend(
                    call.hart, resume: HartRecord.Resume(address: call.a1, opaque: call.a2),
                    &outcome)
            // Reserved, or of a platform and not implemented.
            default: return .failure(.invalidParameter)
            }
        default: return .failure(.notSupported)
        }
    }

    private mutating func start<Platform: SBIPlatform & ~Copyable>(
        _ call: SBICall, _ platform: borrowing Platform, _ outcome: inout SBIOutcome
    ) -> SBIReply {
        guard let hart = hart(call.a0) else { return .failure(.invalidParameter) }
        guard harts[hart].state == .stopped else { return .failure(.alreadyAvailable) }
        guard isExecutable(call.a1, platform) else { return .failure(.invalidAddress) }
        harts[hart] = HartRecord(updatesAD: configuration.updatesADAtStart)
        harts[hart].state = .started
        outcome.actions.append(.setADUpdating(hart: hart, configuration.updatesADAtStart))
        outcome.actions.append(.start(hart: hart, address: call.a1, opaque: call.a2))
        return .success()
    }

    mutating func systemSuspend<Platform: SBIPlatform & ~Copyable>(
        _ call: SBICall, _ platform: inout Platform, _ outcome: inout SBIOutcome
    ) -> SBIReply {
        guard call.function == 0 else { return .failure(.notSupported) }
        // Suspend to RAM is the only type that is neither reserved nor of a platform.
        guard UInt32(truncatingIfNeeded: call.a0) == 0 else { return .failure(.invalidParameter) }
        guard isExecutable(call.a1, platform) else { return .failure(.invalidAddress) }
        for hart in harts.indices where hart != call.hart && harts[hart].state != .stopped {
            return .failure(.denied)
        }
        return suspend(
            call.hart, resume: HartRecord.Resume(address: call.a1, opaque: call.a2), &outcome)
    }

    private mutating func suspend(
        _ hart: Int, resume: HartRecord.Resume?, _ outcome: inout SBIOutcome
    ) -> SBIReply {
        harts[hart].state = .suspended
        harts[hart].resume = resume
        outcome.actions.append(.suspend(hart: hart))
        // A retentive suspend returns from the call, once the hart wakes.
        return resume == nil ? .success() : .none
    }

    /// A suspended hart has a pending interrupt. It continues after its call, or starts where it
    /// asked to. Nothing happens to a hart that is not suspended.
    package mutating func wake(hart: Int, _ outcome: inout SBIOutcome) {
        guard harts.indices.contains(hart), harts[hart].state == .suspended else { return }
        harts[hart].state = .started
        guard let resume = harts[hart].resume else { return }
        harts[hart].resume = nil
        outcome.actions.append(
            .start(hart: hart, address: resume.address, opaque: resume.opaque))
    }

    private func hart(_ number: UInt64) -> Int? {
        number < UInt64(harts.count) ? Int(number) : nil
    }

    private func isExecutable<Platform: SBIPlatform & ~Copyable>(
        _ address: UInt64, _ platform: borrowing Platform
    ) -> Bool {
        address & 1 == 0
            && platform.contains(
                GuestRange(
                    start: GuestPhysical(address), count: Self.smallestInstructionBytes))
    }
}
