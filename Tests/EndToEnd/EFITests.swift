import Bits
import Foundation
import GuestKit
import Hull
import TestKit
import Testing

/// Disks that start by EFI, as Debian's installation images and most distributions' do.
@Suite(
    .serialized,
    .enabled(if: Guests.hasDebian && Guests.hasGRUB, "Debian's packages cannot be fetched"))
struct EFITests {
    /// A disk with one partition, laid out like Debian's installation images.
    private func makeDisk(_ path: String, menu: String) throws {
        let guest = try Guests.debian.get()
        let byteCount: UInt64 = 192 << 20
        let disk = try PartitionedDisk(path, partitionBytes: byteCount)
        var writer = try Ext4Writer(
            byteCount: byteCount, label: "efi", identifier: Array(1...16), time: 1_700_000_000
        ) { offset, bytes throws(HullError) in try disk.write(offset, bytes) }
        for folder in ["EFI", "EFI/BOOT", ".disk", "boot", "boot/grub"] {
            try writer.folder(folder, FileAttributes(0o755))
        }
        let files = [
            (
                "EFI/BOOT/BOOTRISCV64.EFI",
                [UInt8](try Data(contentsOf: URL(fileURLWithPath: try Guests.grub.get())))
            ),
            (".disk/info", Array("a disk\n".utf8)), ("boot/grub/grub.cfg", Array(menu.utf8)),
            ("kernel", [UInt8](try Data(contentsOf: URL(fileURLWithPath: guest.kernel)))),
            ("initrd", [UInt8](try Data(contentsOf: URL(fileURLWithPath: guest.initialRAMDisk)))),
        ]
        for (name, content) in files {
            try writer.file(name, FileAttributes(0o644), content[...])
        }
        try writer.finish()
    }

    /// U-Boot finds GRUB, GRUB shows its menu and takes a key, and Linux finds what EFI gave it.
    @Test func linuxStartsThroughGRUB() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("disk.img").path
            try makeDisk(
                path,
                menu: """
                    set timeout=60
                    menuentry 'first' { halt }
                    menuentry 'second' {
                        linux /kernel console=ttyS0 quiet
                        initrd /initrd
                    }

                    """)
            let machine = try FullDebianTests.started(fromDisk: path, harts: 2)
            try machine.read(until: "second", timeoutSeconds: 120)
            // The arrow and Enter.
            machine.send("\u{1b}[B\r")
            try machine.read(until: "~ # ", timeoutSeconds: 120)
            machine.send("ls /sys/firmware/efi; cat /proc/cmdline; nproc\n")
            let text = try machine.read(until: "~ # ", timeoutSeconds: 60)
            #expect(text.contains("fw_platform_size") && text.contains("/kernel"), "\(text)")
            #expect(text.contains("\n2\r\n"), "\(text)")
            machine.send("poweroff -f\n")
            #expect(try machine.wait() == 0)
        }
    }
}
