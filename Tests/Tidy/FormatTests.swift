import Testing
import TestKit

@Suite struct FormatTests {
    @Test func swiftFormatFindsNothing() throws {
        let folders = ["Sources", "Tests", "Guests", "Examples"].filter { folder in
            !Repository.files(in: folder).isEmpty
        }
        let outcome = try Toolchain.run(
            "swift",
            ["format", "lint", "--strict", "--parallel", "--recursive", "Package.swift"] + folders,
            in: Repository.root)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}
