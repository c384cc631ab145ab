import Foundation
import TestKit
import Testing

@Suite struct EmbeddedTests {
    /// The rooms marked ᴱ compile for a machine without an operating system, in the order of floors.
    @Test func roomsForGuestsCompileAsEmbeddedSwift() throws {
        let rooms = House.rooms(inTable: try Repository.text("ARCHITECTURE.md"))
            .filter(\.isEmbedded).sorted { $0.floor < $1.floor }
        #expect(rooms.count >= 6)
        try withTemporaryFolder { folder in
            for room in rooms {
                let sources = Repository.files(in: Repository.folder(ofRoom: room.name)).filter {
                    $0.hasSuffix(".swift")
                }
                let outcome = try Toolchain.run(
                    "swiftc",
                    [
                        "-target", "riscv64-none-none-eabi", "-enable-experimental-feature",
                        "Embedded",
                        "-swift-version", "6", "-package-name", "hull", "-module-name", room.name,
                        "-parse-as-library", "-wmo", "-O", "-strict-memory-safety",
                        "-warnings-as-errors", "-I", folder.path, "-emit-module",
                        "-emit-module-path", "\(folder.path)/\(room.name).swiftmodule",
                        "-c", "-o", "\(folder.path)/\(room.name).o",
                    ] + sources, in: Repository.root)
                #expect(outcome.status == 0, "\(room.name): \(outcome.errors)")
            }
        }
    }
}
