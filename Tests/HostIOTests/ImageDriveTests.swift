import Bits
import DiskImage
import Effects
import Glibc
import HostIO
import Journal
import Testing

private func request(
    _ operation: BlockRequest.Operation, _ offset: UInt64 = 0, _ count: UInt64 = 0,
    tag: UInt64 = 0, data: [UInt8] = []
) -> BlockRequest {
    BlockRequest(
        device: 0, tag: tag, operation: operation, offset: offset,
        count: data.isEmpty ? count : UInt64(data.count), data: data)
}

private func newImage(_ size: UInt64 = 4 << 20) throws -> TemporaryFile {
    let file = try TemporaryFile([])
    _ = try QcowImage.create(
        QcowChoice(byteCount: size), in: try FileStorage(creating: file.path))
    return file
}

private func failure(_ opening: ImageOpening) -> HullError? {
    do throws(HullError) {
        _ = try ImageFile(opening)
        return nil
    } catch { return error }
}

@Suite struct ImageDriveTests {
    @Test func threadsWriteOneImage() throws {
        let file = try newImage()
        let inbox = EventInbox()
        let layer = try ImageFile(ImageOpening(file.path)).layer
        guard case .qcow(let opened) = layer else { return }
        let content = QcowDrive(opened)
        let drive = try HostDrive(content, inbox: inbox)
        for tag in 0..<512 as Range<UInt64> {
            let sector = [UInt8](repeating: UInt8(truncatingIfNeeded: tag + 1), count: 512)
            // Every other sector, in an order that jumps between clusters.
            drive.submit(request(.write, tag * 37 % 512 * 4096, tag: tag, data: sector))
            if tag % 50 == 49 { drive.submit(request(.flush, tag: 1000 + tag)) }
            if tag % 70 == 69 { drive.submit(request(.discard, 3 << 20, 1 << 20, tag: 2000 + tag)) }
        }
        drive.close()
        for case .block(_, let tag, let status, _) in inbox.drain() {
            #expect(status == .ok, "request \(tag)")
        }
        _ = content.perform(request(.flush))
        let check = try opened.check()
        #expect(check.faults == [] && check.leaked == 0)
        for tag in 0..<512 as Range<UInt64> where tag * 37 % 512 * 4096 < 3 << 20 {
            let read = content.perform(request(.read, tag * 37 % 512 * 4096, 512))
            let byte = UInt8(truncatingIfNeeded: tag + 1)
            #expect(read.data == [UInt8](repeating: byte, count: 512))
        }
    }

    @Test func accessesPastThePageCacheAreTheSame() throws {
        for isRaw in [true, false] {
            let file =
                isRaw ? try TemporaryFile([UInt8](repeating: 1, count: 1 << 20)) : try newImage()
            var opening = ImageOpening(file.path)
            opening.bypassesCache = true
            if let error = failure(opening) {
                // A file system without direct access says so.
                #expect(error.message.contains("leave out cache=none"))
                continue
            }
            let drive = try ImageFile(opening).drive()
            let data = (0..<70_000 / 512 * 512).map { UInt8(truncatingIfNeeded: $0 &* 3) }
            for offset: UInt64 in [0, 512, 4096, 131_072] {
                #expect(drive.perform(request(.write, offset, data: data)).status == .ok)
                let read = drive.perform(request(.read, offset, UInt64(data.count)))
                #expect(read.status == .ok && read.data == data)
            }
            #expect(drive.perform(request(.flush)).status == .ok)
        }
    }

    @Test func aGuestCannotTurnARawImageIntoAnother() throws {
        let file = try TemporaryFile([UInt8](repeating: 0, count: 1 << 20))
        let header = try newImage()
        let first = Array(header.bytes[..<512])
        let probed = try ImageFile(ImageOpening(file.path)).drive()
        #expect(probed.perform(request(.write, 0, data: first)).status == .ioError)
        #expect(probed.perform(request(.write, 512, data: first)).status == .ok)
        #expect(
            probed.perform(request(.write, 0, data: [UInt8](repeating: 4, count: 512))).status
                == .ok)
        #expect(file.bytes.prefix(512).allSatisfy { $0 == 4 })
        withExtendedLifetime(probed) {}
    }

    @Test func whatWasSaidToBeRawMayHoldAnything() throws {
        let file = try TemporaryFile([UInt8](repeating: 0, count: 1 << 20))
        var opening = ImageOpening(file.path)
        opening.format = .raw
        let first = Array(try newImage().bytes[..<512])
        do {
            let drive = try ImageFile(opening).drive()
            #expect(drive.perform(request(.write, 0, data: first)).status == .ok)
        }
        // And it stays raw for who says so again.
        let drive = try ImageFile(opening).drive()
        #expect(drive.byteCount == 1 << 20)
        #expect(drive.perform(request(.read, 0, 512)).data == first)
    }

    @Test func aTemporaryDriveLeavesItsImage() throws {
        let content = (0..<700).map { UInt8(truncatingIfNeeded: $0) }
        let file = try TemporaryFile(content)
        let drives = try (0..<2).map { _ in try ImageFile.temporaryDrive(ImageOpening(file.path)) }
        let sector = [UInt8](repeating: 8, count: 512)
        #expect(drives[0].byteCount == 1024)
        #expect(drives[0].perform(request(.write, 512, data: sector)).status == .ok)
        #expect(drives[0].perform(request(.flush)).status == .ok)
        #expect(drives[0].perform(request(.read, 0, 1024)).data == Array(content[..<512]) + sector)
        let rest = Array(content[512...]) + [UInt8](repeating: 0, count: 324)
        #expect(drives[1].perform(request(.read, 512, 512)).data == rest)
        #expect(file.bytes == content)
    }

    @Test func whatCannotBeOpenedIsExplained() throws {
        func qcow(backing: String?, format: ImageFormat? = nil) throws -> TemporaryFile {
            let file = try TemporaryFile([])
            var choice = QcowChoice(byteCount: 1 << 20)
            (choice.backingName, choice.backingFormat) = (backing, format)
            _ = try QcowImage.create(choice, in: try FileStorage(creating: file.path))
            return file
        }
        func message(_ file: TemporaryFile) -> String {
            failure(ImageOpening(file.path))?.message ?? ""
        }
        #expect(message(try qcow(backing: "/nonexistent/base")).contains("needs its backing file"))
        #expect(message(try qcow(backing: "nbd://host/x")).contains("only files work here"))
        #expect(
            message(try TemporaryFile(Array("KDMV".utf8) + [UInt8](repeating: 0, count: 2048)))
                .contains("VMDK"))
        #expect(
            message(
                try TemporaryFile(
                    [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 600))
            ).contains("qcow image"))
        let one = try qcow(backing: nil)
        var opening = ImageOpening(one.path)
        opening.snapshot = "none"
        #expect(failure(opening)?.message.contains("it has none at all") == true)
        // Two images that lie on each other.
        let first = try qcow(backing: nil)
        let second = try qcow(backing: first.path, format: .qcow2)
        var choice = QcowChoice(byteCount: 1 << 20)
        (choice.backingName, choice.backingFormat) = (second.path, .qcow2)
        _ = try QcowImage.create(choice, in: try FileStorage(creating: first.path))
        #expect(message(first).contains("run in a circle"))
    }
}
