import Bits
import GuestMemory
import Hart
import RISCV

/// Popek and Goldberg's condition ("Formal requirements for virtualizable third generation
/// architectures", 1974), tried on the engine itself: each sensitive instruction traps in U-mode, and in
/// a guest of the hypervisor extension it traps or works on the guest's own state.
///
/// What is sensitive is not looked up but found out: an instruction that changes something beyond a
/// program's registers and memory (control-sensitive), or whose result depends on such a thing or on the
/// mode (behaviour-sensitive).
package struct Audit: Sendable {
    /// What was seen of one instruction.
    package struct Finding: Sendable {
        package let probe: AuditProbe
        package let isSensitive: Bool
        package let user: Verdict
        /// nil where the hart has no hypervisor extension.
        package let guestSupervisor: Verdict?
        package let guestUser: Verdict?

        package var isHole: Bool {
            user.isHole || guestSupervisor?.isHole == true || guestUser?.isHole == true
        }
    }
    package enum Verdict: Sendable, Equatable {
        case traps
        /// It does the same in every mode and touches nothing of the system's.
        case harmless
        /// It runs, on the state of the guest that it runs in.
        case ownState
        /// It runs though it is sensitive; how that shows.
        case hole(String)

        package var isHole: Bool { if case .hole = self { true } else { false } }
    }

    package let isa: ISA
    package let findings: [Finding]
    package var holes: [Finding] { findings.filter(\.isHole) }

    package init(_ isa: ISA, makeEngine: (GuestMemory) -> any Engine) throws(HullError) {
        self.isa = isa
        let rig = try AuditRig(isa, makeEngine: makeEngine)
        findings = AuditProbe.all(isa).map { Self.examine($0, rig) }
    }

    private static let plain = AuditVariant(system: 0, guest: 0)
    private static let otherSystem = AuditVariant(system: 1, guest: 0)

    private static func examine(_ probe: AuditProbe, _ rig: AuditRig) -> Finding {
        // Outside of guests a guest's registers are the system's too.
        let other = AuditVariant(system: 1, guest: 1)
        let user = rig.run(probe, .user, variant: plain)
        let userElsewhere = rig.run(probe, .user, variant: other)
        var reasons: [String] = []
        for mode in [AuditRig.Mode.supervisor, .machine] {
            let one = rig.run(probe, mode, variant: plain)
            let two = rig.run(probe, mode, variant: other)
            if let reason = sensitivity(one, two, mode) { reasons.append(reason) }
            if one.trap == nil, user.trap == nil, one.seen != user.seen {
                reasons.append("its result is another one in U-mode")
            }
        }
        if let reason = sensitivity(user, userElsewhere, .user) { reasons.append(reason) }
        let traps = user.trap != nil && userElsewhere.trap != nil
        let verdict: Verdict = traps ? .traps : reasons.first.map { .hole($0) } ?? .harmless
        let hasGuests = rig.isa.has(.h)
        return Finding(
            probe: probe, isSensitive: !reasons.isEmpty, user: verdict,
            guestSupervisor: hasGuests ? inGuest(probe, .guestSupervisor, rig) : nil,
            guestUser: hasGuests ? inGuest(probe, .guestUser, rig) : nil)
    }

    /// How an instruction that ran to its end shows that it is sensitive.
    private static func sensitivity(
        _ one: AuditRig.Outcome, _ two: AuditRig.Outcome, _ mode: AuditRig.Mode
    ) -> String? {
        guard one.trap == nil || two.trap == nil else { return nil }
        if one.trap == nil && one.reachesMachine { return "it reaches beyond the program" }
        if one.trap == nil && (one.after != one.before || one.privilege != mode.privilege) {
            return "it changes registers of the system"
        }
        if two.trap == nil && two.after != two.before {
            return "it changes registers of the system"
        }
        if one.trap != two.trap || one.seen != two.seen {
            return "its result depends on registers of the system"
        }
        return nil
    }

    private static func inGuest(_ probe: AuditProbe, _ mode: AuditRig.Mode, _ rig: AuditRig)
        -> Verdict
    {
        let one = rig.run(probe, mode, variant: plain)
        let two = rig.run(probe, mode, variant: otherSystem)
        if one.trap != nil && two.trap != nil { return .traps }
        if one.trap != two.trap || one.seen != two.seen {
            return .hole("its result depends on registers of the hypervisor")
        }
        if one.reachesMachine && probe.group != .fences {
            return .hole("it reaches beyond the guest")
        }
        if one.after.withoutGuestState() != one.before.withoutGuestState() {
            return .hole("it changes registers of the hypervisor")
        }
        let three = rig.run(probe, mode, variant: AuditVariant(system: 0, guest: 1))
        let isOwn =
            one.after != one.before || one.privilege != mode.privilege || one.reachesMachine
            || three.trap != one.trap || three.seen != one.seen
        return isOwn ? .ownState : .harmless
    }
}
