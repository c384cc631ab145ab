import Bits
import Foundation
import GuestKit
import HostIO
import Hull
import TestKit
import Testing

@Suite struct DebianGuestTests {
    private func failure(mirror: String?, keyring: String? = nil) throws -> HullError? {
        try withTemporaryFolder { folder in
            do throws(HullError) {
                _ = try DebianGuest.prepare(
                    cache: folder.path, mirror: mirror, keyring: keyring, progress: { _ in })
                return nil
            } catch {
                // Nothing half made stays.
                #expect(HostFolder.names(folder.path) == ["lock"])
                return error
            }
        }
    }

    @Test func aMirrorThatIsNotThereIsASentence() throws {
        let error = try #require(try failure(mirror: "file:/nowhere/debian"))
        #expect(error.message.contains("mirror could not be reached"), "\(error)")
        #expect(error.cause?.contains("/nowhere/debian") == true)
    }

    @Test func anUnsignedArchiveIsRefused() throws {
        try withTemporaryFolder { folder in
            let suite = folder.appendingPathComponent("dists/trixie")
            let packages = suite.appendingPathComponent("main/binary-riscv64")
            try FileManager.default.createDirectory(at: packages, withIntermediateDirectories: true)
            try Data("Package: linux-image-riscv64\n".utf8)
                .write(to: packages.appendingPathComponent("Packages"))
            try Data("Suite: trixie\n".utf8).write(to: suite.appendingPathComponent("Release"))
            let error = try #require(try failure(mirror: "file:\(folder.path)"))
            #expect(error.message.contains("signature of Debian trixie"), "\(error)")
        }
    }

    @Test func aMissingKeyringIsNamed() throws {
        let error = try #require(try failure(mirror: nil, keyring: "/nowhere/keyring.gpg"))
        #expect(error.message.contains("debian-archive-keyring"))
    }

    @Test(.enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
    func theGuestIsFetchedAndBuilt() throws {
        let guest = try Guests.debian.get()
        let image = try HostFile.read(guest.kernel)
        #expect(image[0x38..<0x3c].elementsEqual("RSC\u{5}".utf8))
        let archive = try HostFile.read(guest.initialRAMDisk)
        #expect(archive.starts(with: "070701".utf8))
        // A second call finds the cache, without apt.
        let again = try Guests.prepareDebian()
        #expect(again == guest)
    }

    @Test(.enabled(if: Guests.hasFirmware, "Debian's packages cannot be fetched"))
    func firmwareIsFetched() throws {
        let firmware = try Guests.firmware.get()
        for path in [firmware.jump, firmware.dynamic, firmware.uboot] {
            #expect((HostFolder.size(path) ?? 0) > 100_000, "\(path)")
        }
    }
}
