import Testing

/// The command that compares engines.
@Suite struct CheckRuns {
    @Test func skiffIsEqual() throws {
        let run = try HullRun.run([
            "check", "--lockstep", "--memory", "128M", "--type", "poweroff 3", "--every", "1000",
        ])
        #expect(run.text.contains("equal, to the end, with exit code 3"), "\(run.text)")
        #expect(run.code == 0)
    }

    @Test func instructionsAreLimited() throws {
        let run = try HullRun.run([
            "check", "--lockstep", "--memory", "128M", "--instructions", "1000000", "--engines",
            "interpreter,interpreter",
        ])
        #expect(run.text.contains("equal, as far as it went"), "\(run.text)")
        #expect(run.code == 0)
    }
}
