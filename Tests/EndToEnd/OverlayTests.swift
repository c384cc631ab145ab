import Foundation
import GuestKit
import Hull
import TestKit
import Testing

/// A guest that writes to an overlay, and the image below it.
@Suite(
    .enabled(
        if: Guests.hasDebian && Toolchain.has("qemu-img") && Toolchain.has("mkfs.ext4"),
        "Debian's packages cannot be fetched, or qemu-img or mkfs.ext4 is missing"))
struct OverlayTests {
    /// What the guest wrote is there at its next start, and in the overlay alone.
    @Test(arguments: Configuration.Engine.allCases)
    func theBaseStaysAsItWas(_ engine: Configuration.Engine) throws {
        try withTemporaryFolder { folder in
            let base = folder.appendingPathComponent("base.img")
            let overlay = folder.appendingPathComponent("mine.qcow2").path
            for (program, arguments) in [
                ("truncate", ["-s", "32M", base.path]), ("mkfs.ext4", ["-q", "-F", base.path]),
            ] {
                #expect(try Toolchain.run(program, arguments).status == 0)
            }
            let before = try Data(contentsOf: base)
            let made = try Toolchain.runBuilt(
                "hull", ["image", "create", "-f", "qcow2", "-b", base.path, overlay])
            #expect(made.status == 0, "\(made.errors)")
            func guest(_ command: String) throws -> String {
                try LinuxTests.output(
                    "mount -t ext4 /dev/vda /mnt; \(command); umount /mnt",
                    try LinuxTests.configuration {
                        $0.engine = engine
                        $0.drives = [.init(overlay)]
                    })
            }
            _ = try guest("head -c 3000000 /dev/urandom > /mnt/x; sha256sum /mnt/x > /mnt/sum")
            #expect(try guest("sha256sum -c /mnt/sum").contains("/mnt/x: OK"))
            #expect(try Data(contentsOf: base) == before)
            let check = try Toolchain.run("qemu-img", ["check", overlay])
            #expect(check.status == 0, "\(check.text)\(check.errors)")
        }
    }
}
