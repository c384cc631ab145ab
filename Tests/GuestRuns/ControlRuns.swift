import Control
import Foundation
import TestKit
import Testing

/// Machines that run by themselves, and the commands for them.
@Suite(.serialized) struct ControlRuns {
    @Test func aMachineIsLeftRunningListedAndTalkedTo() throws {
        try Hulls.with { hulls in
            #expect(
                try hulls.run(["ps"]).text == "NAME  PID  STATE  HARTS  MEMORY  UPTIME  IMAGE\n")
            let name = try hulls.start()
            #expect(name == "skiff")
            let table = try hulls.run(["ps"]).text.split(separator: "\n")
            try #require(table.count == 2)
            #expect(table[1].hasPrefix("skiff ") && table[1].contains(" running "), "\(table)")
            #expect(table[1].contains("64M"))
            // Columns begin where their titles do.
            let column = table[0].count - "IMAGE".count
            #expect(table[0].hasSuffix("  IMAGE") && table[1].dropFirst(column) == "skiff")
            let list = try JSON(parsing: try hulls.run(["ps", "--json"]).output)
            #expect(list.elements.first?["state"] == "running")
            let statistics = try hulls.run(["stats", name])
            #expect(statistics.text.contains("RETIRED"), "\(statistics.text)\(statistics.errors)")
            // What a pipe types is typed, and the machine's end is the end of the visit.
            try hulls.expect("skiff> ", on: name)
            let visit = try hulls.run(["console", name], input: "primes 1000\npoweroff 7\n")
            #expect(visit.status == 0 && visit.text.contains("168 primes"), "\(visit.text)")
            #expect(visit.errors.contains("has ended"))
            #expect(try hulls.run(["ps"]).text.split(separator: "\n").count == 1)
            let log = try String(
                contentsOf: hulls.sockets.appendingPathComponent("skiff.log"), encoding: .utf8)
            #expect(log.contains("168 primes") && log.contains("exit code 7"), "\(log)")
        }
    }

    @Test(arguments: [[], ["--harts", "2"], ["--harts", "2", "--deterministic"]])
    func aPausedMachineStandsStill(_ options: [String]) throws {
        try Hulls.with { hulls in
            let name = try hulls.start(options)
            try hulls.expect("skiff> ", on: name)
            // A busy guest, so that standing still means something.
            #expect(
                try hulls.client(name).ask(
                    "POST", "/v1/console/input", ["text": "spin 500\n"])?.status == 204)
            #expect(try hulls.runs(name))
            #expect(try hulls.run(["pause", name]).status == 0)
            let first = try hulls.ask(name, "GET", "/v1/stats")
            usleep(300_000)
            let second = try hulls.ask(name, "GET", "/v1/stats")
            #expect(
                first["harts"]?.elements.first?["retired"]
                    == second["harts"]?.elements.first?["retired"])
            #expect(first["guestSeconds"] == second["guestSeconds"])
            #expect(first["seconds"] != second["seconds"])
            #expect(try hulls.run(["ps"]).text.contains(" paused "))
            // Twice is no error, and a key that is typed meanwhile waits.
            #expect(try hulls.run(["pause", name]).status == 0)
            #expect(try hulls.run(["resume", name]).status == 0)
            #expect(try hulls.run(["ps"]).text.contains(" running "))
            #expect(try hulls.runs(name))
            let clock = (
                second["guestSeconds"]?.number ?? 0,
                try hulls.ask(name, "GET", "/v1/stats")["guestSeconds"]?.number ?? 0
            )
            #expect(clock.0 < clock.1)
            #expect(try hulls.run(["stop", name]).status == 0)
            #expect(hulls.running == [])
        }
    }

    @Test func whatIsWrongAtTheStartIsSaidAtOnce() throws {
        try Hulls.with { hulls in
            for (arguments, status, says) in [
                (["/nowhere/kernel"], Int32(1), "/nowhere/kernel"),
                (["--memory", "1"], 64, "memory"),
                (["--name", "../x"], 64, "../x"),
            ] {
                let outcome = try hulls.run(["boot", "--detach"] + arguments)
                #expect(outcome.status == status && outcome.text == "")
                #expect(outcome.errors.contains(says), "\(outcome.errors)")
            }
            #expect(hulls.running == [])
            for command in ["stats", "stop", "pause", "resume", "console"] {
                let outcome = try hulls.run([command, "nobody"])
                #expect(outcome.status == 1 && outcome.errors.contains("nobody"), "\(command)")
            }
        }
    }

    @Test func namesAreUnique() throws {
        try Hulls.with { hulls in
            #expect(try hulls.start(["--name", "a.b_c-1"]) == "a.b_c-1")
            let again = try hulls.run(["boot", "--name", "a.b_c-1"])
            #expect(
                again.status == 64 && again.errors.contains("runs already (process "),
                "\(again.errors)")
            #expect(try hulls.start() == "skiff")
            #expect(try hulls.start() == "skiff-2")
            #expect(hulls.running == ["a.b_c-1", "skiff", "skiff-2"])
            let which = try hulls.run(["console"])
            #expect(which.status == 64 && which.errors.contains("skiff, skiff-2"))
        }
    }

    @Test func aDeadMachineLeavesNothingInTheWay() throws {
        try Hulls.with { hulls in
            let name = try hulls.start()
            let process = try hulls.ask(name, "GET", "/v1/machine")["pid"]?.integer ?? 0
            try #require(process > 1)
            kill(pid_t(process), SIGKILL)
            let socket = hulls.sockets.appendingPathComponent("skiff.sock").path
            #expect(FileManager.default.fileExists(atPath: socket))
            // The kernel needs a moment to let go of it.
            for _ in 0..<500 where kill(pid_t(process), 0) == 0 { usleep(10_000) }
            #expect(try hulls.run(["ps"]).text.split(separator: "\n").count == 1)
            #expect(!FileManager.default.fileExists(atPath: socket))
            #expect(try hulls.start() == "skiff")
        }
    }

    /// A process that was stopped holds nobody up.
    @Test func aMachineThatSaysNothingIsListed() throws {
        try Hulls.with { hulls in
            let name = try hulls.start()
            let process = pid_t(try hulls.ask(name, "GET", "/v1/machine")["pid"]?.integer ?? 0)
            try #require(process > 1)
            kill(process, SIGSTOP)
            defer { kill(process, SIGCONT) }
            let line = try hulls.run(["ps"]).text.split(separator: "\n").last ?? ""
            #expect(line.hasPrefix("skiff  \(process)  silent"), "\(line)")
        }
    }

    @Test func nobodyElseMayLookIn() throws {
        try Hulls.with { hulls in
            let name = try hulls.start()
            func mode(_ path: String) throws -> Int {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                    ?? 0
            }
            #expect(try mode(hulls.sockets.path) == 0o700)
            for file in ["sock", "lock", "log"] {
                #expect(try mode("\(hulls.sockets.path)/\(name).\(file)") == 0o600, "\(file)")
            }
            #expect(try hulls.run(["stop", name]).status == 0)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: hulls.sockets.path)
            let refused = try hulls.run(["boot", "--detach"])
            #expect(refused.status == 1 && refused.errors.contains("closed to others"))
            // A machine at a terminal or a pipe does without.
            let attended = try hulls.run(
                ["boot", "--memory", "64M", "--timeout", "120"], input: "poweroff 3\n")
            #expect(attended.status == 3 && attended.errors.contains("no control socket"))
        }
    }

    @Test func theTerminalOfAVisitorIsRestored() throws {
        try Hulls.with { hulls in
            let name = try hulls.start()
            try hulls.expect("skiff> ", on: name)
            try TerminalScreen.with(
                columns: 100, rows: 40, in: hulls.folder,
                environment: ["XDG_RUNTIME_DIR=\(hulls.folder.path)"]
            ) { screen in
                try screen.type("\(HullRun.binary.path) console \(name)", "Enter")
                // The prompt of long ago is there.
                try screen.wait(for: "skiff>")
                try screen.type("primes 1000", "Enter")
                try screen.wait(for: "168 primes")
                try screen.type("C-a", "d")
                try screen.wait(for: "[left skiff]")
                try screen.type("stty -a; echo do''ne", "Enter")
                let settings = try screen.wait(for: "\ndone")
                #expect(
                    settings.contains(" icanon") && settings.contains(" echo "), "\(settings)")
            }
            #expect(hulls.running == [name])
        }
    }
}
