/// A Swift file whose comments and string literals are blanked, so that rules look at code alone.
/// Lines stay where they are.
struct SwiftSource {
    let path: String
    let text: String
    /// The text with every comment and the content of every string turned to spaces.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        var blanker = Blanker(Array(text.utf8))
        code = String(decoding: blanker.run(), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    var lineCount: Int { text.last == "\n" ? code.count - 1 : code.count }

    /// The names of the modules that the file imports, with their lines.
    var imports: [(line: Int, module: String)] {
        code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
                words[..<at].allSatisfy({ $0.hasPrefix("@") || accessLevels.contains(String($0)) })
            else { return nil }
            // `import struct Module.Name` names a kind first.
            let name = words[words.count - 1].split(separator: ".")[0]
            return (index + 1, String(name))
        }
    }

    /// Every identifier with its line.
    var identifiers: [(line: Int, name: Substring)] {
        code.enumerated().flatMap { index, line in
            line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
                .filter { $0.first?.isNumber == false }.map { (index + 1, $0) }
        }
    }

    /// The types that the file declares.
    var declaredTypes: [(line: Int, name: Substring)] {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "actor", "typealias"]
        return code.enumerated().flatMap { index, line -> [(Int, Substring)] in
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            return zip(words, words.dropFirst()).filter {
                kinds.contains($0.0) && $0.1.first?.isUppercase == true
            }
            .map { (index + 1, $0.1) }
        }
    }

    /// Functions, initialisers and accessors with the number of lines from `func` to the brace that
    /// closes them.
    var functions: [(line: Int, name: String, count: Int)] {
        var result: [(Int, String, Int)] = []
        var open: [(line: Int, name: String, depth: Int)] = []
        var pending: (line: Int, name: String)?
        var depth = 0
        for (index, line) in code.enumerated() {
            if pending == nil, let name = Self.functionName(in: line) {
                pending = (index + 1, name)
            }
            for character in line {
                if character == "{" {
                    if let started = pending {
                        open.append((started.line, started.name, depth))
                        pending = nil
                    }
                    depth += 1
                } else if character == "}" {
                    // A protocol's function has no body.
                    pending = nil
                    depth -= 1
                    if let last = open.last, last.depth == depth {
                        open.removeLast()
                        result.append((last.line, last.name, index + 2 - last.line))
                    }
                }
            }
        }
        return result
    }

    private static func functionName(in line: String) -> String? {
        let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        if let at = words.firstIndex(of: "func"), at + 1 < words.count {
            return String(words[at + 1])
        }
        let trimmed = line.drop { $0 == " " }
        return words.contains("init") && !trimmed.contains(".init") && trimmed.contains("init(")
            && trimmed.hasSuffix("{") ? "init" : nil
    }
}

private let accessLevels: Set<String> = ["package", "public", "internal", "private", "fileprivate"]

/// Finds comments and string literals the way Swift's lexer does: nested comments, raw strings,
/// strings of several lines, and code inside interpolations, which stays.
private struct Blanker {
    private let bytes: [UInt8]
    private var output: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        output = bytes
    }

    mutating func run() -> [UInt8] {
        code(untilClosingParenthesis: false)
        return output
    }

    private func has(_ text: StaticString, at offset: Int) -> Bool {
        let wanted = "\(text)".utf8
        return offset + wanted.count <= bytes.count
            && bytes[offset..<offset + wanted.count].elementsEqual(wanted)
    }
    private mutating func blank(_ count: Int = 1) {
        for index in at..<min(at + count, bytes.count) where bytes[index] != 10 {
            output[index] = 32
        }
        at += count
    }

    private mutating func code(untilClosingParenthesis nested: Bool) {
        var depth = 0
        while at < bytes.count {
            if has("//", at: at) {
                while at < bytes.count, bytes[at] != 10 { blank() }
            } else if has("/*", at: at) {
                comment()
            } else if let hashes = openingOfString() {
                string(hashes)
            } else {
                if bytes[at] == UInt8(ascii: "(") { depth += 1 }
                if bytes[at] == UInt8(ascii: ")") {
                    depth -= 1
                    if nested && depth == 0 {
                        at += 1
                        return
                    }
                }
                at += 1
            }
        }
    }

    private mutating func comment() {
        var depth = 0
        repeat {
            if has("/*", at: at) {
                depth += 1
                blank(2)
            } else if has("*/", at: at) {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && at < bytes.count
    }

    /// How many `#` stand before the quote of a string that begins here.
    private func openingOfString() -> Int? {
        var offset = at
        while offset < bytes.count, bytes[offset] == UInt8(ascii: "#") { offset += 1 }
        return offset < bytes.count && bytes[offset] == UInt8(ascii: "\"") ? offset - at : nil
    }

    private mutating func string(_ hashes: Int) {
        at += hashes
        let isLong = has("\"\"\"", at: at)
        let quotes = isLong ? 3 : 1
        at += quotes
        let closing =
            [UInt8](repeating: UInt8(ascii: "\""), count: quotes)
            + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
        let escape = [UInt8(ascii: "\\")] + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
        while at < bytes.count {
            if bytes[at...].starts(with: closing) {
                at += closing.count
                return
            }
            if !isLong && bytes[at] == 10 { return }
            if bytes[at...].starts(with: escape) {
                blank(escape.count)
                if at < bytes.count, bytes[at] == UInt8(ascii: "(") {
                    code(untilClosingParenthesis: true)
                } else {
                    blank()
                }
            } else {
                blank()
            }
        }
    }
}
