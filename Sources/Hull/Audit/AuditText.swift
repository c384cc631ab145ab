import Bits
import RISCV

/// The audit as people read it.
extension Audit {
    package var text: String {
        var lines = [
            "Every CSR number and every instruction of this hart, tried in U-mode"
                + (isa.has(.h) ? " and in a guest's VS- and VU-mode." : "."),
            "Counters, cache blocks, entropy and floating point are closed to them"
                + (isa.has(.h) ? ", and wfi in a guest." : "."),
            "",
        ]
        lines += table.map { row in
            row.enumerated().map { column, text in
                let width = widths[column]
                let padding = String(repeating: " ", count: max(width - text.count, 0))
                return column == 0 ? text + padding : padding + text
            }.joined(separator: "  ")
        }
        lines.append("")
        lines += conclusion
        return lines.joined(separator: "\n") + "\n"
    }

    private var table: [[String]] {
        var heads = ["", "tried", "sensitive", "trap in U"]
        if isa.has(.h) { heads += ["trap in VS", "own state", "trap in VU", "own state"] }
        heads.append("holes")
        return [heads]
            + AuditProbe.Group.allCases.compactMap { group in
                let members = findings.filter { $0.probe.group == group }
                return members.isEmpty ? nil : row(group.rawValue, members)
            } + [row("all", findings)]
    }
    private func row(_ name: String, _ members: [Finding]) -> [String] {
        func count(_ isMeant: (Finding) -> Bool) -> String { "\(members.count(where: isMeant))" }
        var row = [
            name, "\(members.count)", count(\.isSensitive), count { $0.user == .traps },
        ]
        if isa.has(.h) {
            row += [
                count { $0.guestSupervisor == .traps }, count { $0.guestSupervisor == .ownState },
                count { $0.guestUser == .traps }, count { $0.guestUser == .ownState },
            ]
        }
        return row + [count(\.isHole)]
    }
    private var widths: [Int] {
        let rows = table
        return rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    }

    private var conclusion: [String] {
        if holes.isEmpty {
            return [
                "No hole: what is sensitive traps"
                    + (isa.has(.h) ? ", or works on the guest's own state." : ".")
            ]
        }
        return ["Sensitive, and not trapping:"] + holes.flatMap(describe)
    }
    private func describe(_ finding: Finding) -> [String] {
        let verdicts: [(String, Verdict?)] = [
            ("U", finding.user), ("VS", finding.guestSupervisor), ("VU", finding.guestUser),
        ]
        return verdicts.compactMap { mode, verdict in
            guard case .hole(let reason) = verdict else { return nil }
            return "  \(finding.probe.text)  runs in \(mode)-mode: \(reason)."
        }
    }

    /// A line for each instruction.
    package var listing: String {
        findings.map { finding in
            let word = String(finding.probe.encoding, radix: 16)
            let verdicts = [finding.user, finding.guestSupervisor, finding.guestUser]
                .compactMap { $0?.word }
            return "\(word)\t\(finding.isSensitive ? "sensitive" : "-")\t"
                + (verdicts + [finding.probe.text]).joined(separator: "\t") + "\n"
        }.joined()
    }
}

extension Audit.Verdict {
    fileprivate var word: String {
        switch self {
        case .traps: "traps"
        case .harmless: "harmless"
        case .ownState: "own state"
        case .hole: "HOLE"
        }
    }
}
