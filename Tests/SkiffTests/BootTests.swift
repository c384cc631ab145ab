import Foundation
import Hull
import TestKit
import Testing

/// Skiff on Hull's machine, from both starts.
@Suite struct BootTests {
    private static let machineImage = root.appendingPathComponent("Guests/prebuilt/skiff-m.elf")
        .path

    /// A machine that runs Skiff, above Hull's firmware or out of reset.
    private func configuration(_ arguments: String?, outOfReset: Bool) -> Configuration {
        var configuration = Configuration(image: outOfReset ? Self.machineImage : nil)
        if outOfReset { configuration.firmware = .none }
        configuration.arguments = arguments
        configuration.timeoutSeconds = 120
        return configuration
    }

    /// Runs commands to the end; what was printed, and the exit code.
    private func run(_ configuration: Configuration) throws -> (text: String, code: UInt8) {
        let machine = try VirtualMachine(configuration)
        let code = try machine.run()
        return (machine.readAvailable(), code)
    }

    @Test(arguments: [false, true]) func selftestPasses(outOfReset: Bool) throws {
        try withTemporaryFolder { folder in
            let disk = folder.appendingPathComponent("disk").path
            try Data(count: 1 << 20).write(to: URL(fileURLWithPath: disk))
            var configuration = configuration("run=selftest", outOfReset: outOfReset)
            configuration.drives = [.init(disk)]
            configuration.hartCount = 2
            let (text, code) = try run(configuration)
            let lines = text.split(whereSeparator: \.isNewline)
            #expect(code == 0, "\(text)")
            #expect(lines.filter { $0.hasPrefix("FAILED") } == [])
            #expect(lines.filter { $0.hasPrefix("ok ") }.count > 250)
            #expect(lines.contains("ok disk write back"))
            // Firmware is what makes a second hart reachable.
            #expect(lines.contains("ok second hart stops") == !outOfReset)
        }
    }

    /// Without Sstc the timer goes through the firmware: Hull's, or Skiff's own machine half.
    @Test(arguments: [false, true]) func selftestPassesWithoutSstc(outOfReset: Bool) throws {
        var configuration = configuration("run=selftest", outOfReset: outOfReset)
        configuration.processor = "virt,-sstc"
        let (text, code) = try run(configuration)
        #expect(code == 0, "\(text)")
        #expect(text.contains("ok SBI timer"))
    }

    @Test func promptAnswersAndPowersOff() throws {
        let machine = try VirtualMachine(configuration(nil, outOfReset: false))
        try machine.start()
        #expect(try machine.read(until: "skiff> ").hasPrefix("Skiff"))
        machine.send("primes 1000\n")
        #expect(try machine.read(until: "skiff> ").contains("168 primes below 1000"))
        machine.send("spin 60\n")
        try machine.read(until: "spin 60\r\n")
        // Once the program runs, Ctrl-C ends it.
        machine.send("\u{3}")
        try machine.read(until: "^C\r\n")
        try machine.read(until: "skiff> ")
        machine.send("crash load; poweroff 3\r")
        #expect(try machine.read(until: "ended\r\n").contains("load page fault"))
        #expect(try machine.wait() == 3)
    }

    @Test(arguments: [0, 1, 42, 255] as [UInt8], [false, true])
    func exitCodes(code: UInt8, outOfReset: Bool) throws {
        #expect(try run(configuration("run=poweroff \(code)", outOfReset: outOfReset)).code == code)
    }

    @Test func filesOfADiskAreListed() throws {
        try withTemporaryFolder { folder in
            let text = String(repeating: "a line of text\n", count: 1000)
            try text.write(
                to: folder.appendingPathComponent("lines"), atomically: true, encoding: .utf8)
            let packed = try Toolchain.run(
                "tar", ["--format=ustar", "-cf", "disk", "lines"], in: folder)
            try #require(packed.status == 0)
            var configuration = configuration("run=ls;cat lines", outOfReset: false)
            configuration.drives = [.init(folder.appendingPathComponent("disk").path)]
            let (output, code) = try run(configuration)
            #expect(code == 0)
            #expect(output.contains("   15000 lines\r\n"))
            #expect(
                output.split(whereSeparator: \.isNewline).filter { $0 == "a line of text" }.count
                    == 1000)
        }
    }

    /// Times are the machine's own business; the rows are not.
    @Test func nanobenchNamesItsEightOperations() throws {
        var configuration = configuration("run=nanobench", outOfReset: false)
        configuration.clock = .instructions(megahertz: 100)
        let (text, code) = try run(configuration)
        let names = text.split(whereSeparator: \.isNewline).filter { $0.contains(" ns ") }
            .compactMap { $0.split(separator: " ").first }
        #expect(code == 0)
        #expect(
            names == [
                "syscall", "in", "csrw", "callret", "pgfault", "divzero", "ptemod", "forkwait",
            ])
    }
}
