import Foundation
import GuestKit
import Hull
import TestKit
import Testing

/// The hypervisor extension as its users meet it: Debian's own KVM, and guests of the guest.
@Suite(.serialized, .enabled(if: Guests.hasFullDebian, "Debian's packages cannot be fetched"))
struct KVMTests {
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("KVM")

    /// The client, built into this folder.
    private func makeClient(in folder: URL) throws {
        let target = ["--target=riscv64-none-none-eabi", "-mabi=lp64d", "-mno-relax"]
        var objects: [String] = []
        for (name, isa) in [("client.c", "rv64gc"), ("guest.S", "rv64gc_sstc")] {
            let object = folder.appendingPathComponent(name + ".o").path
            let options = ["-march=\(isa)", "-O1", "-ffreestanding", "-fno-builtin", "-c"]
            try run(
                "clang",
                target + options
                    + [Self.sources.appendingPathComponent(name).path, "-o", object])
            objects.append(object)
        }
        try run("ld.lld", objects + ["-o", folder.appendingPathComponent("client").path])
    }
    private func run(_ program: String, _ arguments: [String]) throws {
        let outcome = try Toolchain.run(program, arguments)
        guard outcome.status == 0 else { throw ToolchainFailure(message: outcome.errors) }
    }

    /// A call to firmware, device accesses of several widths with and without page tables, a timer and
    /// the end of a guest reach a user of KVM as they would on a board.
    @Test(arguments: [Configuration.Engine.translator, .interpreter])
    func aClientSeesItsGuestsExits(_ engine: Configuration.Engine) throws {
        try withTemporaryFolder { folder in
            try makeClient(in: folder)
            let outcome = try Toolchain.runBuilt(
                "hull",
                [
                    "run", "debian", "--memory", "512M", "--timeout", "300", "--engine",
                    engine.rawValue, "-v", "\(folder.path):/kvm", "--", "sh", "-c",
                    "modprobe kvm && /kvm/client",
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(
                outcome.text == """
                    sbi 8000000 7: 1234 5678
                    mmio write 1 at 10000003: 99
                    mmio read 4 at 10000008: b0a0908
                    mmio read 4 at 1000000c: f0e0d0c
                    mmio write 4 at 10000010: 1a181614
                    mmio read 8 at 10000018: 1f1e1d1c1b1a1918
                    system event 1, memory 1f1e1d1c1b1a1918

                    """)
        }
    }

    @Test func withoutTheExtensionThereIsNoKVM() throws {
        let outcome = try Toolchain.runBuilt(
            "hull",
            [
                "run", "debian", "--memory", "512M", "--timeout", "300", "--cpu", "virt,-h", "--",
                "sh", "-c", "modprobe kvm || grep -c rv64imafdch /proc/cpuinfo; ls /dev/kvm",
            ])
        #expect(outcome.status != 0 && outcome.text == "0\n", "\(outcome.text)")
    }
}
