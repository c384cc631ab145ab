import Testing

/// Files that may be long, because they are tables.
private let longFiles: Set<String> = []
private let fileLimit = 600
private let functionLimit = 70

/// Functions that may be long: one switch over everything.
private let longFunctions: Set<String> = []

@Suite("Shape: files and functions stay short, no file is dead")
struct ShapeTests {
    /// Files that people write; generated ones lie in folders of that name.
    private static let written = Repository.sources.filter { !$0.path.contains("/Generated/") }

    @Test func filesAreShort() {
        let findings = Self.written
            .filter { $0.lineCount > fileLimit && !longFiles.contains($0.path) }
            .map {
                Finding(path: $0.path, line: $0.lineCount, what: "more than \(fileLimit) lines")
            }
        #expect(findings.isEmpty, "\(findings.listing)")
    }

    @Test func functionsAreShort() {
        let findings = Self.written.flatMap { source in
            source.functions
                .filter {
                    $0.count > functionLimit && !longFunctions.contains("\(source.path):\($0.name)")
                }
                .map {
                    Finding(
                        path: source.path, line: $0.line, what: "\($0.name) has \($0.count) lines")
                }
        }
        #expect(findings.isEmpty, "\(findings.listing)")
    }

    @Test func exemptionsAreStillNeeded() {
        for path in longFiles {
            #expect(
                Repository.sources.contains { $0.path == path && $0.lineCount > fileLimit },
                "\(path)")
        }
        for name in longFunctions {
            let isLong = Repository.sources.contains { source in
                source.functions.contains {
                    "\(source.path):\($0.name)" == name && $0.count > functionLimit
                }
            }
            #expect(isLong, "\(name)")
        }
    }

    @Test func noFileIsEmpty() {
        let findings = Self.written
            .filter { $0.code.allSatisfy { $0.allSatisfy(\.isWhitespace) } }
            .map { Finding(path: $0.path, line: 1, what: "has no code") }
        #expect(findings.isEmpty, "\(findings.listing)")
    }

    /// A document that nothing links to is not found by anybody.
    @Test func everyDocumentIsLinked() throws {
        let documents = Repository.files(in: "Docs").filter { $0.hasSuffix(".md") }
        let entries = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] + documents
        let texts = entries.compactMap { path in (try? Repository.text(path)).map { (path, $0) } }
        for document in documents {
            let name = document.split(separator: "/").last ?? ""
            #expect(texts.contains { $0.0 != document && $0.1.contains(name) }, "\(document)")
        }
    }
}

@Suite struct SwiftSourceTests {
    @Test func commentsAndStringsAreBlanked() {
        let source = SwiftSource(
            path: "x",
            text: """
                let a = "CPU // no" // CPU
                /* CPU /* nested */ CPU */ let b = #"a "CPU" b"#
                let c = "x \\(f("CPU") + g) CPU"
                """)
        #expect(!source.code.joined().contains("CPU"))
        #expect(source.code[2].contains("f(") && source.code[2].contains("+ g)"))
        #expect(
            source.identifiers.map { String($0.name) } == [
                "let", "a", "let", "b", "let", "c", "f", "g",
            ])
    }

    @Test func importsAreFound() {
        let source = SwiftSource(
            path: "x",
            text: "import A\npackage import B\n@preconcurrency import struct C.D\n// import E\n")
        #expect(source.imports.map(\.module) == ["A", "B", "C"])
        #expect(source.lineCount == 4)
    }

    @Test func functionsAreMeasured() {
        let source = SwiftSource(
            path: "x",
            text: """
                struct S {
                    func short() { }
                    func long(
                        a: Int
                    ) {
                        if a { b }
                    }
                    init(x: Int) {
                        y = x
                    }
                }
                """)
        #expect(source.functions.map(\.name) == ["short", "long", "init"])
        #expect(source.functions.map(\.count) == [1, 5, 3])
    }
}
