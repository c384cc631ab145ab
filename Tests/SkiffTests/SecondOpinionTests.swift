import Foundation
import TestKit
import Testing

/// Skiff on a machine that is not ours, where QEMU is installed: what the self-test finds wrong
/// there must be what is wrong there.
@Suite(.enabled(if: Toolchain.has("qemu-system-riscv64")))
struct SecondOpinionTests {
    /// QEMU 7.2 keeps bit 0 of sepc, lets a load under SUM open a user page to fetches, reports a
    /// load page fault for an atomic with one hart, and then also runs misaligned ones.
    private static let known: Set<Substring> = [
        "sepc is even", "user page: fetch with SUM", "no page: atomic", "misaligned atomics",
    ]

    private func run(_ arguments: [String]) throws -> ProcessOutcome {
        try Toolchain.run("timeout", ["60", "qemu-system-riscv64", "-M", "virt"] + arguments)
    }

    private func expectSound(_ outcome: ProcessOutcome) {
        let lines = outcome.text.split(whereSeparator: \.isNewline)
        let failed = lines.compactMap { $0.hasPrefix("FAILED ") ? $0.dropFirst(7) : nil }
        #expect(Set(failed).isSubset(of: Self.known), "\(failed)")
        #expect(lines.filter { $0.hasPrefix("ok ") }.count > 200)
        #expect(lines.last?.hasPrefix("selftest: ") == true)
    }

    @Test func underFirmwareWithTwoHartsAndADisk() throws {
        try withTemporaryFolder { folder in
            let disk = folder.appendingPathComponent("disk").path
            try Data(count: 1 << 20).write(to: URL(fileURLWithPath: disk))
            let outcome = try run([
                "-nographic", "-smp", "2", "-global", "virtio-mmio.force-legacy=false",
                "-drive", "file=\(disk),format=raw,if=none,id=d",
                "-device", "virtio-blk-device,drive=d",
                "-kernel", path("skiff.elf"), "-append", "run=selftest",
            ])
            expectSound(outcome)
            #expect(outcome.text.contains("ok disk write back"))
            #expect(outcome.text.contains("ok second hart stops"))
        }
    }

    @Test func outOfReset() throws {
        let outcome = try run([
            "-nographic", "-bios", "none", "-kernel", path("skiff-m.elf"), "-append",
            "run=selftest",
        ])
        expectSound(outcome)
    }

    @Test func commandsRunAndTheCodeComesOut() throws {
        let outcome = try run([
            "-nographic", "-bios", "none", "-kernel", path("skiff-m.elf"), "-append",
            "run=primes 1000;echo a b;poweroff 42",
        ])
        #expect(outcome.status == 42)
        #expect(outcome.text.hasSuffix("168 primes below 1000\r\na b\r\n"))
    }

    private func path(_ name: String) -> String {
        root.appendingPathComponent("Guests/prebuilt/\(name)").path
    }
}
