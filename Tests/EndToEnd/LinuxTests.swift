import Foundation
import GuestKit
import Hull
import TestKit
import Testing

/// Debian's unmodified kernel, with busybox, on the machine.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct LinuxTests {
    static func configuration(
        _ arguments: String = "", _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> Configuration {
        let guest = try Guests.debian.get()
        var configuration = Configuration(image: guest.kernel)
        configuration.initialRAMDisk = guest.initialRAMDisk
        configuration.arguments = "console=ttyS0 " + arguments
        configuration.memoryBytes = 512 << 20
        configuration.timeoutSeconds = 600
        change(&configuration)
        return configuration
    }

    /// Boots to the shell's prompt.
    static func shell(_ configuration: Configuration) throws -> VirtualMachine {
        let machine = try VirtualMachine(configuration)
        try machine.start()
        try machine.read(until: "@user", timeoutSeconds: 600)
        try machine.read(until: "~ # ", timeoutSeconds: 60)
        return machine
    }

    /// Runs one command and returns what the guest printed, status line and all.
    static func output(_ command: String, _ configuration: Configuration) throws -> String {
        var configuration = configuration
        configuration.arguments = (configuration.arguments ?? "") + " quiet hull.run=\"\(command)\""
        let machine = try VirtualMachine(configuration)
        let exitCode = try machine.run()
        #expect(exitCode == 0)
        return machine.readAvailable()
    }

    @Test(arguments: Configuration.Engine.allCases)
    func theShellRunsCommandsAndPowersOff(_ engine: Configuration.Engine) throws {
        let machine = try Self.shell(try Self.configuration { $0.engine = engine })
        machine.send("echo $((6 * 7)) is the answer\n")
        try machine.read(until: "\n42 is the answer", timeoutSeconds: 60)
        machine.send("uname -m; echo done\n")
        #expect(try machine.read(until: "\ndone", timeoutSeconds: 60).contains("riscv64"))
        machine.send("poweroff -f\n")
        #expect(try machine.wait() == 0)
    }

    @Test(arguments: Configuration.Engine.allCases)
    func twoHartsComeUp(_ engine: Configuration.Engine) throws {
        let text = try Self.output(
            "nproc",
            try Self.configuration {
                $0.engine = engine
                $0.hartCount = 2
            })
        #expect(text.contains("\n2\r\n") || text.contains("\n2\n"), "\(text)")
        #expect(text.contains("@status 0"))
    }

    @Test func timeFollowsInstructions() throws {
        let text = try Self.output(
            "sleep 100; echo slept",
            try Self.configuration { $0.clock = .instructions(megahertz: 100) })
        #expect(text.contains("slept"), "\(text)")
    }

    @Test func aCompressedKernelBoots() throws {
        let guest = try Guests.debian.get()
        try withTemporaryFolder { folder in
            let packed = try Toolchain.run("gzip", ["-1", "-c", guest.kernel])
            let file = folder.appendingPathComponent("Image.gz")
            try Data(packed.output).write(to: file)
            let text = try Self.output("true", try Self.configuration { $0.image = file.path })
            #expect(text.contains("@status 0"))
        }
    }

    @Test(arguments: Configuration.Engine.allCases)
    func aDriveKeepsWhatTheGuestWrote(_ engine: Configuration.Engine) throws {
        try withTemporaryFolder { folder in
            let drive = folder.appendingPathComponent("drive.img")
            try Data(count: 8 << 20).write(to: drive)
            let text = try Self.output(
                "dd if=/dev/urandom of=/tmp/x bs=64k count=16; dd if=/tmp/x of=/dev/vda bs=4k seek=3;"
                    + " sync; cat /sys/block/vda/size; sha256sum /tmp/x",
                try Self.configuration {
                    $0.engine = engine
                    $0.drives = [.init(drive.path)]
                })
            #expect(text.contains("16384"))
            let host = try Toolchain.run(
                "sh", ["-c", "dd if=\(drive.path) bs=4k skip=3 count=256 | sha256sum"])
            let digest = String(host.text.prefix(64))
            #expect(digest.count == 64 && text.contains(digest), "\(text)")
        }
    }

    @Test func aReadOnlyDriveStaysAsItIs() throws {
        try withTemporaryFolder { folder in
            let drive = folder.appendingPathComponent("drive.img")
            try Data(repeating: 0x41, count: 1 << 20).write(to: drive)
            let text = try Self.output(
                "cat /sys/block/vda/ro; head -c 4 /dev/vda; echo x > /dev/vda || echo refused",
                try Self.configuration { $0.drives = [.init(drive.path, isReadOnly: true)] })
            #expect(text.contains("AAAA") && text.contains("refused"), "\(text)")
            let after = try Data(contentsOf: drive)
            #expect(after == Data(repeating: 0x41, count: 1 << 20))
        }
    }
}

/// OpenSBI and U-Boot from Debian's packages, in M-mode.
@Suite(
    .serialized,
    .enabled(if: Guests.hasFirmware && Guests.hasDebian, "Debian's packages cannot be fetched"))
struct FirmwareTests {
    @Test(arguments: [true, false], Configuration.Engine.allCases)
    func linuxBootsOverOpenSBI(_ isDynamic: Bool, on engine: Configuration.Engine) throws {
        let firmware = try Guests.firmware.get()
        let text = try LinuxTests.output(
            "dmesg | grep -i 'sbi implementation'",
            try LinuxTests.configuration {
                $0.engine = engine
                $0.firmware = .file(isDynamic ? firmware.dynamic : firmware.jump)
            })
        #expect(text.contains("OpenSBI v"))
        // OpenSBI is implementation 1 (SBI specification, "SBI Implementation IDs").
        #expect(text.contains("SBI implementation ID=0x1 "), "\(text)")
        #expect(text.contains("@status 0"))
    }

    @Test(arguments: Configuration.Engine.allCases)
    func ubootRunsInMachineMode(_ engine: Configuration.Engine) throws {
        let firmware = try Guests.firmware.get()
        var configuration = Configuration(image: firmware.uboot)
        configuration.firmware = .file(firmware.uboot)
        configuration.engine = engine
        try prompt(configuration)
    }

    @Test(arguments: Configuration.Engine.allCases)
    func ubootRunsOverOpenSBI(_ engine: Configuration.Engine) throws {
        let firmware = try Guests.firmware.get()
        var configuration = Configuration(image: firmware.ubootSupervisor)
        configuration.firmware = .file(firmware.dynamic)
        configuration.engine = engine
        try prompt(configuration)
    }

    /// Stops the automatic boot, asks U-Boot for its version and powers off.
    private func prompt(_ configuration: Configuration) throws {
        var configuration = configuration
        configuration.timeoutSeconds = 300
        let machine = try VirtualMachine(configuration)
        try machine.start()
        try machine.read(until: "Hit any key to stop autoboot", timeoutSeconds: 120)
        machine.send("\n")
        try machine.read(until: "=> ", timeoutSeconds: 120)
        machine.send("version\n")
        #expect(try machine.read(until: "=> ", timeoutSeconds: 60).contains("U-Boot 20"))
        machine.send("poweroff\n")
        #expect(try machine.wait() == 0)
    }
}
