import Testing

/// Modules of the toolchain and the host that any room may import.
private let platform: Set<String> = ["Glibc", "Synchronization", "Swift"]

@Suite("Arrows: rooms import what their rows say, and rows point down")
struct ArrowTests {
    private let rooms: [String: Room]
    private let manifest: [String: Set<String>]

    init() throws {
        let table = House.rooms(inTable: try Repository.text("ARCHITECTURE.md"))
        rooms = Dictionary(table.map { ($0.name, $0) }) { first, _ in first }
        manifest = House.rooms(inManifest: try Repository.text("Package.swift"))
    }

    @Test func theTableAndTheManifestAgree() {
        #expect(Set(rooms.keys) == Set(manifest.keys))
        for (name, room) in rooms {
            #expect(room.imports == manifest[name], "\(name)")
        }
    }

    @Test func arrowsPointDown() {
        for (name, room) in rooms {
            for other in room.imports where other != "CHost" {
                #expect((rooms[other]?.floor ?? .max) < room.floor, "\(name) imports \(other)")
            }
        }
    }

    @Test func importsAreThoseOfTheRow() {
        let findings = Repository.programSources.flatMap { source -> [Finding] in
            guard let room = rooms[source.room] else { return [] }
            return source.imports.filter {
                !room.imports.contains($0.module) && !platform.contains($0.module)
            }
            .map { Finding(path: source.path, line: $0.line, what: "imports \($0.module)") }
        }
        #expect(findings.isEmpty, "\(findings.listing)")
    }

    @Test func foundationStaysOutOfTheProgram() {
        let findings = Repository.programSources.flatMap { source in
            source.imports.filter { $0.module.hasPrefix("Foundation") && source.room != "dev" }
                .map { Finding(path: source.path, line: $0.line, what: "imports \($0.module)") }
        }
        #expect(findings.isEmpty, "\(findings.listing)")
    }

    @Test func embeddedRoomsUseNothingOfTheHost() {
        let findings = Repository.programSources.filter { rooms[$0.room]?.isEmbedded == true }
            .flatMap { source in
                let imported = source.imports.filter { platform.contains($0.module) }
                    .map { Finding(path: source.path, line: $0.line, what: "imports \($0.module)") }
                let used = source.identifiers.enumerated().filter { index, word in
                    word.name == "print" || word.name == "any" && source.namesType(after: index)
                }.map { Finding(path: source.path, line: $1.line, what: "uses \($1.name)") }
                return imported + used
            }
        #expect(findings.isEmpty, "\(findings.listing)")
    }

    @Test func everyFolderIsATarget() throws {
        let text = try Repository.text("Package.swift")
        let folders = Set(Repository.files(in: "Sources").map { $0.split(separator: "/")[1] })
        for folder in folders {
            #expect(
                text.contains("\"\(folder)\"") || text.contains("Sources/\(folder)"), "\(folder)")
        }
        #expect(folders.count > 10)
    }
}

extension SwiftSource {
    /// Whether the next identifier is a type's name, as behind the keyword `any`.
    fileprivate func namesType(after index: Int) -> Bool {
        identifiers.dropFirst(index + 1).first?.name.first?.isUppercase == true
    }
}

@Suite struct HouseReaderTests {
    @Test func aTableIsRead() {
        let table = """
            | floor | target | what it is | imports |
            | --- | --- | --- | --- |
            | 1 | `SBI` ᴱ | firmware | RISCV, Bits |
            | 0 | `Bits` ᴱ | fields | – |
            | 3 | `Loader` | images | `Bits` |
            """
        #expect(
            House.rooms(inTable: table) == [
                Room(name: "SBI", floor: 1, isEmbedded: true, imports: ["RISCV", "Bits"]),
                Room(name: "Bits", floor: 0, isEmbedded: true, imports: []),
                Room(name: "Loader", floor: 3, isEmbedded: false, imports: ["Bits"]),
            ])
    }

    @Test func aManifestIsRead() {
        let manifest = """
            func room(_ name: String, _ imports: [Target.Dependency] = []) -> Target { }
            // room("Comment", ["Nothing"])
            room("Bits"), unsafeRoom(
                "Hart",
                [
                    "RISCV", "Bits",  // and more
                ], path: "Elsewhere"),
            """
        #expect(House.rooms(inManifest: manifest) == ["Bits": [], "Hart": ["RISCV", "Bits"]])
    }
}
