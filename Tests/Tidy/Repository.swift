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

    /// The files of the program itself, and of the rooms that lie with the guests they are for.
    static var programSources: [SwiftSource] {
        sources.filter { source in
            source.path.hasPrefix("Sources/")
                || elsewhere.values.contains { source.path.hasPrefix($0 + "/") }
        }
    }

    /// Rooms whose folder is not the one of their name in `Sources`.
    static let elsewhere = ["Keel": "Guests/Keel/Monitor"]
    static func folder(ofRoom name: String) -> String { elsewhere[name] ?? "Sources/" + name }
}

extension SwiftSource {
    /// The target a file of the program belongs to.
    var room: String {
        Repository.elsewhere.first { path.hasPrefix($0.value + "/") }?.key
            ?? String(path.split(separator: "/")[1])
    }
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
