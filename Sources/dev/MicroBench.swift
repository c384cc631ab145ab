import Bits
import FoundationEssentials
import HostIO

/// Runs the hot loop and prints how fast it went. A figure to look at, never one that is asserted.
struct MicroBench {
    private static let folder = ".build/bench/micro"

    /// The figure's line, or why there is none.
    func run() throws(HullError) -> String {
        try HostFolder.create(Self.folder)
        let (object, program) = (Self.folder + "/loop.o", Self.folder + "/loop.elf")
        let tools = try toolchain()
        try succeed(
            tools + "/clang",
            [
                "--target=riscv64-none-none-eabi", "-march=rv64gc", "-mabi=lp64d",
                "-mcmodel=medany",
                "-c", "Benchmarks/micro/loop.S", "-o", object,
            ])
        try succeed(tools + "/ld.lld", [object, "-N", "-Ttext=0x80000000", "-o", program])
        let arguments = [
            "boot", program, "--bios", "none", "--engine", "interpreter", "--stats", "--timeout",
            "120",
        ]
        let outcome = try ChildProcess(".build/release/hull", arguments).run()
        let figure = (outcome.text + outcome.errors).split(separator: "\n")
            .first { $0.contains("million instructions a second") }
        guard outcome.status == 0, let figure, let speed = figure.split(separator: " ").last else {
            throw HullError(
                .host, "the hot loop ended with status \(outcome.status)", cause: outcome.errors)
        }
        return "hot loop with translation on: \(speed) million instructions a second"
    }

    private func succeed(_ program: String, _ arguments: [String]) throws(HullError) {
        let outcome = try ChildProcess(program, arguments).run()
        guard outcome.status == 0 else {
            throw HullError(.host, "\(program) failed", cause: outcome.errors)
        }
    }

    /// The folder of the Swift toolchain's programs, which may be reached through a link.
    private func toolchain() throws(HullError) -> String {
        for folder in (environment("PATH") ?? "").split(separator: ":") {
            guard HostFolder.exists("\(folder)/swift") else { continue }
            let real = try HostFolder.absolute("\(folder)/swift")
            let parts = real.split(separator: "/").dropLast()
            return "/" + parts.joined(separator: "/")
        }
        throw HullError(.host, "swift is not on the PATH")
    }
}
