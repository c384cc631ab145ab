import Control

/// The running machines as a table that lines up.
package struct MachineTable {
    private let machines: [ListedMachine]
    package init(_ machines: [ListedMachine]) { self.machines = machines }

    package var text: String {
        let titles = ["NAME", "PID", "STATE", "HARTS", "MEMORY", "UPTIME", "IMAGE"]
        let rows = machines.map { machine in
            switch machine {
            case .answered(let machine):
                [
                    machine.name, String(machine.process), machine.state.rawValue,
                    String(machine.harts), Quantity.bytes(machine.memoryBytes),
                    Quantity.duration(machine.uptimeSeconds), machine.image,
                ]
            case .silent(let name, let process):
                [name, process.map { String($0) } ?? "?", "silent", "?", "?", "?", "?"]
            }
        }
        return TextTable([titles] + rows, rightAligned: [1, 3, 4]).text
    }

    package var json: String {
        let values = machines.map { machine -> JSON in
            switch machine {
            case .answered(let machine): machine.json
            case .silent(let name, let process):
                [
                    "name": .string(name), "pid": process.map { JSON($0) } ?? .null,
                    "state": "silent",
                ]
            }
        }
        return JSON.array(values).readable + "\n"
    }
}

/// Rows whose columns line up, two spaces apart.
struct TextTable {
    private let rows: [[String]]
    private let rightAligned: Set<Int>
    init(_ rows: [[String]], rightAligned: Set<Int>) {
        self.rows = rows
        self.rightAligned = rightAligned
    }

    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let line = row.enumerated().map { column, cell in
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                return rightAligned.contains(column) ? gap + cell : cell + gap
            }.joined(separator: "  ")
            let end = line.lastIndex { $0 != " " }
            return (end.map { String(line[...$0]) } ?? "") + "\n"
        }.joined()
    }
}

/// Numbers for people.
enum Quantity {
    /// `512M`, `2G`, `1.5G`: what `--memory` takes, where it is round.
    static func bytes(_ count: UInt64) -> String {
        for (shift, unit) in [(30, "G"), (20, "M"), (10, "K")] where count >> UInt64(shift) > 0 {
            let tenths = (Double(count) / Double(UInt64(1) << UInt64(shift)) * 10).rounded()
            let whole = UInt64(tenths) / 10
            let rest = UInt64(tenths) % 10
            return rest == 0 ? "\(whole)\(unit)" : "\(whole).\(rest)\(unit)"
        }
        return "\(count)B"
    }

    /// `45s`, `3m 20s`, `2h 5m`, `3d 4h`.
    static func duration(_ seconds: Double) -> String {
        let all = UInt64(min(max(seconds, 0), 1e15))
        let parts = [
            (all / 86400, "d"), (all / 3600 % 24, "h"), (all / 60 % 60, "m"), (all % 60, "s"),
        ]
        let shown = parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
        return shown.isEmpty ? "0s" : shown.map { "\($0.0)\($0.1)" }.joined(separator: " ")
    }

    static func grouped(_ value: UInt64) -> String {
        var result = ""
        for (index, digit) in String(value).reversed().enumerated() {
            if index > 0, index % 3 == 0 { result.append(" ") }
            result.append(digit)
        }
        return String(result.reversed())
    }

    /// Two decimals.
    static func fixed(_ value: Double) -> String {
        let hundredths = UInt64(min(max(value, 0) * 100, 1e18).rounded())
        let rest = String(hundredths % 100)
        return grouped(hundredths / 100) + "." + (rest.count < 2 ? "0" + rest : rest)
    }
}
