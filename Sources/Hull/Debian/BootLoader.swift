import Bits
import HostIO
import Loader

/// U-Boot from Debian's packages: what starts the system on a disk when no kernel is named.
package struct BootLoader: Sendable, Equatable {
    /// A flat binary for S-mode.
    package let path: String

    private static let format = 1
    static let package = "u-boot-qemu"
    static let file = "usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin"

    /// Finds it in the cache, or fetches it.
    package static func prepare(
        cache: String? = nil, progress: (DebianArchive.Progress) -> Void
    ) throws(HullError) -> BootLoader {
        let cache = if let cache { cache } else { try HostFolder.caches() + "/hull" }
        let place = "\(cache)/u-boot-trixie-riscv64-\(format)"
        let loader = BootLoader(path: "\(place)/u-boot.bin")
        guard !HostFolder.exists(loader.path) else { return loader }
        try HostFolder.create(cache)
        return try HostFolder.locked("\(cache)/u-boot.lock") {
            progress(DebianArchive.Progress(step: "Waiting for another hull that fetches the same"))
        } _: { () throws(HullError) in
            guard !HostFolder.exists(loader.path) else { return loader }
            let work = "\(cache)/u-boot-unfinished"
            try HostFolder.remove(work)
            do throws(HullError) {
                let archive = try DebianArchive(
                    suite: "trixie", architecture: "riscv64", folder: "\(work)/apt")
                try archive.update(progress: progress)
                for file in try archive.fetch([package], progress: progress) {
                    try HostFolder.create(place)
                    try HostFile.write(loader.path, try content(of: DebianPackage(file)))
                }
            } catch {
                try? HostFolder.remove(work)
                throw error
            }
            try HostFolder.remove(work)
            return loader
        }
    }

    static func content(of package: DebianPackage) throws(HullError) -> [UInt8] {
        guard let content = package.content(of: file) else {
            throw HullError(.format, "The package \(package.name) holds no \(file).")
        }
        return Array(content)
    }
}

extension Configuration {
    /// Where the image is a disk, it becomes the first drive, and U-Boot starts what is on it; `debian`
    /// is the disk that is made from Debian's packages, and stays as it is.
    package mutating func startFromDisk(
        progress: (DebianArchive.Progress) -> Void
    ) throws(HullError) {
        guard let image, firmware != .none else { return }
        if image == "debian" && !HostFolder.exists(image) {
            let debian = try DebianImage.prepare(progress: progress)
            loader = debian.loader
            keyFolder = debian.folder
            drives.insert(.init(debian.disk), at: 0)
            discardsDriveWrites = true
        } else if let start = try? HostFile.start(of: image, DiskSigns.byteCount),
            DiskSigns.match(start)
        {
            loader = try BootLoader.prepare(progress: progress).path
            drives.insert(.init(image), at: 0)
        }
    }
}
