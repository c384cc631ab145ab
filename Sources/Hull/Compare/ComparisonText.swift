/// The comparison as a table, and why its columns are what they are.
extension Comparison {
    /// What is shown of each operation, a line each.
    struct Line {
        let name: String
        let values: [Double]
    }

    func lines(_ row: Row) -> [Line] {
        var lines = [
            Line(name: "instructions", values: row.costs.map(\.instructions)),
            Line(name: "× bare", values: row.costs.indices.map { factor(row, $0) }),
            Line(name: "VMExits", values: row.costs.map { $0.count("VMExits") }),
        ]
        var names: [String] = []
        for cost in row.costs {
            for (name, _) in cost.counts where name != "VMExits" && !names.contains(name) {
                names.append(name)
            }
        }
        for name in names {
            let values = row.costs.map { $0.count(name) }
            // What hardly ever happens says nothing of the operation.
            if values.contains(where: { $0 >= 0.05 }) {
                lines.append(Line(name: name, values: values))
            }
        }
        lines.append(Line(name: "page-table reads", values: row.costs.map(\.walkReads)))
        lines.append(Line(name: "host time, ns", values: row.costs.map(\.nanoseconds)))
        return lines
    }

    package var text: String {
        let lines = rows.flatMap { self.lines($0) }
        let labelWidth = max(lines.map { $0.name.count }.max() ?? 0, 20) + 2
        let width = max(columns.map { $0.name.count }.max() ?? 0, 11) + 2
        var text = ""
        for row in rows {
            text += pad(row.operation, labelWidth)
            text += columns.map { padLeft($0.name, width) }.joined() + "\n"
            for line in self.lines(row) {
                text +=
                    pad("  " + line.name, labelWidth + 2)
                    + line.values.map { padLeft(Self.number($0), width) }.joined().dropFirst(2)
                    + "\n"
            }
            text += "\n"
        }
        return text + reasons.map { Self.wrapped($0) + "\n" }.joined(separator: "\n")
    }

    /// Why, in plain words.
    package var reasons: [String] {
        var reasons = [
            "bare: the guest runs alone. Its privileged instructions are the hart's own.",
            "trap: the guest's kernel runs in U-mode, so each CSR instruction, sret and ecall of it is"
                + " an exit, which Keel carries out on a virtual hart. What a program does by itself"
                + " (callret) costs what it costs bare. Page tables are Keel's shadows of the guest's.",
            "lazy fills a shadow when the guest first touches a page (a hidden fault) and keeps it over"
                + " address-space switches; a page table that was written is compared at the next fence.",
            "shadow builds all of a shadow again at each satp write and each fence, which forkwait"
                + " pays for in full.",
            "trace write-protects the guest's page tables, so each store to one is an exit: ptemod is"
                + " nothing but that.",
            "hardware: the guest's kernel runs in VS-mode on its own page tables, and only devices (in),"
                + " firmware, wfi and what is illegal (divzero) are exits. A page that is not in the TLB costs more reads,"
                + " since both stages are walked.",
        ]
        if let fork = row("forkwait") {
            let factors = columns.indices.dropFirst().map {
                "\(columns[$0].name) \(Self.number(factor(fork, $0)))×"
            }
            reasons.append(
                "forkwait against bare: \(factors.joined(separator: ", ")). Adams and Agesen (2006)"
                    + " measured 6.2× with their software monitor and 17.7× with the first hardware,"
                    + " which had no nested paging: another era, another instruction set, and cycles"
                    + " where these are instructions.")
        }
        return reasons
    }

    /// Three digits that matter.
    static func number(_ value: Double) -> String {
        // Two runs whose host times tell nothing apart.
        if value < -0.5 { return "–" }
        if value < 0.005 { return "0" }
        if value >= 100 { return grouped(Int(value.rounded())) }
        let digits = value >= 10 ? 10.0 : 100.0
        let rounded = (value * digits).rounded() / digits
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
    private static func grouped(_ value: Int) -> String {
        let digits = Array(String(value))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index) % 3 == 0 { text += " " }
            text.append(digit)
        }
        return text
    }
    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }
    private func padLeft(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 0)) + text
    }
    private static func wrapped(_ text: String) -> String {
        var lines = [""]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + word.count > 98 { lines.append("") }
            if !lines[lines.count - 1].isEmpty { lines[lines.count - 1] += " " }
            lines[lines.count - 1] += word
        }
        return lines.joined(separator: "\n")
    }
}
