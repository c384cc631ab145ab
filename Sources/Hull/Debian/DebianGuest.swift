import Bits
import HostIO

/// Debian's riscv64 kernel and an initial file system around its static busybox: real Linux from
/// nothing but this machine's apt. Made once, then kept in the cache.
package struct DebianGuest: Sendable, Equatable {
    /// Paths of files.
    package let kernel: String
    package let initialRAMDisk: String
    /// The static busybox inside it, for initial file systems of one's own.
    package let busybox: String

    package typealias Progress = DebianArchive.Progress

    /// Changes when what is built from the packages does (FNV-1a of all that says what it is).
    private static var format: String {
        let orders = demanded.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let parts =
            [
                initialProgram, networkScript, addressScript, shareOptions, shellSettings,
                moduleLoader, "\(firstModules)",
            ] + orders
        let hash = parts.joined().utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        return String(hash, radix: 16)
    }
    /// What is loaded when the guest starts, and what when it is asked for. Modules are large: to load
    /// all of them would double the time to a shell.
    private static let firstModules = ["virtio_mmio"]
    private static let demanded = [
        "virtio_blk": ["virtio_blk"], "virtio_net": ["af_packet", "virtio_net"],
        "virtio_rng": ["virtio_rng"],
        "virtio_input": ["virtio_input", "evdev"],
        "virtio_balloon": ["virtio_balloon"],
        "ext4": ["crc32c_generic", "ext4"], "9p": ["9pnet_virtio", "9p"], "overlay": ["overlay"],
    ]

    /// Finds the guest in the cache, or fetches and builds it. `cache` is a folder, by default
    /// `hull` in the user's caches; `mirror` and `keyring` are apt's own by default.
    package static func prepare(
        cache: String? = nil, mirror: String? = nil, keyring: String? = nil,
        progress: (Progress) -> Void
    ) throws(HullError) -> DebianGuest {
        let cache = if let cache { cache } else { try HostFolder.caches() + "/hull" }
        let place = "\(cache)/debian-trixie-riscv64-\(format)"
        let guest = DebianGuest(
            kernel: "\(place)/Image", initialRAMDisk: "\(place)/initramfs.cpio",
            busybox: "\(place)/busybox")
        guard !guest.isComplete else { return guest }
        try HostFolder.create(cache)
        return try HostFolder.locked("\(cache)/lock") {
            progress(Progress(step: "Waiting for another hull that fetches the same"))
        } _: { () throws(HullError) in
            guard !guest.isComplete else { return guest }
            // Whatever an interrupted run left.
            let work = "\(cache)/unfinished"
            try HostFolder.remove(work)
            try HostFolder.create(work)
            do throws(HullError) {
                let archive = try DebianArchive(
                    suite: "trixie", architecture: "riscv64", folder: "\(work)/apt", mirror: mirror,
                    keyring: keyring)
                try build(from: archive, work, progress)
                try HostFolder.remove(place)
                try HostFolder.rename("\(work)/guest", to: place)
            } catch {
                try? HostFolder.remove(work)
                throw error
            }
            try HostFolder.remove(work)
            return guest
        }
    }

    private var isComplete: Bool {
        [kernel, initialRAMDisk, busybox].allSatisfy(HostFolder.exists)
    }

    private static func build(
        from archive: DebianArchive, _ work: String, _ progress: (Progress) -> Void
    ) throws(HullError) {
        try archive.update(progress: progress)
        let kernel = try archive.firstDependency(of: "linux-image-riscv64")
        let files = try archive.fetch([kernel, "busybox-static"], progress: progress)
        progress(Progress(step: "Unpacking \(kernel)"))
        for file in files { try DebianArchive.unpack(file, into: "\(work)/root") }
        try HostFolder.create("\(work)/guest")
        let boot = "\(work)/root/boot"
        guard let image = HostFolder.names(boot).first(where: { $0.hasPrefix("vmlinu") }) else {
            throw HullError(.format, "the package \(kernel) holds no kernel")
        }
        try HostFolder.rename("\(boot)/\(image)", to: "\(work)/guest/Image")
        progress(Progress(step: "Building the initial file system"))
        var modules = try KernelModules(in: "\(work)/root")
        var orders = ["first": try modules.loadOrder(of: firstModules)]
        for (name, wanted) in demanded { orders[name] = try modules.loadOrder(of: wanted) }
        try HostFolder.rename("\(work)/root/usr/bin/busybox", to: "\(work)/guest/busybox")
        let busybox = try HostFile.read("\(work)/guest/busybox")
        let contents = modules.modules.mapValues(\.content)
        let archive = initialFileSystem(busybox: busybox, modules: contents, orders: orders)
        try HostFile.write("\(work)/guest/initramfs.cpio", archive)
    }

    /// The archive that the kernel unpacks and starts `/init` of. `orders` tell for a name which
    /// modules are loaded, first to last.
    package static func initialFileSystem(
        busybox: [UInt8], modules: [String: [UInt8]], orders: [String: [String]]
    ) -> [UInt8] {
        var archive = CPIOArchive()
        let folders =
            "bin dev proc sys tmp mnt root etc sbin usr usr/bin usr/sbin lib lib/modules"
        for folder in folders.split(separator: " ") { archive.folder(String(folder)) }
        archive.characterDevice("dev/console", major: 5, minor: 1)
        archive.characterDevice("dev/null", major: 1, minor: 3)
        archive.file("bin/busybox", busybox, isExecutable: true)
        for (name, content) in modules.sorted(by: { $0.key < $1.key }) {
            archive.file("lib/modules/\(name).ko", content)
        }
        for (name, order) in orders.sorted(by: { $0.key < $1.key }) {
            let lines = order.map { $0 + "\n" }.joined()
            archive.file("lib/modules/\(name).order", Array(lines.utf8))
        }
        archive.file("sbin/modprobe", Array(moduleLoader.utf8), isExecutable: true)
        archive.file("etc/shell", Array(shellSettings.utf8))
        archive.file("etc/network", Array(networkScript.utf8), isExecutable: true)
        archive.file("etc/udhcpc.script", Array(addressScript.utf8), isExecutable: true)
        archive.file("etc/9p", Array(shareOptions.utf8))
        // What mount tries, so that the kernel asks for the module.
        archive.file("etc/filesystems", Array("ext4\n".utf8))
        archive.file("init", Array(initialProgram.utf8), isExecutable: true)
        return archive.finished()
    }
}
