import Bits
import FoundationEssentials
import Glibc
import HostIO
import Hull

/// Builds the kit and compares this program with QEMU on it; the table goes to `Benchmarks/`.
struct Bench {
    /// Passed on to `run.py`.
    let options: [String]
    private static let folder = ".build/bench"

    init(_ arguments: [String]) { options = arguments }

    func run() throws(HullError) -> Int32 {
        if options.contains("--locks") {
            try write(
                try LockBench().run() + "\n" + RingBench().run(), "locks", "Locks and messages")
            return 0
        }
        try Packages.provide(for: .bench)
        try step("Building hull", "swift", ["build", "-c", "release", "--product", "hull"])
        if options.contains("--debian") { return try runDebian() }
        var bar = ProgressBar()
        let guest = try DebianGuest.prepare { bar.show($0) }
        bar.finish()
        if options.contains("--network") {
            let table = try NetworkBench(options.filter { $0 != "--network" }).run(guest)
            try write(
                table.text, "network", "Network: iperf3 through a tap interface, against QEMU")
            return table.status
        }
        if options.contains("--block") {
            return try BlockBench(options: options.filter { $0 != "--block" }).run(
                guest,
                heading: "\(today()), revision \(revision()), \(processor()); "
                    + "\(version("qemu-system-riscv64")).")
        }
        try step(
            "Building the kit", "Benchmarks/kit/build.sh", [Self.folder + "/kit", guest.busybox])
        let isBoot = options.contains("--boot")
        let table = try compare(guest)
        try write(
            table.text, isBoot ? "boot" : options.contains("--quick") ? "quick" : "kit",
            "\(isBoot ? "Boot" : "The kit's programs") against QEMU")
        return table.status
    }

    /// Writes a table to a page of `Benchmarks` and shows it.
    private func write(_ table: String, _ page: String, _ title: String) throws(HullError) {
        let path = "Benchmarks/\(page).md"
        let readme = ["network", "locks"].contains(page) ? "README.md" : "kit/README.md"
        let text = """
            # \(title)

            \(today()), revision \(revision()), \(processor()); \(version("qemu-system-riscv64")). \
            Made by `make bench`; `Benchmarks/\(readme)` says what is measured.

            \(table)
            """
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw HullError(.host, "cannot write \(path)", cause: "\(error)")
        }
        say(table)
        say("Written to \(path)")
    }

    private func compare(_ guest: DebianGuest) throws(HullError) -> ChildProcess.Outcome {
        let qemu = "qemu-system-riscv64 -M virt -m 1G -nographic -kernel {kernel} -initrd {initrd}"
        let hull = ".build/release/hull boot {kernel} --memory 1G --initrd {initrd}"
        say("Running \(options.joined(separator: " "))")
        return try ChildProcess(
            "python3",
            [
                "Benchmarks/kit/run.py", "--kernel", guest.kernel, "--bin",
                Self.folder + "/kit",
                "--json", Self.folder + "/result.json", "--log", Self.folder + "/serial.log",
                "--emu", "qemu=\(qemu) -append \"console=ttyS0 {append}\"",
                "--emu", "hull=\(hull) --append \"console=ttyS0 {append}\"",
            ] + options
        ).run(errors: .shown)
    }

    private func step(_ what: String, _ program: String, _ arguments: [String]) throws(HullError) {
        say(what)
        guard try ChildProcess(program, arguments).runAttached() == 0 else {
            throw HullError(.host, "\(what) failed: \(program) \(arguments.joined(separator: " "))")
        }
    }

    func processor() -> String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.drop { $0 == " " } }.map(String.init)
            ?? "unknown"
    }

    func version(_ program: String) -> String {
        let outcome = try? ChildProcess(program, ["--version"]).run()
        return outcome?.text.split(separator: "\n").first.map(String.init) ?? program
    }
}
