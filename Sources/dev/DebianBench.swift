import Bits
import FoundationEssentials
import HostIO
import Hull

extension Bench {
    /// A full Debian against QEMU; the table goes to `Benchmarks/debian.md`.
    func runDebian() throws(HullError) -> Int32 {
        var bar = ProgressBar()
        let image = try DebianImage.prepare { bar.show($0) }
        bar.finish()
        let table = try ChildProcess(
            "python3",
            [
                "Benchmarks/debian/run.py", "--folder", image.folder, "--sources",
                "Benchmarks/kit/guest",
            ] + options.filter { $0 != "--debian" }
        ).run(errors: .shown)
        guard table.status == 0 else { return table.status }
        let text = """
            # A full Debian against QEMU

            \(today()), revision \(revision()), \(processor()); \(version("qemu-system-riscv64")). \
            Made by `make bench OPTIONS=--debian`: the same image, kernel and initial file system, \
            1 GiB, one hart, virtio-mmio, runs in turns, the best of each.

            \(table.text)
            """
        do {
            try text.write(toFile: "Benchmarks/debian.md", atomically: true, encoding: .utf8)
        } catch {
            throw HullError(.host, "cannot write Benchmarks/debian.md", cause: "\(error)")
        }
        say(table.text)
        return 0
    }
}
