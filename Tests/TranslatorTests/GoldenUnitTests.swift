import Bits
import Foundation
import Hull
import RISCV
import TestKit
import Testing
import Translator

/// Guest code in, IR before and after out; for a few also the host code.
@Suite("Golden units: what guest code becomes")
struct GoldenUnitTests {
    static let units: [(name: String, code: String)] = [
        ("constants", "lui a0, 0x12345\naddi a0, a0, 0x678\nauipc a1, 1\nadd a2, a0, a1\nret"),
        (
            "addresses",
            "slli a5, a4, 3\nadd a5, a5, a3\nsh2add a0, a1, a2\nsh1add.uw a6, a7, t0\nret"
        ),
        ("words", "addw a0, a1, a2\nslli a3, a3, 32\nsrli a3, a3, 32\nsext.w a4, a4\nret"),
        ("dead-writes", "li a0, 1\nli a0, 2\nadd a1, a0, a0\nmv a1, a0\nret"),
        (
            "merged-checks",
            "addi sp, sp, -32\nsd ra, 24(sp)\nsd s0, 16(sp)\nlw a0, 0(a1)\nlw a2, 4(a1)\nld s1, 8(sp)\nret"
        ),
        ("branch", "1: addi a0, a0, -1\nadd a1, a1, a0\nbnez a0, 1b\nret"),
        ("forward", "beqz a0, 1f\naddi a1, a1, 1\nj 2f\n1: addi a1, a1, 2\n2: xor a1, a1, a2\nret"),
        ("calls", "csrr a0, mstatus\nret"),
        ("atomics", "amoadd.d a0, a1, (a2)\nlr.w a3, (a4)\nsc.w a5, a6, (a4)\nret"),
        (
            "float",
            "fld fa0, 0(a0)\nfmul.d fa1, fa0, fa0\nfadd.s fa2, fa3, fa4\nfsd fa1, 8(a0)\nret"
        ),
        ("divide", "divw a0, a1, a2\nremu a3, a4, a5\nmulhu a6, a7, t0\nret"),
        ("illegal", "addi a0, a0, 1\n.word 0"),
    ]

    @Test(arguments: units.map(\.name))
    func ir(_ name: String) throws {
        let unit = try Self.unit(name)
        var lines = unit.guests.enumerated().map { number, guest in
            "\(number)  \(Disassembler().text(guest.bits, at: guest.pc))"
        }
        lines += ["IR:"] + unit.lifted + ["optimised:"] + unit.optimised
        try Golden("\(name).txt").check(lines.joined(separator: "\n") + "\n")
    }

    @Test(.enabled(if: Toolchain.has("llvm-objdump")), arguments: ["branch", "merged-checks"])
    func hostCode(_ name: String) throws {
        let unit = try Self.unit(name)
        try Golden("\(name).host.txt").check(UnitText([unit], Disassembler()).text(of: 0))
    }

    private static func unit(_ name: String) throws -> UnitDescription {
        let code = try #require(units.first { $0.name == name }?.code)
        return try UnitRig(try text(of: code)).describe()
    }
    /// The bytes that an assembler makes of a program.
    static func text(of source: String) throws -> [UInt8] {
        let program = try Toolchain.link(
            ".option norelax\n.globl _start\n_start:\n\(source)\n",
            flags: ["-march=rv64gc_zba_zbb_zbs"],
            linkerFlags: ["-Ttext=0x80000000", "--oformat=binary"])
        return program
    }
}

@Suite struct DescriptionTests {
    private static let loop = "1: addi a0, a0, -1\nbeqz a0, 2f\nj 1b\n2: nop\n3: j 3b"

    @Test func describingChangesNothing() throws {
        let rig = try UnitRig(try GoldenUnitTests.text(of: Self.loop))
        let first = try rig.describe()
        let second = try rig.describe()
        #expect(first.host.count == second.host.count && first.hostStart == second.hostStart)
        #expect(rig.translator.statistics.units == 0 && !first.isLive)
        #expect(rig.translator.describe(rig.hart, 0x1000) == nil)
    }

    /// What ran is shown as it is, with its jumps chained to each other.
    @Test func liveUnitsShowTheirChains() throws {
        let rig = try UnitRig(
            try GoldenUnitTests.text(of: "1: addi a0, a0, -1\nbnez a0, 1b\n2: addi a1, a1, 1\nj 2b")
        )
        rig.hart[x: 10] = 3
        rig.run(500)
        let unit = try rig.describe()
        let last = try rig.describe(UnitRig.base + unit.end - unit.pc)
        #expect(unit.isLive && last.isLive && unit.hostStart != last.hostStart)
        let exit = try #require(unit.exits.first { $0.target == last.pc })
        guard case .chained(_, let to) = exit.kind else {
            Issue.record("\(exit)")
            return
        }
        #expect(to == last.hostStart)
        #expect(unit.exits.contains { $0.kind == .loop && $0.target == unit.pc })
    }

    @Test func decisionsAreTold() throws {
        let rig = try UnitRig(
            try GoldenUnitTests.text(of: "1: addi a0, a0, -1\nbnez a0, 1b\n2: addi a1, a1, 1\nj 2b")
        )
        var events: [TranslationEvent] = []
        rig.translator.observe { events.append($0) }
        rig.hart[x: 10] = 3
        rig.run(500)
        rig.translator.invalidate(
            GuestRange(start: GuestPhysical(UnitRig.base), count: 4))
        guard case .translated(let unit) = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(unit.pc == UnitRig.base && unit.guestCount == 2 && unit.hostBytes > 0)
        #expect(
            events.contains {
                if case .chained(_, UnitRig.base + 4) = $0 { return true }
                return false
            })
        #expect(events.last == .invalidated(page: UnitRig.base, units: 2, .outsideWrite))
        #expect(rig.translator.statistics.units == 2)
    }

    @Test func timeAndCallsAreMeasuredOnDemand() throws {
        var options = TranslatorOptions()
        options.measures = true
        let code = try GoldenUnitTests.text(of: "1: csrr a0, mscratch\nlw a1, 0(a2)\nj 1b")
        let rig = try UnitRig(code, options: options)
        rig.hart[x: 12] = UnitRig.base
        rig.run(3000)
        let report = rig.translator.report
        let calls = try #require(report.first { $0.name == "  called: csrrs" })
        guard case .decimal(let value) = calls.value else {
            Issue.record("\(calls)")
            return
        }
        #expect(value > 300 && value < 340)
        #expect(report.contains { $0.name == "seconds translating" })
        let silent = try UnitRig(code)
        silent.run(3000)
        #expect(!silent.translator.report.contains { $0.name.contains("seconds") })
    }
}
