import Bits

/// Each hart's settings that the FWFT extension changes.
struct FeatureSet: Sendable, Equatable {
    struct Setting: Sendable, Equatable {
        var isOn: Bool
        var isLocked = false
    }
    /// Harts do misaligned loads and stores themselves, and what still traps goes to the
    /// supervisor. So there is nothing to do when it changes.
    var misalignedDelegation = Setting(isOn: true)
    var adUpdating: Setting

    init(updatesAD: Bool) { adUpdating = Setting(isOn: updatesAD) }
}

/// Firmware features (SBI 3.0, chapter 18).
extension SBIFirmware {
    mutating func features(_ call: SBICall, _ outcome: inout SBIOutcome) -> SBIReply {
        let hart = call.hart
        switch (call.function, UInt32(truncatingIfNeeded: call.a0)) {
        case (0, 0): return Self.set(&harts[hart].features.misalignedDelegation, call)
        case (1, 0): return Self.get(harts[hart].features.misalignedDelegation)
        case (0, 4) where configuration.canUpdateAD:
            let reply = Self.set(&harts[hart].features.adUpdating, call)
            if reply == .success() {
                outcome.actions.append(
                    .setADUpdating(hart: hart, harts[hart].features.adUpdating.isOn))
            }
            return reply
        case (1, 4) where configuration.canUpdateAD:
            return Self.get(harts[hart].features.adUpdating)
        // Landing pads, shadow stacks, double traps and pointer masking: harts have none of them.
        case (0...1, 1...5): return .failure(.notSupported)
        // Reserved, or of a platform and not implemented.
        case (0...1, _): return .failure(.denied)
        default: return .failure(.notSupported)
        }
    }

    private static func get(_ setting: FeatureSet.Setting) -> SBIReply {
        .success(setting.isOn ? 1 : 0)
    }

    private static func set(_ setting: inout FeatureSet.Setting, _ call: SBICall) -> SBIReply {
        let (value, flags) = (call.a1, call.a2)
        guard value <= 1, flags <= 1 else { return .failure(.invalidParameter) }
        guard !setting.isLocked else { return .failure(.deniedLocked) }
        setting = FeatureSet.Setting(isOn: value == 1, isLocked: flags == 1)
        return .success()
    }
}
