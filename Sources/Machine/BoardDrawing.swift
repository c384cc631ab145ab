import Bits
import RISCV

extension Board {
    /// The board as tables for people: what answers where, which interrupts there are, the harts.
    package var drawing: String {
        [addressTable, interruptTable, hartTable].joined(separator: "\n")
    }

    private var addressTable: String {
        var rows = [["address", "end", "size", "irq", "what"]]
        for window in windows {
            rows.append([
                hex(window.start), hex(window.start &+ window.count &- 1),
                Self.size(window.count), window.line.map(String.init) ?? "",
                Self.what(window.place),
            ])
        }
        return table("Address map", rows, rightAligned: [0, 1, 2, 3])
    }

    private var interruptTable: String {
        var rows = [["source", "from", "to"]]
        let sources = windows.filter { $0.line != nil }
            .sorted { ($0.line ?? 0) < ($1.line ?? 0) }
        for window in sources {
            rows.append([
                String(window.line ?? 0), window.place.name, "PLIC, then MEI or SEI of any hart",
            ])
        }
        rows.append(["MSI", Place.clint.name, "each hart, from its word of MSIP"])
        rows.append(["MTI", Place.clint.name, "each hart, when mtime reaches its mtimecmp"])
        rows.append(["SSI", Place.supervisorSoftware.name, "each hart, from its word of SETSSIP"])
        if isa.has(.sstc) { rows.append(["STI", "the hart", "when time reaches its stimecmp"]) }
        return table("Interrupts", rows, rightAligned: [0])
    }

    private var hartTable: String {
        var rows = [["hart", "privilege", "address translation", "PLIC contexts"]]
        for hart in 0..<hartCount {
            rows.append([
                String(hart), "M, S, U", "Sv39, Sv48, Sv57",
                "\(2 * hart) (M), \(2 * hart + 1) (S)",
            ])
        }
        return table("Harts", rows, rightAligned: [0]) + wrapped(isa.text)
    }

    private static func what(_ place: Place) -> String {
        switch place {
        case .resetROM: "reset ROM: harts start here with --bios"
        case .finisher: "test finisher, power-off and reboot (sifive,test1)"
        case .rtc: "real-time clock (google,goldfish-rtc)"
        case .clint: "timers and software interrupts, M-mode (sifive,clint0)"
        case .supervisorSoftware: "software interrupts, S-mode (riscv,aclint-sswi)"
        case .plic: "interrupt controller (sifive,plic-1.0.0)"
        case .uart: "serial console (ns16550a)"
        case .virtio(let slot): "virtio-mmio slot \(slot)"
        case .ram: "RAM"
        }
    }

    private static func size(_ bytes: UInt64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (value, unit) = (bytes, 0)
        while value >= 1024, value % 1024 == 0, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return "\(value) \(units[unit])"
    }

    /// The name of an instruction set, cut at its underscores into lines that fit.
    private func wrapped(_ text: String) -> String {
        var lines = [""]
        for part in text.split(separator: "_") {
            let piece = lines[lines.count - 1].isEmpty ? String(part) : "_" + part
            if lines[lines.count - 1].count + piece.count > 92 {
                lines.append(String(piece))
            } else {
                lines[lines.count - 1] += piece
            }
        }
        return "\n" + lines.map { "    " + $0 + "\n" }.joined()
    }
}

/// Columns lined up under a title; the first row is the heading.
private func table(_ title: String, _ rows: [[String]], rightAligned: Set<Int>) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { $0[column].count }.max() ?? 0 }
    var result = title + "\n"
    for (index, row) in rows.enumerated() {
        let cells = row.enumerated().map { column, text in
            let padding = String(repeating: " ", count: widths[column] - text.count)
            return rightAligned.contains(column) ? padding + text : text + padding
        }
        var line = "    " + cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        result += line + "\n"
        if index == 0 {
            result +=
                "    " + widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
                + "\n"
        }
    }
    return result
}
