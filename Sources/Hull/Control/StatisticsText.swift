import Control

/// A machine's statistics for people, from what its control socket says.
package struct StatisticsText {
    private let machine: MachineDescription
    private let now: JSON
    /// What it said before, for rates; nil: since the start.
    private let before: JSON?

    package init(_ machine: MachineDescription, _ now: JSON, before: JSON? = nil) {
        self.machine = machine
        self.now = now
        self.before = before
    }

    package var text: String {
        let harts = machine.harts == 1 ? "1 hart" : "\(machine.harts) harts"
        let memory = now["memory"]
        var text = """
            \(machine.name): \(machine.state.rawValue), up \(Quantity.duration(machine.uptimeSeconds)), \
            \(harts), \(machine.image)

            """
        text += hartTable + "\n"
        text +=
            TextTable(
                [
                    ["memory of the process", bytes(memory?["resident"])],
                    [
                        "guest memory in use",
                        "\(bytes(memory?["guestResident"])) of \(Quantity.bytes(machine.memoryBytes))",
                    ],
                    ["guest's clock", "\(Quantity.fixed(now["guestSeconds"]?.number ?? 0)) s"],
                    [
                        "host time of all threads",
                        "\(Quantity.fixed(number(now, "hostSeconds"))) s",
                    ],
                ], rightAligned: []
            ).text
        text += table("DEVICE", ["LOADS", "STORES"], "devices", ["loads", "stores"])
        text += table(
            "DRIVE", ["READS", "WRITES", "FLUSHES", "BYTES READ", "BYTES WRITTEN"], "drives",
            ["reads", "writes", "flushes", "bytesRead", "bytesWritten"])
        text += table("ENGINE", [""], "engine", ["value"])
        return text
    }

    private func bytes(_ value: JSON?) -> String {
        Quantity.bytes(UInt64(clamping: value?.integer ?? 0))
    }
    private func number(_ json: JSON?, _ name: String) -> Double { json?[name]?.number ?? 0 }

    private var hartTable: String {
        let earlier = before?["harts"]?.elements ?? []
        let span = number(now, "seconds") - number(before, "seconds")
        let rows = (now["harts"]?.elements ?? []).enumerated().map { index, hart in
            let old = earlier.indices.contains(index) ? earlier[index] : nil
            let rate = (number(hart, "retired") - number(old, "retired")) / max(span, 1e-3) / 1e6
            return [
                String(index), Quantity.grouped(UInt64(max(number(hart, "retired"), 0))),
                Quantity.fixed(rate), Quantity.fixed(number(hart, "hostSeconds")),
                "\(Int((waitShare(hart, old, span) * 100).rounded()))%",
            ]
        }
        return TextTable(
            [["HART", "RETIRED", "MILLION/S", "HOST SECONDS", "IN WFI"]] + rows,
            rightAligned: [0, 1, 2, 3, 4]
        ).text
    }

    /// Of the time since the last look.
    private func waitShare(_ hart: JSON, _ old: JSON?, _ span: Double) -> Double {
        let waited =
            number(hart, "waitShare") * number(now, "seconds")
            - number(old, "waitShare") * number(before, "seconds")
        return min(max(waited / max(span, 1e-3), 0), 1)
    }

    private func table(
        _ title: String, _ columns: [String], _ member: String, _ fields: [String]
    ) -> String {
        let rows = (now[member]?.elements ?? []).map { row in
            [row["name"]?.text ?? ""]
                + fields.map { field in
                    if let count = row[field]?.integer {
                        return Quantity.grouped(UInt64(clamping: count))
                    }
                    return Quantity.fixed(row[field]?.number ?? 0)
                }
        }
        guard !rows.isEmpty else { return "" }
        return "\n"
            + TextTable(
                [[title] + columns] + rows, rightAligned: Set(1...fields.count)
            ).text
    }
}
