import RISCV
import Translator

/// A translation unit as text: guest code, IR before and after, host code, exits.
package struct UnitText {
    let disassembler: Disassembler
    /// `main+0x4` for an address.
    let symbol: (UInt64) -> String?
    /// Units by their number, for exits that lead to one of them.
    let units: [UnitDescription]
    let disassemblesHost: Bool

    package init(
        _ units: [UnitDescription], _ disassembler: Disassembler, disassemblesHost: Bool = true,
        symbol: @escaping (UInt64) -> String? = { _ in nil }
    ) {
        self.units = units
        self.disassembler = disassembler
        self.disassemblesHost = disassemblesHost
        self.symbol = symbol
    }

    package func text(of index: Int) -> String {
        let unit = units[index]
        var lines = [
            "TU \(index + 1)  \(place(unit.pc))  \(counted(unit.guests.count, "instruction"))"
        ]
        lines += guest(unit)
        lines += section("IR", unit.lifted)
        lines +=
            unit.optimised == unit.lifted
            ? ["  optimised: no change"] : section("optimised", unit.optimised)
        lines += host(unit)
        lines += exits(unit)
        return lines.joined(separator: "\n") + "\n"
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        ["  \(title):"] + lines.map { "    " + $0 }
    }

    private func guest(_ unit: UnitDescription) -> [String] {
        section(
            "guest",
            unit.guests.map { guest in
                let encoding = HostDisassembly.hex(
                    UInt64(guest.instruction.isCompressed ? guest.bits & 0xffff : guest.bits),
                    guest.instruction.isCompressed ? 4 : 8)
                let gap = String(repeating: " ", count: 10 - encoding.count)
                let text = disassembler.text(guest.bits, at: guest.pc, symbols: symbol)
                return "\(HostDisassembly.hex(guest.pc, 8)):  \(encoding)\(gap)\(text)"
            })
    }

    private func host(_ unit: UnitDescription) -> [String] {
        var pieces: [HostDisassembly.Piece] = []
        var at = 0
        for record in unit.records.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            pieces.append(piece(unit, at..<record.lowerBound))
            at = record.upperBound
        }
        pieces.append(piece(unit, at..<unit.host.count))
        let listing = HostDisassembly(start: unit.hostStart, names: names(unit))
        let lines = listing.lines(of: pieces, disassembles: disassemblesHost)
        let states = (unit.isLive ? [] : ["a draft"]) + unit.forms
        let size = counted(unit.host.count, "byte")
        return section("CCF of \(([size] + states).joined(separator: ", "))", lines)
    }
    /// What host code jumps to or names: other units, shared code, its own exit records.
    private func names(_ unit: UnitDescription) -> [UInt64: String] {
        var names: [UInt64: String] = [:]
        for (index, other) in units.enumerated() where other.isLive {
            names[other.hostStart] = "TU \(index + 1)"
        }
        for thunk in unit.thunks { names[thunk.at] = thunk.name }
        for (index, record) in unit.records.enumerated() {
            names[unit.hostStart &+ UInt64(record.lowerBound)] = "record \(index)"
        }
        return names
    }
    private func piece(_ unit: UnitDescription, _ range: Range<Int>) -> HostDisassembly.Piece {
        HostDisassembly.Piece(
            start: unit.hostStart &+ UInt64(range.lowerBound), bytes: unit.host[range])
    }

    private func exits(_ unit: UnitDescription) -> [String] {
        section(
            "exits",
            unit.exits.map { exit in
                let target = exit.target.map { "to \(place($0)): " } ?? ""
                return "instruction \(exit.guest)  \(target)\(how(exit))"
            })
    }
    private func how(_ exit: UnitDescription.Exit) -> String {
        switch exit.kind {
        case .loop: return "a loop over this unit"
        case .lookup: return "another page, through the table of jumps"
        case .indirect: return "a register says where to, through the table of jumps"
        case .system: return "the run loop executes the instruction"
        case .interpreter: return "the interpreter executes the instruction"
        case .chained(_, to: nil): return "not chained yet"
        case .chained(_, let to?):
            guard let index = units.firstIndex(where: { $0.isLive && $0.hostStart == to }) else {
                return "chained"
            }
            return "chained to TU \(index + 1)"
        }
    }

    private func place(_ address: UInt64) -> String {
        let number = "0x" + String(address, radix: 16)
        return symbol(address).map { "\(number) <\($0)>" } ?? number
    }
    private func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}
