import Foundation
import GuestKit
import TestKit
import Testing

/// Guests of a guest: Debian's own KVM and QEMU run Debian's kernel below Debian.
@Suite(
    .serialized, .enabled(if: Effort.soaks, "takes many minutes: a soak runs it"),
    .enabled(if: nestedLinuxIsThere, "Debian's packages cannot be fetched"))
struct NestedLinuxSoak {
    /// The outer one ends with what QEMU ended with.
    private static let script = """
        modprobe kvm && echo nested begins && exec qemu-system-riscv64 -accel kvm \
        -machine virt,aia=none -m 512 -nographic -no-reboot -kernel /guest/Image -initrd /guest/initramfs.cpio \
        -append "console=ttyS0 quiet"
        """

    @Test(arguments: ["translator", "interpreter"])
    func debiansKVMRunsDebiansKernel(_ engine: String) throws {
        let guest = try Guests.debian.get()
        let folder = URL(fileURLWithPath: guest.kernel).deletingLastPathComponent().path
        let seconds: Double = 3600
        let run = try HullRun([
            "run", "debian", "--packages", Guests.nestingPackages.joined(separator: ","),
            "--engine", engine, "--memory", "1G", "--timeout", "\(Int(seconds))",
            "-v", "\(folder):/guest:ro", "--", "sh", "-c", Self.script,
        ])
        #expect(run.read(until: "nested begins", seconds: seconds) != nil)
        let start = Date()
        #expect(run.read(until: "~ # ", seconds: seconds) != nil)
        print("nested Linux under \(engine): a shell after \(Int(-start.timeIntervalSinceNow)) s")

        // The kernel itself says who is below it: implementation 3 is KVM (SBI, chapter 4).
        try run.send("uname -sm; dmesg | grep -o 'SBI implementation ID=0x3'\n")
        #expect(run.read(until: "\nLinux riscv64", seconds: seconds) != nil)
        #expect(run.read(until: "\nSBI implementation ID=0x3", seconds: seconds) != nil)
        #expect(run.read(until: "~ # ", seconds: seconds) != nil)

        // QEMU's monitor, and back.
        try run.send("\u{1}cinfo kvm\n")
        #expect(run.read(until: "kvm support: enabled", seconds: seconds) != nil)
        try run.send("\u{1}cpoweroff -f\n")
        let (text, code) = run.finish(seconds: seconds)
        #expect(code == 0, "\(text)")
    }
}

/// Only a soak makes the image.
private let nestedLinuxIsThere = !Effort.soaks || Guests.hasDebian && Guests.hasNesting
