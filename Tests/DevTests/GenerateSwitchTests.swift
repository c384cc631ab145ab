import Testing
import dev

@Suite struct GenerateSwitchTests {
    @Test func checkedInSwitchesAreUpToDate() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let stale = try GenerateSwitch(root: "/" + root).run(check: true)
        #expect(stale == [], "run `swift run dev generate`")
    }
}
