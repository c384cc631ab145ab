import Bits
import FoundationEssentials
import Glibc
import HostIO
import Hull

/// Compares what `iperf3` in a guest reaches through a tap interface; the table goes to
/// `Benchmarks/network.md`.
struct NetworkBench {
    /// Passed on to `run.py`.
    private let options: [String]
    private static let folder = ".build/bench/network"
    /// iperf3 and all that it links.
    private static let packages = [
        "iperf3", "libiperf0", "libsctp1", "libssl3t64", "libzstd1", "zlib1g", "libgcc-s1", "libc6",
    ]

    init(_ options: [String]) { self.options = options }

    func run(_ guest: DebianGuest) throws(HullError) -> ChildProcess.Outcome {
        let disk = try initialFileSystem(guest)
        let kernel = guest.kernel
        let qemu =
            "qemu-system-riscv64 -M virt -m 512M -nographic -kernel \(kernel) -initrd \(disk)"
            + " -global virtio-mmio.force-legacy=false"
            + " -netdev tap,id=n,ifname=t0,script=no,downscript=no,vhost=off"
            + " -device virtio-net-device,netdev=n -append '{append}'"
        let hull =
            ".build/release/hull boot \(kernel) --memory 512M --initrd \(disk) --net tap=t0"
            + " --append '{append}'"
        return try ChildProcess(
            "python3",
            [
                "Benchmarks/network/run.py", "--log", Self.folder + "/serial.log",
                "--target", "qemu=\(qemu)", "--target", "hull=\(hull)",
            ] + options
        ).run(errors: .shown)
    }

    /// The guest's own initial file system with a second archive behind it: the kernel unpacks both.
    private func initialFileSystem(_ guest: DebianGuest) throws(HullError) -> String {
        let path = Self.folder + "/initramfs.cpio"
        let root = Self.folder + "/root"
        if !HostFolder.exists(root + "/usr/bin/iperf3") {
            try HostFolder.create(Self.folder)
            let archive = try DebianArchive(
                suite: "trixie", architecture: "riscv64", folder: Self.folder + "/apt")
            var bar = ProgressBar()
            try archive.update { bar.show($0) }
            let files = try archive.fetch(Self.packages) { bar.show($0) }
            bar.finish()
            for file in files { try DebianArchive.unpack(file, into: root) }
        }
        var more = CPIOArchive()
        more.file("bin/iperf3", try HostFile.read(root + "/usr/bin/iperf3"), isExecutable: true)
        let libraries = "usr/lib/riscv64-linux-gnu"
        for folder in ["usr/lib", libraries] { more.folder(folder) }
        more.folder("lib/riscv64-linux-gnu")
        let loader = "ld-linux-riscv64-lp64d.so.1"
        let found = try HostFolder.absolute("\(root)/usr/lib/\(loader)")
        more.file("lib/\(loader)", try HostFile.read(found), isExecutable: true)
        for name in HostFolder.names("\(root)/\(libraries)") where name.contains(".so.") {
            let file = try HostFolder.absolute("\(root)/\(libraries)/\(name)")
            // Links to files, and no folders; the names are what programs ask for.
            guard HostFile.isRegular(file) else { continue }
            more.file("lib/riscv64-linux-gnu/\(name)", try HostFile.read(file))
        }
        var whole = try HostFile.read(guest.initialRAMDisk)
        whole += more.finished()
        try HostFile.write(path, whole)
        return path
    }
}
