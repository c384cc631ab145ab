/// A row of the code map in ARCHITECTURE.md.
struct Room: Equatable {
    let name: String
    let floor: Int
    /// Also compiles as Embedded Swift.
    let isEmbedded: Bool
    let imports: Set<String>
}

/// The rooms, as ARCHITECTURE.md's table and Package.swift tell them.
enum House {
    /// Rows look like "| 2 | `Hart` ᴱ | what it is | RISCV, Bits |".
    static func rooms(inTable text: String) -> [Room] {
        text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.split(separator: " ").joined(separator: " ") }
            guard cells.count == 6, let floor = Int(cells[1]), cells[2].hasPrefix("`") else {
                return nil
            }
            let name = cells[2].dropFirst().prefix { $0 != "`" }
            let imports = cells[4].split(separator: ",").map {
                $0.filter { $0 != " " && $0 != "`" }
            }
            return Room(
                name: String(name), floor: floor, isEmbedded: cells[2].contains("ᴱ"),
                imports: Set(imports.filter { $0 != "–" }))
        }
    }

    /// The targets that `room(…)` and its kin declare, with the names that stand in their brackets.
    static func rooms(inManifest text: String) -> [String: Set<String>] {
        let source = SwiftSource(path: "Package.swift", text: text)
        // Names lie in string literals, so positions come from the code and the names from the text.
        let code = source.code.joined(separator: "\n")
        let (code8, text8) = (Array(code.utf8), Array(text.utf8))
        var result: [String: Set<String>] = [:]
        for call in ["room(", "Room("] {
            for start in positions(of: Array(call.utf8), in: code8) {
                guard let end = closing(from: start + call.utf8.count - 1, in: code8) else {
                    continue
                }
                let names = literals(in: text8[start..<end])
                guard let name = names.first else { continue }
                result[name] = Set(names.dropFirst())
            }
        }
        return result
    }

    private static func positions(of needle: [UInt8], in bytes: [UInt8]) -> [Int] {
        bytes.indices.filter { bytes[$0...].starts(with: needle) }
    }

    private static func closing(from open: Int, in bytes: [UInt8]) -> Int? {
        var depth = 0
        for index in open..<bytes.count {
            if bytes[index] == UInt8(ascii: "(") { depth += 1 }
            if bytes[index] == UInt8(ascii: ")") {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    /// String literals that are not labelled `path:`.
    private static func literals(in bytes: ArraySlice<UInt8>) -> [String] {
        let parts = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\"", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 && !parts[$0 - 1].hasSuffix("path: ") }
            .map { String(parts[$0]) }
    }
}
