import Bits
import Effects

/// The debug console (chapter 12), the legacy calls (chapter 5) and the ends of a run (chapter 10).
extension SBIFirmware {
    /// The most that one call moves; the caller goes on with the rest.
    private static let consoleBytesLimit: UInt64 = 4096

    mutating func debugConsole<Platform: SBIPlatform & ~Copyable>(
        _ call: SBICall, _ platform: inout Platform, _ outcome: inout SBIOutcome
    ) -> SBIReply {
        switch call.function {
        case 0, 1:
            let whole = GuestRange(start: GuestPhysical(call.a1), count: call.a0)
            // Physical addresses have no second word on a 64-bit hart.
            guard call.a2 == 0 else { return .failure(.invalidParameter) }
            if call.a0 == 0 { return .success() }
            guard platform.contains(whole) else { return .failure(.invalidParameter) }
            let range = GuestRange(
                start: whole.start, count: min(whole.count, Self.consoleBytesLimit))
            return call.function == 0
                ? write(range, platform, &outcome) : read(range, &platform, &outcome)
        case 2:
            outcome.effects.append(
                .output(device: configuration.console, byte: UInt8(truncatingIfNeeded: call.a0)))
            return .success()
        default: return .failure(.notSupported)
        }
    }

    private func write<Platform: SBIPlatform & ~Copyable>(
        _ range: GuestRange, _ platform: borrowing Platform, _ outcome: inout SBIOutcome
    ) -> SBIReply {
        guard let bytes = platform.bytes(range) else { return .failure(.invalidParameter) }
        outcome.effects.append(.outputBytes(device: configuration.console, bytes))
        return .success(UInt64(bytes.count))
    }

    private func read<Platform: SBIPlatform & ~Copyable>(
        _ range: GuestRange, _ platform: inout Platform, _ outcome: inout SBIOutcome
    ) -> SBIReply {
        var bytes: [UInt8] = []
        while UInt64(bytes.count) < range.count, let byte = platform.takeConsoleInput() {
            bytes.append(byte)
        }
        guard !bytes.isEmpty else { return .success() }
        guard platform.write(range.start, bytes) else { return .failure(.failed) }
        outcome.effects.append(
            .wrote(GuestRange(start: range.start, count: UInt64(bytes.count))))
        return .success(UInt64(bytes.count))
    }

    mutating func legacy<Platform: SBIPlatform & ~Copyable>(
        _ call: SBICall, _ platform: inout Platform, _ outcome: inout SBIOutcome
    ) -> SBIReply {
        switch call.extension {
        case SBIExtension.legacySetTimer:
            setTimer(call.hart, call.a0, &outcome)
            return .legacy(0)
        case SBIExtension.legacyConsolePutchar:
            outcome.effects.append(
                .output(device: configuration.console, byte: UInt8(truncatingIfNeeded: call.a0)))
            return .legacy(0)
        case SBIExtension.legacyConsoleGetchar:
            return .legacy(platform.takeConsoleInput().map { Int64($0) } ?? -1)
        case SBIExtension.legacyClearIPI:
            outcome.effects.append(.interrupt(hart: call.hart, .supervisorSoftware, false))
            return .legacy(0)
        case SBIExtension.legacyShutdown:
            outcome.effects.append(.end(EndOfRun(.shutdown, exitCode: 0)))
            return .none
        // The others take a virtual address for a mask of harts, and have had successors since
        // SBI 0.2.
        default: return .legacy(SBIError.notSupported.rawValue)
        }
    }

    func systemReset(_ call: SBICall, _ outcome: inout SBIOutcome) -> SBIReply {
        guard call.function == 0 else { return .failure(.notSupported) }
        let failed: Bool
        switch UInt32(truncatingIfNeeded: call.a1) {
        case 0: failed = false
        case 1: failed = true
        default: return .failure(.invalidParameter)
        }
        let code: UInt8 = failed ? 1 : 0
        switch UInt32(truncatingIfNeeded: call.a0) {
        case 0:
            outcome.effects.append(
                .end(EndOfRun(failed ? .failure : .shutdown, exitCode: code)))
        case 1, 2: outcome.effects.append(.end(EndOfRun(.reset, exitCode: code)))
        default: return .failure(.invalidParameter)
        }
        return .none
    }
}
