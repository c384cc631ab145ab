import Bits
import FoundationEssentials
import HostIO
import Hull

/// Compares drives with QEMU's, as a guest sees them; the table goes to `Benchmarks/block.md`.
struct BlockBench {
    /// Passed on to `run.py`.
    let options: [String]
    private static let path = "Benchmarks/block.md"

    func run(_ guest: DebianGuest, heading: String) throws(HullError) -> Int32 {
        say("Running \(options.joined(separator: " "))")
        let table = try ChildProcess(
            "python3",
            [
                "Benchmarks/block/run.py", "--kernel", guest.kernel, "--initrd",
                guest.initialRAMDisk, "--hull", ".build/release/hull",
            ] + options
        ).run(errors: .shown)
        let text = """
            # Drives against QEMU

            \(heading) Made by `make bench OPTIONS=--block`: `Benchmarks/block/blockio.c` measures inside \
            the guest, with accesses past the guest's page cache; the host's is warm, as both programs use \
            it by default. Figures are medians of rounds in turns; x is Hull's divided by QEMU's.

            \(table.text)
            """
        do {
            try text.write(toFile: Self.path, atomically: true, encoding: .utf8)
        } catch {
            throw HullError(.host, "cannot write \(Self.path)", cause: "\(error)")
        }
        say(table.text)
        say("Written to \(Self.path)")
        return table.status
    }
}
