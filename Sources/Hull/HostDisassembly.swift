import Bits
import HostIO

/// Host code as assembly, by the host's `llvm-objdump` where there is one.
struct HostDisassembly {
    /// Code, and the address that it is shown at.
    struct Piece {
        var start: UInt64
        var bytes: ArraySlice<UInt8>
    }
    /// Where the unit starts: what lies in it is shown by its distance from there.
    var start: UInt64
    /// Names for what lies elsewhere.
    var names: [UInt64: String]

    static let program = "llvm-objdump"

    /// A line for each instruction, or for each 16 bytes.
    func lines(of pieces: [Piece], disassembles: Bool = true) -> [String] {
        let pieces = pieces.filter { !$0.bytes.isEmpty }
        guard disassembles, ChildProcess.exists(Self.program),
            let outcome = try? ChildProcess(
                Self.program, ["-d", "-M", "intel", "--no-show-raw-insn", "-"]
            ).run(input: object(pieces)[...]), outcome.status == 0
        else { return hexadecimal(pieces) }
        let end = pieces.last.map { $0.start &+ UInt64($0.bytes.count) } ?? start
        // `    1230:      \tsub\tr14, 0x3`; headings of sections end in a colon.
        return outcome.text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t").map { $0.trimmed }
            guard parts.count > 1, line.first == " ", parts[0].hasSuffix(":"),
                let address = UInt64(parts[0].dropLast(), radix: 16)
            else { return nil }
            let place = "\(Self.hex(address &- start, 4)):  \(parts[1])"
            guard parts.count > 2 else { return place }
            let padding = String(repeating: " ", count: max(1, 8 - parts[1].count))
            return place + padding + operands(parts[2], of: parts[1], end: end)
        }
    }

    /// Operands with the names of what a jump leads to, and of the exit record that is passed on.
    private func operands(_ text: Substring, of mnemonic: Substring, end: UInt64) -> String {
        if mnemonic.hasPrefix("j") || mnemonic == "call", text.hasPrefix("0x"),
            let target = UInt64(text.dropFirst(2).prefix { $0.isHexDigit }, radix: 16)
        {
            if target >= start && target < end { return "+" + Self.hex(target &- start, 4) }
            return names[target] ?? "0x" + String(target, radix: 16)
        }
        if mnemonic == "mov", text.hasPrefix("eax, "), let number = UInt64(text.dropFirst(5)),
            let name = names[number]
        {
            return "eax, \(name)"
        }
        return String(text)
    }

    private func hexadecimal(_ pieces: [Piece]) -> [String] {
        pieces.flatMap { piece in
            stride(from: 0, to: piece.bytes.count, by: 16).map { offset in
                let row = piece.bytes.dropFirst(offset).prefix(16).map { Self.hex(UInt64($0), 2) }
                let address = Self.hex(piece.start &- start &+ UInt64(offset), 4)
                return "\(address):  \(row.joined(separator: " "))"
            }
        }
    }

    /// An ELF file with a section for each piece: objdump takes no bare code.
    private func object(_ pieces: [Piece]) -> [UInt8] {
        var file = ELFWriter()
        for piece in pieces { file.addCode(at: piece.start, Array(piece.bytes)) }
        return file.bytes()
    }

    static func hex(_ value: UInt64, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        drop { $0 == " " }.reversedDrop { $0 == " " }
    }
    private func reversedDrop(_ isDropped: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, isDropped(last) { rest.removeLast() }
        return rest
    }
}

/// Writes the least ELF file for x86-64 that a disassembler reads: code at addresses.
private struct ELFWriter {
    private var sections: [(address: UInt64, bytes: [UInt8])] = []

    mutating func addCode(at address: UInt64, _ bytes: [UInt8]) {
        sections.append((address, bytes))
    }

    /// Layout: header, contents, strings, section headers.
    func bytes() -> [UInt8] {
        let strings: [UInt8] = [0] + Array(".text".utf8) + [0]
        var body: [UInt8] = []
        var headers = [UInt8](repeating: 0, count: 64)
        func add(_ kind: UInt64, _ flags: UInt64, _ address: UInt64, _ bytes: [UInt8]) {
            Self.put(kind == 1 ? 1 : 0, 4, &headers)
            Self.put(kind, 4, &headers)
            Self.put(flags, 8, &headers)
            Self.put(address, 8, &headers)
            Self.put(UInt64(64 + body.count), 8, &headers)
            Self.put(UInt64(bytes.count), 8, &headers)
            Self.put(0, 8, &headers)
            Self.put(1, 8, &headers)
            Self.put(0, 8, &headers)
            body += bytes
        }
        // Program bits, allocated and executable; strings.
        for section in sections { add(1, 6, section.address, section.bytes) }
        add(3, 0, 0, strings)

        var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
        Self.put(2, 2, &file)
        Self.put(62, 2, &file)
        Self.put(1, 4, &file)
        Self.put(0, 16, &file)
        Self.put(UInt64(64 + body.count), 8, &file)
        Self.put(0, 4, &file)
        for field in [64, 0, 0, 64, sections.count + 2, sections.count + 1] {
            Self.put(UInt64(field), 2, &file)
        }
        return file + body + headers
    }

    private static func put(_ value: UInt64, _ count: Int, _ bytes: inout [UInt8]) {
        for index in 0..<count {
            bytes.append(index < 8 ? UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) : 0)
        }
    }
}
