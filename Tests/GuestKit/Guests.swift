import Bits
import HostIO
import Hull

/// Real guests for tests: fetched once through apt and kept in the user's cache. Where there is no
/// network, the tests that need them are skipped by name.
package enum Guests {
    /// Debian's kernel and an initial file system.
    package static let debian = Result { () throws(HullError) in try prepareDebian() }
    package static var hasDebian: Bool { said(debian) }

    package static func prepareDebian() throws(HullError) -> DebianGuest {
        try DebianGuest.prepare(progress: { _ in })
    }

    /// A full Debian on a disk. Made once, which takes minutes.
    package static let fullDebian = Result { () throws(HullError) in
        try DebianImage.prepare(progress: { _ in })
    }
    package static var hasFullDebian: Bool { said(fullDebian) }

    /// What a full Debian needs beside to run guests of its own.
    package static let nestingPackages = ["qemu-system-riscv"]
    /// A full Debian with these, made once as well.
    package static let nesting = Result { () throws(HullError) in
        try DebianImage.prepare(more: nestingPackages, progress: { _ in })
    }
    package static var hasNesting: Bool { said(nesting) }

    /// OpenSBI's two firmwares for the `virt` board, and U-Boot for machine mode and supervisor mode.
    package struct Firmware: Sendable {
        package let jump: String
        package let dynamic: String
        package let uboot: String
        package let ubootSupervisor: String
    }
    package static let firmware = Result { () throws(HullError) in try prepareFirmware() }
    package static var hasFirmware: Bool { said(firmware) }

    /// GRUB as Debian's own installation images start it, for a disk with EFI.
    package static let grub = Result { () throws(HullError) in
        try kept("test-grub", ["grub-efi-riscv64-unsigned"])
            + "/usr/lib/grub/riscv64-efi/monolithic/gcdriscv64.efi"
    }
    package static var hasGRUB: Bool { said(grub) }

    /// The folder of this name in the cache, with the files of these packages.
    private static func kept(_ name: String, _ packages: [String]) throws(HullError) -> String {
        let cache = try HostFolder.caches() + "/hull"
        let place = "\(cache)/\(name)"
        try HostFolder.create(cache)
        return try HostFolder.locked(place + ".lock", waiting: {}) { () throws(HullError) in
            if !HostFolder.exists(place) { try fetch(packages, into: place) }
            return place
        }
    }

    private static func fetch(_ packages: [String], into place: String) throws(HullError) {
        let work = place + "-unfinished"
        try HostFolder.remove(work)
        let archive = try DebianArchive(
            suite: "trixie", architecture: "riscv64", folder: work + "/apt")
        try archive.update(progress: { _ in })
        for file in try archive.fetch(packages, progress: { _ in }) {
            try DebianArchive.unpack(file, into: work + "/root")
        }
        try HostFolder.rename(work + "/root", to: place)
        try HostFolder.remove(work)
    }

    private static func prepareFirmware() throws(HullError) -> Firmware {
        let root = try kept("test-firmware", ["opensbi", "u-boot-qemu"])
        let sbi = root + "/usr/lib/riscv64-linux-gnu/opensbi/generic"
        let uboot = root + "/usr/lib/u-boot"
        return Firmware(
            jump: sbi + "/fw_jump.bin", dynamic: sbi + "/fw_dynamic.bin",
            uboot: uboot + "/qemu-riscv64/u-boot.bin",
            ubootSupervisor: uboot + "/qemu-riscv64_smode/u-boot.bin")
    }

    /// Whether it is there; says why not, since the reason of a skipped test is fixed beforehand.
    private static func said<Success>(_ result: Result<Success, HullError>) -> Bool {
        switch result {
        case .success: return true
        case .failure(let error):
            print("cannot fetch: \(error)")
            return false
        }
    }
}
