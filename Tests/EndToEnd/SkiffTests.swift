import Hull
import TestKit
import Testing

/// Skiff, the guest inside, through the library.
@Suite struct SkiffTests {
    static func machine(_ change: (inout Configuration) -> Void = { _ in }) throws -> VirtualMachine
    {
        var configuration = Configuration()
        configuration.memoryBytes = 128 << 20
        configuration.timeoutSeconds = 120
        change(&configuration)
        let machine = try VirtualMachine(configuration)
        try machine.start()
        try machine.read(until: "skiff> ")
        return machine
    }

    @Test(arguments: [Configuration.Firmware.builtIn, .none], Configuration.Engine.allCases)
    func passesItsOwnTests(
        _ firmware: Configuration.Firmware, on engine: Configuration.Engine
    ) throws {
        // Counted time: on a busy host the preemption that the test counts would come too rarely.
        let machine = try Self.machine {
            $0.firmware = firmware
            $0.engine = engine
            $0.clock = .instructions(megahertz: 100)
        }
        machine.send("selftest\n")
        let report = try machine.read(until: "skiff> ")
        #expect(!report.contains("FAIL"), "\(report)")
        #expect(report.contains("passed"), "\(report)")
        machine.send("poweroff 5\n")
        #expect(try machine.wait() == 5)
    }

    @Test(arguments: Configuration.Engine.allCases)
    func answersAtThePrompt(_ engine: Configuration.Engine) throws {
        let machine = try Self.machine { $0.engine = engine }
        machine.send("primes 1000\n")
        #expect(try machine.read(until: "skiff> ").contains("168"))
        machine.send("poweroff\n")
        #expect(try machine.wait() == 0)
    }

    @Test(arguments: Configuration.Engine.allCases)
    func rebootsFromItsBootPlan(_ engine: Configuration.Engine) throws {
        let machine = try Self.machine { $0.engine = engine }
        machine.send("reboot\n")
        try machine.read(until: "Skiff: a small operating system")
        try machine.read(until: "skiff> ")
        machine.send("poweroff 9\n")
        #expect(try machine.wait() == 9)
    }

    @Test func resetCanEndTheRun() throws {
        let machine = try Self.machine { $0.endsAtReset = true }
        machine.send("reboot\n")
        #expect(try machine.wait() == 0)
    }

    @Test func repeatsItselfOnTheClockOfInstructions() throws {
        func run(_ engine: Configuration.Engine) throws -> String {
            let machine = try Self.machine {
                $0.engine = engine
                $0.clock = .instructions(megahertz: 100)
            }
            machine.send("uptime\n")
            _ = try machine.read(until: "skiff> ")
            machine.send("poweroff\n")
            _ = try machine.wait()
            return machine.readAvailable()
        }
        let first = try run(.interpreter)
        #expect(try run(.interpreter) == first)
        #expect(try run(.translator) == first)
    }

    @Test(arguments: Configuration.Engine.allCases)
    func stopsWhenAsked(_ engine: Configuration.Engine) throws {
        let machine = try Self.machine { $0.engine = engine }
        machine.stop(exitCode: 77)
        #expect(try machine.wait() == 77)
    }

    @Test func timeIsUpWhileTheGuestSleeps() throws {
        let machine = try Self.machine { $0.timeoutSeconds = 2 }
        #expect(try machine.wait() == 124)
    }

    @Test func runsWithoutBlockingConcurrency() async throws {
        var configuration = Configuration()
        configuration.timeoutSeconds = 1
        let code = try await VirtualMachine(configuration).run()
        #expect(code == 124)
    }
}
