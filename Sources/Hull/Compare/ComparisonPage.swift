import Bits
import HostIO

/// The comparison as one HTML page that needs nothing else: charts, the table, and the reasons.
extension Comparison {
    package var page: String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>Keel: what each back-end costs</title>
        <style>\(Self.style)</style>
        <h1>Keel: what each back-end costs</h1>
        <p>One guest, bare and under each back-end of the monitor: retired instructions, VMExits and
        host time for one turn of each operation. Scales are logarithmic.</p>
        \(chart("Retired instructions", { $0.instructions }))
        \(chart("VMExits", { $0.count("VMExits") }))
        \(chart("Host time, nanoseconds", { $0.nanoseconds }))
        <h2>All figures, for one turn</h2>
        <table>
        \(rows.map(table).joined())
        </table>
        <h2>Why</h2>
        \(reasons.map { "<p>\(Self.escaped($0))</p>" }.joined(separator: "\n"))
        </html>

        """
    }

    private static let style = """
        :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
        body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
        th, td { text-align: right; padding: .1rem .6rem; }
        th:first-child, td:first-child { text-align: left; }
        th { border-bottom: 1px solid; padding-top: 1rem; }
        svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: currentColor; }
        .c0 { fill: #6b7280; } .c1 { fill: #2563eb; } .c2 { fill: #0d9488; }
        .c3 { fill: #b45309; } .c4 { fill: #be185d; }
        """

    private func table(_ row: Row) -> String {
        let head = columns.map { "<th>\(Self.escaped($0.name))</th>" }.joined()
        let body = lines(row).map { line in
            "<tr><td>\(Self.escaped(line.name))</td>"
                + line.values.map { "<td>\(Self.number($0))</td>" }.joined() + "</tr>\n"
        }.joined()
        return "<tr><th>\(Self.escaped(row.operation))</th>\(head)</tr>\n" + body
    }

    /// A group of bars for each operation, on a scale of powers of ten.
    private func chart(_ title: String, _ value: (Cost) -> Double) -> String {
        let all = rows.flatMap { $0.costs.map(value) }
        let top = max(Self.powerAbove(all.max() ?? 1), 1)
        let (height, left, bar, gap) = (180.0, 44.0, 15.0, 18.0)
        let group = bar * Double(columns.count) + gap
        let width = left + group * Double(rows.count)
        func level(_ value: Double) -> Double {
            value < 1 ? 0 : height * Self.logarithm(value) / Double(top)
        }
        var shapes = ""
        for power in 0...top {
            let y = 10 + height - height * Double(power) / Double(top)
            shapes +=
                "<line x1=\"\(left)\" x2=\"\(width)\" y1=\"\(y)\" y2=\"\(y)\""
                + " stroke=\"currentColor\" stroke-opacity=\".15\"/>"
                + "<text x=\"\(left - 6)\" y=\"\(y + 4)\" text-anchor=\"end\">10^\(power)</text>\n"
        }
        for (index, row) in rows.enumerated() {
            let x = left + group * Double(index) + gap / 2
            for (column, cost) in row.costs.enumerated() {
                let tall = max(level(value(cost)), 0.8)
                let label = "\(row.operation), \(columns[column].name): \(Self.number(value(cost)))"
                shapes +=
                    "<rect class=\"c\(column)\" x=\"\(x + bar * Double(column))\""
                    + " y=\"\(10 + height - tall)\" width=\"\(bar - 2)\" height=\"\(tall)\">"
                    + "<title>\(Self.escaped(label))</title></rect>\n"
            }
            let middle = x + bar * Double(columns.count) / 2
            shapes +=
                "<text x=\"\(middle)\" y=\"\(height + 26)\" text-anchor=\"middle\">"
                + "\(Self.escaped(row.operation))</text>\n"
        }
        for (column, item) in columns.enumerated() {
            let x = left + 110 * Double(column)
            shapes +=
                "<rect class=\"c\(column)\" x=\"\(x)\" y=\"\(height + 38)\" width=\"11\""
                + " height=\"11\"/><text x=\"\(x + 16)\" y=\"\(height + 48)\">"
                + "\(Self.escaped(item.name))</text>\n"
        }
        return """
            <h2>\(title)</h2>
            <svg viewBox="0 0 \(max(width, 600)) \(height + 56)" role="img" aria-label="\(title)">
            \(shapes)</svg>
            """
    }

    private static func powerAbove(_ value: Double) -> Int {
        var power = 0
        var bound = 1.0
        while bound < value {
            bound *= 10
            power += 1
        }
        return power
    }
    /// To base ten, by halving the interval: this room has no mathematics library.
    private static func logarithm(_ value: Double) -> Double {
        var result = 0.0
        var rest = value
        while rest >= 10 {
            rest /= 10
            result += 1
        }
        var step = 0.5
        for _ in 0..<20 {
            rest *= rest
            if rest >= 10 {
                rest /= 10
                result += step
            }
            step /= 2
        }
        return result
    }
    private static func escaped(_ text: String) -> String {
        text.map { character -> String in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
    }
}

extension Comparison {
    /// Says on standard error which column is under way.
    package static func tell(_ column: String) {
        _ = HostFile.writeAll(2, Array("measuring: \(column)\n".utf8))
    }

    /// Writes the page to a file.
    package func writePage(to path: String) throws(VirtualMachineError) {
        do throws(HullError) {
            try HostFile.write(path, Array(page.utf8))
        } catch {
            throw VirtualMachineError(error)
        }
    }
}
