import Foundation

/// The clone that this test was built from.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Paths of the files below a folder, relative to the root and sorted; build products left out.
    static func files(in folder: String) -> [String] {
        let base = root.appendingPathComponent(folder).path
        guard let found = FileManager.default.enumerator(atPath: base) else { return [] }
        var result: [String] = []
        while let path = found.nextObject() as? String {
            let name = path.split(separator: "/").last ?? ""
            if name.hasPrefix(".build") || name == "__pycache__" {
                found.skipDescendants()
            } else if found.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
                result.append("\(folder)/\(path)")
            }
        }
        return result.sorted()
    }

    static let sources: [SwiftSource] = ["Sources", "Tests", "Guests", "Examples"]
        .flatMap { files(in: $0) }.filter { $0.hasSuffix(".swift") }
        .compactMap { path in (try? text(path)).map { SwiftSource(path: path, text: $0) } }

    /// The files of the program itself.
    static var programSources: [SwiftSource] { sources.filter { $0.path.hasPrefix("Sources/") } }
}

extension SwiftSource {
    /// The target a file of `Sources` belongs to.
    var room: String { String(path.split(separator: "/")[1]) }
}

/// A rule that a line breaks, written so that editors jump there.
struct Finding: CustomStringConvertible, Equatable {
    let path: String
    let line: Int
    let what: String
    var description: String { "\(path):\(line): \(what)" }
}

extension [Finding] {
    /// What a failing expectation shows.
    var listing: String { map(\.description).joined(separator: "\n") }
}
