import Bits
import Effects

/// The supervisor execution environment (RISC-V SBI 3.0) as a pure function: state and call to
/// reply, effects and actions. It has no code in the guest and no M-mode.
package struct SBIFirmware: Sendable, Equatable {
    package static let specificationVersion: UInt64 = 3 << 24
    /// "Hull". Identifiers 0 to 11 are assigned (SBI 3.0, table 4); this one is not.
    package static let implementationID: UInt64 = 0x4875_6c6c
    package static let implementationVersion: UInt64 = 1

    /// What the machine tells the firmware about itself.
    package struct Configuration: Sendable, Equatable {
        /// At most 64; the harts' numbers are 0 up to it.
        package var hartCount: Int
        /// The console's number in effects.
        package var console: Int
        package var vendorID: UInt64 = 0
        package var architectureID: UInt64 = 0
        package var implementationID: UInt64 = 0
        /// Harts can update A and D bits (Svadu).
        package var canUpdateAD = true
        /// They do so from the start, which is so if Svade is not told to the guest.
        package var updatesADAtStart = true

        /// Harts have H, and so guests of their own to fence.
        package var hasHypervisor = false

        package init(hartCount: Int, console: Int) {
            self.hartCount = hartCount
            self.console = console
        }
    }

    package let configuration: Configuration
    var harts: [HartRecord]

    /// `bootHart` runs; the others wait to be started.
    package init(_ configuration: Configuration, bootHart: Int = 0) {
        self.configuration = configuration
        let count = max(1, min(configuration.hartCount, 64))
        let fresh = HartRecord(updatesAD: configuration.updatesADAtStart)
        harts = [HartRecord](repeating: fresh, count: count)
        if harts.indices.contains(bootHart) { harts[bootHart].state = .started }
    }

    package mutating func call<Platform: SBIPlatform & ~Copyable>(
        _ call: SBICall, _ platform: inout Platform, _ outcome: inout SBIOutcome
    ) -> SBIReply {
        guard harts.indices.contains(call.hart) else { return .failure(.failed) }
        switch call.extension {
        case 0...0xf: return legacy(call, &platform, &outcome)
        case SBIExtension.base: return base(call)
        case SBIExtension.time: return time(call, &outcome)
        case SBIExtension.ipi: return interrupt(call, &outcome)
        case SBIExtension.remoteFence: return remoteFence(call, &outcome)
        case SBIExtension.hartState: return hartState(call, &platform, &outcome)
        case SBIExtension.systemReset: return systemReset(call, &outcome)
        case SBIExtension.systemSuspend: return systemSuspend(call, &platform, &outcome)
        case SBIExtension.debugConsole: return debugConsole(call, &platform, &outcome)
        case SBIExtension.counters: return counters(call, &outcome)
        case SBIExtension.features: return features(call, &outcome)
        default: return .failure(.notSupported)
        }
    }

    /// The Base extension (chapter 4).
    private func base(_ call: SBICall) -> SBIReply {
        switch call.function {
        case 0: .success(Self.specificationVersion)
        case 1: .success(Self.implementationID)
        case 2: .success(Self.implementationVersion)
        case 3: .success(Self.isOffered(call.a0) ? 1 : 0)
        case 4: .success(configuration.vendorID)
        case 5: .success(configuration.architectureID)
        case 6: .success(configuration.implementationID)
        default: .failure(.notSupported)
        }
    }

    private static func isOffered(_ extension: UInt64) -> Bool {
        switch `extension` {
        case SBIExtension.legacySetTimer, SBIExtension.legacyConsolePutchar,
            SBIExtension.legacyConsoleGetchar, SBIExtension.legacyClearIPI,
            SBIExtension.legacyShutdown, SBIExtension.base, SBIExtension.time, SBIExtension.ipi,
            SBIExtension.remoteFence, SBIExtension.hartState, SBIExtension.systemReset,
            SBIExtension.counters, SBIExtension.debugConsole, SBIExtension.systemSuspend,
            SBIExtension.features:
            true
        default: false
        }
    }

    /// The harts that a mask and its base name (§3.1), as bits; nil if one does not exist.
    func hartSet(mask: UInt64, base: UInt64) -> UInt64? {
        let count = UInt64(harts.count)
        let all: UInt64 = ~0 >> (64 - count)
        // "hart_mask_base can be set to -1 to indicate that hart_mask shall be ignored."
        if base == ~0 { return all }
        guard base < count else { return nil }
        let named = mask << base
        guard named >> base == mask, named & ~all == 0 else { return nil }
        return named
    }
}
