import Bits
import Glibc
import HostIO

/// The programs of the host that tests and benchmarks run, and the Debian packages they come in.
enum Packages {
    enum Purpose: String {
        case test, bench
    }

    private struct Need {
        let program: String
        let packages: [String]
        let purpose: Purpose
    }

    private static let needs = [
        // Oracles and tools of the tests.
        Need(program: "dtc", packages: ["device-tree-compiler"], purpose: .test),
        Need(program: "gdb-multiarch", packages: ["gdb-multiarch"], purpose: .test),
        Need(program: "tmux", packages: ["tmux"], purpose: .test),
        Need(program: "zstd", packages: ["zstd"], purpose: .test),
        Need(program: "qemu-img", packages: ["qemu-utils"], purpose: .test),
        Need(program: "mkfs.ext4", packages: ["e2fsprogs"], purpose: .test),
        Need(program: "xz", packages: ["xz-utils"], purpose: .test),
        Need(program: "/usr/sbin/e2fsck", packages: ["e2fsprogs"], purpose: .test),
        Need(program: "ssh", packages: ["openssh-client"], purpose: .test),
        Need(program: "python3", packages: ["python3"], purpose: .test),
        Need(program: "passt", packages: ["passt"], purpose: .test),
        Need(program: "ip", packages: ["iproute2"], purpose: .test),
        // The baseline, and what builds the guest programs.
        Need(program: "qemu-system-riscv64", packages: ["qemu-system-misc"], purpose: .bench),
        Need(
            program: "riscv64-linux-gnu-gcc",
            packages: ["gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross"], purpose: .bench),
        Need(program: "gcc", packages: ["gcc", "libc6-dev"], purpose: .bench),
        Need(program: "cpio", packages: ["cpio"], purpose: .bench),
        Need(program: "iperf3", packages: ["iperf3"], purpose: .bench),
        Need(program: "ip", packages: ["iproute2"], purpose: .bench),
        Need(program: "qemu-img", packages: ["qemu-utils"], purpose: .bench),
        Need(program: "python3", packages: ["python3"], purpose: .bench),
    ]

    /// Installs what is missing when this process may, else names it.
    static func provide(for purpose: Purpose) throws(HullError) {
        let missing = needs.filter { $0.purpose == purpose && !isThere($0.program) }
        let packages = missing.flatMap(\.packages)
        guard !packages.isEmpty else { return }
        let names = packages.joined(separator: " ")
        guard geteuid() == 0, ChildProcess.exists("apt-get") else {
            throw HullError(
                .host,
                "these packages are missing: \(names). Install them: sudo apt-get install \(names)")
        }
        say("Installing \(names)")
        // A fresh machine has no package lists, an old one may have stale ones.
        if !hasLists() { try update() }
        if try install(packages) != 0 {
            try update()
            guard try install(packages) == 0 else {
                throw HullError(.host, "apt-get could not install \(names)")
            }
        }
    }

    /// In `PATH`, or at the path that it is.
    private static func isThere(_ program: String) -> Bool {
        program.hasPrefix("/") ? HostFolder.exists(program) : ChildProcess.exists(program)
    }

    private static func hasLists() -> Bool {
        let outcome = try? ChildProcess("apt-cache", ["policy", "python3"]).run()
        return outcome?.text.contains("Candidate: (none)") == false
            && outcome?.output.isEmpty == false
    }

    private static let options = [
        "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3",
    ]

    private static func update() throws(HullError) {
        _ = try ChildProcess("apt-get", options + ["update"]).runAttached()
    }

    private static func install(_ packages: [String]) throws(HullError) -> Int32 {
        try ChildProcess(
            "apt-get", options + ["install", "-y", "--no-install-recommends"] + packages,
            environment: ["DEBIAN_FRONTEND": "noninteractive"]
        ).runAttached()
    }
}
