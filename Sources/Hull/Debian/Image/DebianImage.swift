import Bits
import HostIO

/// A full Debian on a disk, made once from packages and then only read: machines run on it
/// copy-on-write.
package struct DebianImage: Sendable, Equatable {
    /// The folder in the cache.
    package let folder: String
    /// A raw disk with one partition.
    package var disk: String { "\(folder)/disk.img" }
    package var kernel: String { "\(folder)/Image" }
    /// What runs one command, without starting the system.
    package var initialRAMDisk: String { "\(folder)/run.cpio" }
    /// U-Boot for S-mode, which starts what is on a disk.
    package var loader: String { "\(folder)/u-boot.bin" }
    /// The key that opens the guest, and the guest's own.
    package var key: String { "\(folder)/ssh/id_ed25519" }
    package var knownHosts: String { "\(folder)/ssh/known_hosts" }

    package typealias Progress = DebianArchive.Progress

    /// Changes when what is built from the packages does.
    private static let format = 4
    static let label = "debian"
    /// Virtual: what is not used takes no room.
    static let partitionBytes: UInt64 = 8 << 30

    /// Packages beside the essential ones.
    package static let packages = [
        "systemd-sysv", "systemd-resolved", "libpam-systemd", "login", "udev", "dbus",
        "openssh-server", "wget", "nano",
        "e2fsprogs", "iproute2", "iputils-ping", "netbase", "procps", "apt", "ca-certificates",
        "make", "gcc",
        "libc6-dev", "linux-image-riscv64", "initramfs-tools", "zstd", "u-boot-menu",
        "busybox-static", "less",
    ]

    /// The folder for an image with these packages in addition.
    private static func folder(_ cache: String, _ more: [String]) -> String {
        let names = Set(more).subtracting(packages).sorted()
        return ([cache + "/debian-trixie-full-\(format)"] + names).joined(separator: "+")
    }

    /// Finds the image in the cache, or makes it. `more` are packages in addition; `showsConsole`: what
    /// the kernel of the first boot says goes to standard error.
    package static func prepare(
        cache: String? = nil, more: [String] = [], harts: Int = 2, showsConsole: Bool = false,
        progress: (Progress) -> Void
    ) throws(HullError) -> DebianImage {
        let cache = if let cache { cache } else { try HostFolder.caches() + "/hull" }
        let image = DebianImage(folder: folder(cache, more))
        guard !image.isComplete else { return image }
        try HostFolder.create(cache)
        return try HostFolder.locked("\(cache)/full.lock") {
            progress(Progress(step: "Waiting for another hull that makes the same"))
        } _: { () throws(HullError) in
            guard !image.isComplete else { return image }
            // Whatever an interrupted run left.
            let work = "\(cache)/full-unfinished"
            try HostFolder.remove(work)
            try HostFolder.create(work)
            do throws(HullError) {
                let archive = try DebianArchive(
                    suite: "trixie", architecture: "riscv64", folder: "\(work)/apt")
                let draft = DebianImage(folder: "\(work)/image")
                try DebianImageMaker(archive, draft, packages + more).make(
                    harts: harts, showsConsole: showsConsole, progress: progress)
                try HostFolder.remove(image.folder)
                try HostFolder.rename(draft.folder, to: image.folder)
            } catch {
                try? HostFolder.remove(work)
                throw error
            }
            try HostFolder.remove(work)
            return image
        }
    }

    private var isComplete: Bool {
        [disk, kernel, initialRAMDisk, loader, key, knownHosts].allSatisfy(HostFolder.exists)
    }

    /// A machine that runs one command in it.
    package func runs(_ configuration: inout Configuration) {
        configuration.image = kernel
        configuration.initialRAMDisk = initialRAMDisk
    }
}
