import Hull
import TestKit
import Testing

/// The command `hull`, as a process.
@Suite struct CommandTests {
    @Test func versionAndHelp() throws {
        #expect(try Toolchain.runBuilt("hull", ["version"]).text == "hull \(hullVersion)\n")
        let help = try Toolchain.runBuilt("hull", ["boot", "--help"])
        #expect(help.status == 0)
        #expect(help.text.contains("--initrd"))
    }

    @Test func deviceTreePassesItsCompiler() throws {
        guard Toolchain.has("dtc") else { return }
        for arguments in [[], ["--harts", "4", "--memory", "256M"], ["--cpu", "rv64imac"]] {
            let tree = try Toolchain.runBuilt("hull", ["dtb"] + arguments)
            #expect(tree.status == 0)
            let compiled = try Toolchain.run(
                "dtc", ["-I", "dtb", "-O", "dts", "-"], input: tree.output)
            #expect(compiled.status == 0)
            #expect(compiled.errors == "")
            #expect(compiled.text.contains("timebase-frequency = <0x989680>"))
        }
    }

    @Test func drawsTheBoard() throws {
        let drawing = try Toolchain.runBuilt("hull", ["machine", "--harts", "2"]).text
        #expect(drawing.contains("0x10000000  0x100000ff"))
        #expect(drawing.contains("rv64imafdch_"))
    }

    @Test func bootsWithInputFromAPipe() throws {
        let run = try Toolchain.runBuilt(
            "hull", ["boot", "--memory", "64M", "--timeout", "60"],
            input: Array("echo it works\npoweroff 42\n".utf8))
        #expect(run.status == 42)
        #expect(run.text.contains("\nit works"))
    }

    @Test func theExampleRuns() throws {
        let run = try Toolchain.runBuilt("BootSkiff", [])
        #expect(run.status == 0)
        #expect(run.text.contains("168"))
        #expect(run.text.contains("The guest's exit code is 3."))
    }

    @Test func timeoutHasItsExitCode() throws {
        let run = try Toolchain.runBuilt("hull", ["boot", "--memory", "64M", "--timeout", "0.5"])
        #expect(run.status == 124)
    }

    /// Each is one sentence on standard error that says what was found.
    @Test(arguments: [
        (["boot", "/nowhere/kernel"], Int32(1), "/nowhere/kernel"),
        (["boot", "/etc/passwd"], 1, "text file"),
        (["boot", "--memory", "1"], 64, "memory"),
        (["boot", "--memory", "4097K"], 64, "pages"),
        (["boot", "--harts", "0"], 64, "harts"),
        (["boot", "--cpu", "z80"], 64, "z80"),
        (["boot", "--drive", "/nowhere/disk"], 1, "/nowhere/disk"),
        (["boot", "--timeout", "-1"], 64, "timeout"),
        (["boot", "--net", "wire"], 64, "wire"),
        (["boot", "--net", "tap=t0,forward=2222:22"], 64, "only a user network"),
        (["boot", "--net", "user,forward=2222"], 64, "2222"),
        (["boot", "--net", "user,mac=1:2:3"], 64, "1:2:3"),
        (["boot", "--net", "user,mac=01:00:00:00:00:01"], 64, "group"),
        (["boot", "--net", "user,queues=17"], 64, "17"),
        (["check"], 64, "lockstep"),
        (["check", "--lockstep", "--engines", "one"], 64, "one"),
        (["frobnicate"], 64, "frobnicate"),
    ])
    func errorsAreSentences(_ arguments: [String], _ status: Int32, _ says: String) throws {
        let run = try Toolchain.runBuilt("hull", arguments)
        #expect(run.status == status)
        #expect(run.errors.contains(says), "\(run.errors)")
        #expect(run.text == "")
    }
}
