import CHost
import Foundation
import TestKit
import Testing

let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The image that the repository holds is the one that its sources make.
@Suite struct RebuildTests {
    @Test(arguments: [("Skiff", ["skiff.elf", "skiff-m.elf"]), ("Keel", ["keel.elf"])])
    func theSourcesGiveThePrebuiltBytes(_ guest: String, _ images: [String]) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("hull-guest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let build = root.appendingPathComponent("Guests/\(guest)/build.sh").path
        let outcome = try Toolchain.run("sh", [build, folder.path], in: root)
        try #require(outcome.status == 0, "\(outcome.errors)")
        for name in images {
            let built = try Data(contentsOf: folder.appendingPathComponent(name))
            let kept = try Data(contentsOf: root.appendingPathComponent("Guests/prebuilt/\(name)"))
            #expect(built == kept, "run make guests and commit \(name)")
        }
    }

    @Test func theProgramHoldsThePrebuiltBytes() throws {
        // SAFETY: constants of the C target, with their sizes.
        let embedded = unsafe [
            ("skiff.elf", Data(bytes: hull_skiff_elf, count: hull_skiff_elf_count)),
            (
                "skiff-m.elf",
                Data(bytes: hull_skiff_machine_elf, count: hull_skiff_machine_elf_count)
            ),
        ]
        for (name, bytes) in embedded {
            let kept = try Data(contentsOf: root.appendingPathComponent("Guests/prebuilt/\(name)"))
            #expect(bytes == kept, "\(name)")
        }
    }

    /// Tens of kilobytes: what the guest's programmer added by accident is noticed here.
    @Test func theImageStaysSmall() {
        #expect(hull_skiff_elf_count < 256 << 10)
    }
}
