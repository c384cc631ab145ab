import Hull
import TestKit
import Testing

/// Popek and Goldberg's condition on the engines themselves.
@Suite struct AuditTests {
    private func audit(_ isa: String, _ engine: Configuration.Engine) throws -> Audit {
        try Audit(isa: isa, engine: engine)
    }
    private func finding(_ text: String, _ audit: Audit) throws -> Audit.Finding {
        try #require(audit.findings.first { $0.probe.text == text }, "\(text)")
    }

    @Test(arguments: [Configuration.Engine.interpreter, .translator])
    func theStandardInstructionsHaveNoHole(_ engine: Configuration.Engine) throws {
        for isa in ["virt", "virt,-h", "rv64gc"] {
            let audit = try audit(isa, engine)
            #expect(audit.holes.map(\.probe.text) == [], "\(isa)")
            #expect(audit.findings.count > 8192 + 150)
        }
    }

    /// What is known to be sensitive is found to be, by what it does alone.
    @Test func sensitiveInstructionsAreFound() throws {
        let audit = try audit("virt", .translator)
        let known = [
            "read sstatus", "write sstatus", "read sepc", "write satp", "read mscratch",
            "read mstatus", "read time", "read cycle", "write hgatp", "read vsstatus", "sret",
            "mret", "wfi", "sfence.vma a1, a2", "hfence.gvma a1, a2", "write medeleg",
        ]
        for text in known {
            let finding = try finding(text, audit)
            #expect(finding.isSensitive && finding.user == .traps, "\(text)")
        }
        for text in ["add a0, a1, a2", "ld a0, 0(a1)", "amoadd.d a0, a2, (a1)", "fence"] {
            let finding = try finding(text, audit)
            #expect(!finding.isSensitive && finding.user == .harmless, "\(text)")
        }
    }

    @Test func guestsWorkOnTheirOwnState() throws {
        let audit = try audit("virt", .translator)
        for text in ["read sstatus", "write sscratch", "write satp", "sret", "sfence.vma a1, a2"] {
            let finding = try finding(text, audit)
            #expect(finding.guestSupervisor == .ownState && finding.guestUser == .traps, "\(text)")
        }
        for text in ["read hstatus", "write vsatp", "wfi", "read mepc", "mret", "read cycle"] {
            #expect(try finding(text, audit).guestSupervisor == .traps, "\(text)")
        }
        let plain = try self.audit("virt,-h", .translator)
        #expect(plain.findings.allSatisfy { $0.guestSupervisor == nil })
    }

    @Test(arguments: [Configuration.Engine.interpreter, .translator])
    func theTeachingHoleIsNamed(_ engine: Configuration.Engine) throws {
        let audit = try audit("virt,+xhole", engine)
        #expect(audit.holes.map(\.probe.text) == ["xhole.get a0, a2", "xhole.put a0, a2"])
        for hole in audit.holes {
            #expect(hole.user.isHole && hole.isSensitive)
            #expect(hole.guestSupervisor == .ownState)
        }
    }

    @Test func theCommandSaysItAll() throws {
        let sound = try Toolchain.runBuilt("hull", ["audit", "isa"])
        #expect(sound.status == 0)
        #expect(
            sound.text.contains("No hole: what is sensitive traps, or works on the guest's own"))
        let holed = try Toolchain.runBuilt("hull", ["audit", "isa", "--cpu", "virt,+xhole"])
        #expect(holed.status == 1)
        #expect(holed.text.contains("  xhole.put a0, a2  runs in U-mode: it changes registers"))
        let list = try Toolchain.runBuilt("hull", ["audit", "isa", "--list", "--cpu", "rv64gc"])
        #expect(list.text.split(separator: "\n").contains("30200073\tsensitive\ttraps\tmret"))
        let bad = try Toolchain.runBuilt("hull", ["audit", "isa", "--cpu", "vax"])
        #expect(bad.status != 0 && bad.errors.contains("vax"))
    }
}
