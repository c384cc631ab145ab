import Foundation
import TestKit
import Testing

/// The real GDB against the real command.
@Suite struct DebuggerRuns {
    static let image = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Guests/prebuilt/skiff.elf").path

    @Test(arguments: ["interpreter", "translator"])
    func gdbStopsStepsAndLooks(_ engine: String) throws {
        try withTemporaryFolder { folder in
            let socket = folder.appendingPathComponent("gdb").path
            let run = try HullRun([
                "boot", Self.image, "--gdb", "unix:" + socket, "--timeout", "120",
                "--engine", engine,
            ])
            #expect(run.read(until: "Waiting for a debugger", seconds: 30) != nil)
            let commands = [
                "set pagination off", "set confirm off", "file " + Self.image,
                "target remote " + socket, "info threads", "p/x $pc", "p $priv",
                "break *clear_bss", "continue", "p $pc == &clear_bss", "stepi",
                "p (long)$pc - (long)&clear_bss",
                "p/x $satp", "x/1i $pc", "watch *(long*)($sp - 16)", "delete",
                "set $t6 = 0x1234", "p/x $t6", "monitor harts", "detach",
            ]
            let outcome = try Toolchain.run(
                "gdb-multiarch", ["-q", "-nx", "-batch"] + commands.flatMap { ["-ex", $0] })
            let text = outcome.text + outcome.errors
            #expect(text.contains("hart 0, supervisor"), "\(text)")
            #expect(text.contains("= 0x80200000"), "\(text)")
            #expect(text.contains("Breakpoint 1, "), "\(text)")
            #expect(text.contains("$3 = 1"), "\(text)")
            #expect(text.contains("$4 = 4"), "\(text)")
            #expect(text.contains("= 0x1234"), "\(text)")
            #expect(text.contains("instructions retired"), "\(text)")
            // Detached, the machine runs on.
            #expect(run.read(until: "skiff> ", seconds: 60) != nil)
        }
    }
}
