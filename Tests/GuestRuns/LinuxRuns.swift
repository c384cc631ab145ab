import GuestKit
import Testing

@Suite struct LinuxRuns {
    @Test(.enabled(if: Guests.hasDebian, "Debian's kernel cannot be fetched"))
    func bootsToAShell() throws {
        let guest = try Guests.debian.get()
        let run = try HullRun([
            "boot", guest.kernel, "--initrd", guest.initialRAMDisk, "--append",
            "console=ttyS0", "--timeout", "300",
        ])
        #expect(run.read(until: "~ # ", seconds: 300) != nil)
        try run.send("uname -m; echo $((6 * 7))\n")
        let answer = run.read(until: "~ # ")
        #expect(answer?.contains("riscv64") == true)
        #expect(answer?.contains("42") == true)
        // Floating point in user mode: awk's numbers are doubles.
        try run.send("awk 'BEGIN { printf \"%.6f\\n\", 22 / 7 }'\n")
        #expect(run.read(until: "~ # ")?.contains("3.142857") == true)
        try run.send("poweroff -f\n")
        let (_, code) = run.finish(seconds: 60)
        #expect(code == 0)
    }

    @Test(.enabled(if: Guests.hasFirmware, "OpenSBI and U-Boot cannot be fetched"))
    func bootsOpenSBIAndUBoot() throws {
        let firmware = try Guests.firmware.get()
        for bios in [firmware.dynamic, firmware.jump] {
            let run = try HullRun([
                "boot", firmware.ubootSupervisor, "--bios", bios, "--timeout", "200",
            ])
            #expect(run.read(until: "OpenSBI v") != nil)
            #expect(run.read(until: "U-Boot 20") != nil)
            #expect(run.read(until: "autoboot") != nil)
            try run.send("\n")
            #expect(run.read(until: "=> ") != nil)
            try run.send("poweroff\n")
            #expect(run.finish(seconds: 60).code == 0)
        }
    }

    @Test(.enabled(if: Guests.hasFirmware, "U-Boot cannot be fetched"))
    func bootsUBootFromMachineMode() throws {
        let firmware = try Guests.firmware.get()
        let run = try HullRun(["boot", "--bios", firmware.uboot, "--timeout", "200"])
        #expect(run.read(until: "U-Boot 20") != nil)
        #expect(run.read(until: "autoboot") != nil)
        try run.send("\n")
        #expect(run.read(until: "=> ") != nil)
    }
}
