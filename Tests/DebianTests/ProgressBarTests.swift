import Hull
import Testing

@Suite struct ProgressBarTests {
    private typealias Progress = DebianArchive.Progress

    @Test func aKnownTotalIsDrawnAsABar() {
        let half = Progress(step: "Downloading x", doneBytes: 50_000_000, totalBytes: 100_000_000)
        let bar = String(repeating: "#", count: 15) + String(repeating: ".", count: 15)
        #expect(ProgressBar.line(for: half, columns: 80) == "Downloading x [\(bar)] 50 % of 100 MB")
        let beyond = Progress(step: "x", doneBytes: 7, totalBytes: 5)
        #expect(ProgressBar.line(for: beyond, columns: 80).contains("100 % of 1 MB"))
    }

    @Test func anUnknownTotalIsACount() {
        #expect(ProgressBar.line(for: Progress(step: "Unpacking"), columns: 80) == "Unpacking")
        let some = Progress(step: "Fetching", doneBytes: 2_500_000)
        #expect(ProgressBar.line(for: some, columns: 80) == "Fetching 3 MB")
    }

    @Test(arguments: [1, 20, 30, 40, 60, 200])
    func theLineFitsTheTerminal(columns: Int) {
        let name = "Downloading linux-image-6.12.107+deb13-riscv64 and busybox-static"
        let progress = Progress(step: name, doneBytes: 9, totalBytes: 10)
        #expect(ProgressBar.line(for: progress, columns: columns).count <= max(columns - 1, 20))
    }
}
