import Foundation
import TestKit
import Testing

/// The command gives up what it does not need before the guest's first instruction.
@Suite struct ConfinementRuns {
    /// A field of /proc/PID/task/TID/status, for each thread by its name.
    private func field(_ name: String, of process: Int32) throws -> [String: String] {
        let tasks = "/proc/\(process)/task"
        var found: [String: String] = [:]
        for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
            let text = try String(contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8)
            let lines = text.split(separator: "\n").map { $0.split(separator: "\t") }
            let thread = lines.first { $0[0] == "Name:" }?.last ?? ""
            found["\(thread) \(task)"] = lines.first { $0[0] == "\(name):" }?.last.map(String.init)
        }
        return found
    }

    @Test func everyThreadIsConfined() throws {
        let drive = FileManager.default.temporaryDirectory
            .appendingPathComponent("hull-test-\(UUID().uuidString)")
        try Data(count: 1 << 20).write(to: drive)
        defer { try? FileManager.default.removeItem(at: drive) }
        let run = try HullRun(["boot", "--timeout", "300", "--drive", drive.path])
        try #require(run.read(until: "skiff> ") != nil)
        for (name, value) in [
            ("NoNewPrivs", "1"), ("Seccomp", "2"), ("CapEff", "0000000000000000"),
            ("CapPrm", "0000000000000000"), ("CapAmb", "0000000000000000"),
        ] {
            let threads = try field(name, of: run.processIdentifier)
            #expect(threads.count >= 5, "\(threads)")
            for (thread, found) in threads { #expect(found == value, "\(name) of \(thread)") }
        }
        try run.send("poweroff 3\n")
        #expect(run.finish().code == 3)
    }

    /// No file can be opened by then, and none of the host's libraries loaded.
    @Test(arguments: ["gzip", "zstd"])
    func aResetReadsTheImageAgain(_ packer: String) throws {
        let image = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Guests/prebuilt/skiff.elf")
        let packed = FileManager.default.temporaryDirectory
            .appendingPathComponent("hull-test-\(UUID().uuidString)")
        let bytes = try Toolchain.run(packer, ["-c", image.path]).output
        try Data(bytes).write(to: packed)
        defer { try? FileManager.default.removeItem(at: packed) }
        let run = try HullRun(["boot", packed.path])
        try #require(run.read(until: "skiff> ") != nil)
        try run.send("reboot\n")
        try #require(run.read(until: "skiff> ") != nil)
        try run.send("poweroff\n")
        let end = run.finish()
        #expect(end.code == 0, "\(end.text)")
    }

    @Test func surfaceListsWhatIsLeft() throws {
        let text = try HullRun.run(["surface", "--drive", "disk.img", "--harts", "2"]).text
        for thread in ["hart", "drive", "console", "waiter"] {
            #expect(text.contains("\n\n\(thread): "), "\(text)")
        }
        #expect(text.hasPrefix("machine: "))
        #expect(!text.contains("service: ") && !text.contains("debugger: "))
        #expect(text.contains("capabilities: none"))
        let json = try HullRun.run(["surface", "--json", "--gdb", "unix:/tmp/x/gdb"]).text
        let parsed = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let threads = try #require(parsed?["threads"] as? [[String: Any]])
        #expect(
            threads.compactMap { $0["kind"] as? String } == [
                "debugger", "control", "console", "waiter",
            ])
        let files = threads[0]["files"] as? [[String: Any]]
        #expect(files?.first?["path"] as? String == "/tmp/x")
        let calls = try #require(threads[0]["calls"] as? [[String: Any]])
        #expect(calls.contains { $0["name"] as? String == "mmap" && $0["number"] as? Int == 9 })
    }

    /// The C library asks more of the host when many threads allocate.
    @Test func manyHartsStayWithinTheirLists() throws {
        let run = try HullRun(["boot", "--harts", "40", "--memory", "64M", "--timeout", "200"])
        try #require(run.read(until: "skiff> ") != nil)
        try run.send("selftest\npoweroff\n")
        let end = run.finish(seconds: 200)
        #expect(end.code == 0, "\(end.text)")
        // The call that ends the run does not return.
        #expect(!end.text.contains("no switch"), "\(end.text)")
    }

    @Test func itCanBeSwitchedOff() throws {
        let run = try HullRun(["boot", "--no-confinement"])
        try #require(run.read(until: "skiff> ") != nil)
        let threads = try field("Seccomp", of: run.processIdentifier)
        #expect(threads.values.allSatisfy { $0 == "0" }, "\(threads)")
        try run.send("poweroff\n")
        #expect(run.finish().code == 0)
        #expect(try HullRun.run(["surface", "--no-confinement"]).text.contains("not confined"))
    }
}
