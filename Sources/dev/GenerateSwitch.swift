import FoundationEssentials
import RISCV

/// The flat switches over opcodes: the only generated code of the project, because Swift cannot store
/// a generic function in a table.
///
/// A file of `Sources/*/Generated` is written by hand but for the lines between
/// `// generated: cases` (or `// generated: cases of s`: the evaluator's name) and `// generated: end`.
package struct GenerateSwitch {
    /// The package's folder.
    let root: String

    package init(root: String) { self.root = root }

    /// Brings the generated lines up to date; returns the files that were not.
    package func run(check: Bool) throws -> [String] {
        let clauses = try readClauses()
        var stale: [String] = []
        for file in try generatedFiles() {
            let old = try String(contentsOfFile: root + "/" + file, encoding: .utf8)
            let new = filled(old, clauses)
            if old == new { continue }
            stale.append(file)
            if !check {
                try new.write(toFile: root + "/" + file, atomically: true, encoding: .utf8)
            }
        }
        return stale
    }

    private func generatedFiles() throws -> [String] {
        let manager = FileManager.default
        return try manager.contentsOfDirectory(atPath: root + "/Sources").sorted().flatMap { room in
            let folder = "Sources/\(room)/Generated"
            guard manager.fileExists(atPath: root + "/" + folder) else { return [String]() }
            return try manager.contentsOfDirectory(atPath: root + "/" + folder).sorted()
                .filter { $0.hasSuffix(".swift") }.map { folder + "/" + $0 }
        }
    }

    // MARK: Clauses

    /// What a clause does, as far as the switch cares.
    private enum Body { case nothing, system, own }

    /// The clauses that there are, by name, read from their source.
    private func readClauses() throws -> [String: Body] {
        let folder = root + "/Sources/RISCV/Clauses"
        var clauses: [String: Body] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: folder)
        where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
            for match in text.matches(
                of: /mutating func (\w+)\(_ i: Instruction\) throws\(Trap\) \{\s*([^\n]*)/)
            {
                let body = match.output.2
                clauses[String(match.output.1)] =
                    body.hasPrefix("}")
                    ? .nothing : body.hasPrefix("try system(i)") ? .system : .own
            }
        }
        return clauses
    }

    // MARK: Lines

    private func filled(_ text: String, _ clauses: [String: Body]) -> String {
        var result: [Substring] = []
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.split(separator: " ")
            if words == ["//", "generated:", "end"] { isInside = false }
            if !isInside { result.append(line) }
            if words.starts(with: ["//", "generated:", "cases"]) {
                isInside = true
                let indent = String(line.prefix { $0 == " " })
                let receiver = words.count > 4 ? "\(words[4])." : ""
                result += cases(clauses, indent, receiver).map { $0[...] }
            }
        }
        return result.joined(separator: "\n")
    }

    private func cases(_ clauses: [String: Body], _ indent: String, _ receiver: String) -> [String]
    {
        let names = Opcode.allCases.map { "\($0)" }
        let own = names.filter { clauses[$0] == .own }
            .map { "\(indent)case .\($0): try \(receiver)\($0)(i)" }
        return own
            + wrapped(names.filter { clauses[$0] == .system }, indent, "try \(receiver)system(i)")
            + wrapped(names.filter { clauses[$0] == .nothing }, indent, "break")
    }

    /// One case of many names, in lines of at most 100 characters.
    private func wrapped(_ names: [String], _ indent: String, _ body: String) -> [String] {
        var lines: [String] = []
        var line = indent + "case"
        for (index, name) in names.enumerated() {
            let word = " .\(name)" + (index == names.count - 1 ? ":" : ",")
            if line.count + word.count > 100 {
                lines.append(line)
                line = indent + "   "
            }
            line += word
        }
        return names.isEmpty ? [] : lines + [line, indent + "    " + body]
    }
}
