import Foundation
import Testing

/// A word that GLOSSARY.md rules out, and what is said instead.
struct BannedWord {
    let word: String
    /// Banned at the end of a type's name; otherwise as a word of any identifier.
    let isTypeSuffix: Bool
}

/// The table under "Words that are not used": "| `CPU` | anywhere | hart |".
func bannedWords(in glossary: String) -> [BannedWord] {
    glossary.split(separator: "\n").drop { !$0.hasPrefix("## Not used") }.compactMap { line in
        let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        guard cells.count == 3, cells[0].hasPrefix("`") else { return nil }
        return BannedWord(
            word: cells[0].filter { $0 != "`" }, isTypeSuffix: cells[1] == "in a type's name")
    }
}

/// `memoryCPUCount` → memory, CPU, Count.
func words(of identifier: Substring) -> [String] {
    var result: [String] = []
    let letters = Array(identifier)
    for (index, letter) in letters.enumerated() {
        let startsWord =
            letter.isUppercase
            && (index == 0 || !letters[index - 1].isUppercase
                || index + 1 < letters.count && letters[index + 1].isLowercase)
        if startsWord || result.isEmpty || letter == "_" { result.append("") }
        if letter != "_" { result[result.count - 1].append(letter) }
    }
    return result.filter { !$0.isEmpty }
}

func findings(of banned: [BannedWord], in source: SwiftSource) -> [Finding] {
    var result: [Finding] = []
    for row in banned where row.isTypeSuffix {
        result += source.declaredTypes.filter { words(of: $0.name).last == row.word }
            .map { Finding(path: source.path, line: $0.line, what: "the type's name \($0.name)") }
    }
    let anywhere = Set(banned.filter { !$0.isTypeSuffix }.map { $0.word.lowercased() })
    result += source.identifiers
        .filter { words(of: $0.name).contains { anywhere.contains($0.lowercased()) } }
        .map { Finding(path: source.path, line: $0.line, what: "the word in \($0.name)") }
    return result
}

/// Shapes of code that are not written here: found by text, in code without comments and strings.
func badShapes(in source: SwiftSource) -> [Finding] {
    source.code.enumerated().flatMap { index, line -> [Finding] in
        let words = line.split { !($0.isLetter || $0.isNumber || "_!@.".contains($0)) }
        var what: [String] = []
        if words.contains("try!") { what.append("try!") }
        if words.contains("as!") { what.append("as!") }
        if words.contains("@testable") { what.append("@testable") }
        if line.contains("func handle(") { what.append("a bare handle()") }
        if hasForceUnwrap(line) { what.append("a force unwrap") }
        return what.map { Finding(path: source.path, line: index + 1, what: $0) }
    }
}

/// A `!` right behind a name or a bracket, and not the start of `!=`.
private func hasForceUnwrap(_ line: String) -> Bool {
    let characters = Array(line)
    return characters.indices.dropFirst().contains { index in
        guard characters[index] == "!" else { return false }
        let before = characters[index - 1]
        let isPostfix = before.isLetter || before.isNumber || ")]}_\"".contains(before)
        let isComparison = index + 1 < characters.count && characters[index + 1] == "="
        let name = String(characters[..<index].reversed().prefix { $0.isLetter }.reversed())
        return isPostfix && !isComparison && name != "try" && name != "as"
    }
}

@Suite("Words: GLOSSARY.md's names, and none that it rules out")
struct WordTests {
    @Test func bannedWordsAreNotUsed() throws {
        let banned = bannedWords(in: try Repository.text("GLOSSARY.md"))
        #expect(banned.count >= 5)
        let found = Repository.sources.filter { !$0.path.hasPrefix("Tests/Tidy/") }
            .flatMap { findings(of: banned, in: $0) }
        #expect(found.isEmpty, "\(found.listing)")
    }

    @Test func theGlossaryIsInOrder() throws {
        let terms = try Repository.text("GLOSSARY.md").split(separator: "\n")
            .prefix { !$0.hasPrefix("## Not used") }.filter { $0.hasPrefix("- **") }
            .map { $0.dropFirst(4).prefix { $0 != "*" }.lowercased() }
        #expect(terms.count > 10)
        #expect(terms == terms.sorted())
        #expect(Set(terms).count == terms.count)
    }

    @Test func codeIsWrittenWithoutShortcuts() {
        let found = Repository.sources.flatMap { badShapes(in: $0) }
        #expect(found.isEmpty, "\(found.listing)")
    }

    /// Paths of one machine, and work left undone.
    @Test func textsNameNoMachineAndLeaveNothingUndone() throws {
        let texts =
            ["Sources", "Tests", "Guests", "Examples", "Docs", "Benchmarks"]
            .flatMap { Repository.files(in: $0) }.filter { !$0.hasPrefix("Tests/Tidy/") }
            + [
                "README.md", "ARCHITECTURE.md", "GLOSSARY.md", "CONTRIBUTING.md", "CHANGELOG.md",
                "Makefile",
            ]
        let banned = ["/work/", "/home/", "/tmp/prep", "TODO", "FIXME", "XXX:"]
        for path in texts {
            guard let text = try? Repository.text(path) else { continue }
            let found = banned.filter { text.contains($0) }
            #expect(found.isEmpty, "\(path)")
        }
    }
}

@Suite("Safety: each unsafe line outside the rooms made for them says why it is safe")
struct SafetyTests {
    /// Where unsafe memory lives (ARCHITECTURE.md, invariants).
    private static let unsafeRooms: Set<String> = ["GuestMemory", "Hart", "Translator", "CHost"]

    @Test func unsafeCodeSaysWhyItIsSafe() {
        let found = Repository.programSources
            .filter { !Self.unsafeRooms.contains($0.room) && !$0.text.contains("SAFETY:") }
            .flatMap { source in
                source.identifiers.filter { $0.name == "unsafe" }.prefix(1)
                    .map {
                        Finding(path: source.path, line: $0.line, what: "unsafe without a reason")
                    }
            }
        #expect(found.isEmpty, "\(found.listing)")
    }
}

@Suite struct WordFinderTests {
    @Test func identifiersAreSplit() {
        #expect(words(of: "memoryCPUCount") == ["memory", "CPU", "Count"])
        #expect(words(of: "XMLReader_v2") == ["XML", "Reader", "v2"])
        #expect(words(of: "MMIO") == ["MMIO"])
    }

    @Test func plantedWordsAreFound() {
        let glossary = """
            ## Not used
            | word | where | say |
            | `CPU` | anywhere | hart |
            | `Manager` | in a type's name | what it does |
            """
        let banned = bannedWords(in: glossary)
        let source = SwiftSource(
            path: "x", text: "struct PageManager { var cpuCount = 1 }\nlet managerless = \"CPU\"")
        #expect(
            findings(of: banned, in: source).map(\.what) == [
                "the type's name PageManager", "the word in cpuCount",
            ])
    }

    @Test func plantedShapesAreFound() {
        let source = SwiftSource(
            path: "x",
            text: """
                let a = try! f()
                let b = x as! Int
                let c = dictionary["k"]!.count
                let d = a != b && !c && f(!d)
                func handle() {}
                let e: String!
                """)
        #expect(
            badShapes(in: source).map { "\($0.line) \($0.what)" } == [
                "1 try!", "2 as!", "3 a force unwrap", "5 a bare handle()", "6 a force unwrap",
            ])
    }
}
