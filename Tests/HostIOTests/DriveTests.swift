import Bits
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

private func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
}

@Suite struct DriveFileTests {
    @Test func whatIsWrittenIsRead() throws {
        let file = try TemporaryFile(bytes(4096))
        let drive = try DriveFile(file.path, readOnly: false)
        #expect(drive.byteCount == 4096)
        #expect(drive.perform(request(.read, 512, 1024)).data == Array(bytes(4096)[512..<1536]))
        let sector = [UInt8](repeating: 0x5a, count: 512)
        #expect(drive.perform(request(.write, 3584, data: sector)).status == .ok)
        #expect(drive.perform(request(.flush)).status == .ok)
        #expect(Array(file.bytes.suffix(512)) == sector)
        #expect(file.bytes.count == 4096)
    }

    @Test func nothingBeyondTheEndIsReached() throws {
        let file = try TemporaryFile(bytes(4096))
        let drive = try DriveFile(file.path, readOnly: false)
        let sector = [UInt8](repeating: 1, count: 512)
        for offset: UInt64 in [4096, 3585, .max, .max - 511, 1 << 63] {
            for operation: BlockRequest.Operation in [.read, .discard, .writeZeroes] {
                #expect(drive.perform(request(operation, offset, 512)).status == .ioError)
            }
            #expect(drive.perform(request(.write, offset, data: sector)).status == .ioError)
        }
        #expect(drive.perform(request(.read, 0, .max)).status == .ioError)
        #expect(file.bytes == bytes(4096))
    }

    @Test func aSizeThatIsNoWholeSectorIsRoundedUp() throws {
        let file = try TemporaryFile(bytes(700))
        let drive = try DriveFile(file.path, readOnly: false)
        #expect(drive.byteCount == 1024)
        let tail = drive.perform(request(.read, 512, 512))
        #expect(tail.status == .ok)
        #expect(tail.data == Array(bytes(700)[512...]) + [UInt8](repeating: 0, count: 324))
        #expect(file.bytes.count == 700)
        let sector = [UInt8](repeating: 9, count: 512)
        #expect(drive.perform(request(.write, 512, data: sector)).status == .ok)
        #expect(file.bytes == Array(bytes(512)) + sector)
    }

    @Test func discardedAndZeroedBytesReadAsZero() throws {
        let file = try TemporaryFile(bytes(64 << 10))
        let drive = try DriveFile(file.path, readOnly: false)
        #expect(drive.perform(request(.writeZeroes, 512, 9216)).status == .ok)
        #expect(drive.perform(request(.writeZeroes, 0, 0)).status == .ok)
        #expect(drive.perform(request(.discard, 32 << 10, 8 << 10)).status == .ok)
        var expected = bytes(64 << 10)
        for index in 512..<9728 { expected[index] = 0 }
        #expect(Array(file.bytes[..<(32 << 10)]) == Array(expected[..<(32 << 10)]))
        #expect(Array(file.bytes[(40 << 10)...]) == Array(expected[(40 << 10)...]))
        #expect(file.bytes.count == 64 << 10)
    }

    @Test func aReadOnlyDriveIsNotWritten() throws {
        let file = try TemporaryFile(bytes(1024))
        let drive = try DriveFile(file.path, readOnly: true)
        for request in [
            request(.write, 0, data: [UInt8](repeating: 0, count: 512)),
            request(.writeZeroes, 0, 512), request(.discard, 0, 512),
        ] { #expect(drive.perform(request).status == .ioError) }
        #expect(drive.perform(request(.flush)).status == .ok)
        #expect(file.bytes == bytes(1024))
    }

    @Test func twoMachinesDoNotWriteOneImage() throws {
        func isRefused(_ path: String, readOnly: Bool) -> Bool {
            do {
                _ = try DriveFile(path, readOnly: readOnly)
                return false
            } catch { return error.code == .host && error.message.contains("another machine") }
        }
        let file = try TemporaryFile(bytes(1024))
        var first: DriveFile? = try DriveFile(file.path, readOnly: false)
        #expect(isRefused(file.path, readOnly: false))
        #expect(isRefused(file.path, readOnly: true))
        #expect(first?.byteCount == 1024)
        first = nil
        let readers = try (0..<2).map { _ in try DriveFile(file.path, readOnly: true) }
        #expect(isRefused(file.path, readOnly: false))
        #expect(readers.count == 2 && readers.allSatisfy { $0.byteCount == 1024 })
    }

    @Test func whatIsNoDriveIsRefusedInASentence() throws {
        func message(_ path: String, readOnly: Bool = false) -> String {
            do {
                _ = try DriveFile(path, readOnly: readOnly)
                return ""
            } catch { return error.message }
        }
        #expect(message("/tmp").contains("directory"))
        #expect(message("/tmp", readOnly: true).contains("directory"))
        #expect(message("/dev/null").contains("no drive"))
        #expect(message("/nonexistent/image").contains("cannot be opened"))
        #expect(message(try TemporaryFile([]).path).contains("cannot be opened"))
        let empty = try TemporaryFile([])
        #expect(message(empty.path).contains("empty"))
    }
}

@Suite(.serialized) struct HostDriveTests {
    @Test func eachRequestEndsInOneEvent() throws {
        let file = try TemporaryFile(bytes(512 * 64))
        let inbox = EventInbox()
        let drive = try HostDrive(file.path, readOnly: false, inbox: inbox)
        for tag in 0..<1000 as Range<UInt64> {
            drive.submit(request(.read, tag % 64 * 512, 512, tag: tag))
        }
        drive.submit(request(.read, 1 << 40, 512, tag: 1000))
        var ended: Set<UInt64> = []
        while ended.count < 1001, inbox.wait(timeoutNanoseconds: 20_000_000_000) {
            for case .block(0, let tag, let status, let data) in inbox.drain() {
                #expect(ended.insert(tag).inserted)
                let start = Int(tag % 64) * 512
                #expect(status == (tag < 1000 ? .ok : .ioError))
                #expect(
                    data == (tag < 1000 ? Array(bytes(512 * 64)[start..<(start + 512)]) : []))
            }
        }
        #expect(ended.count == 1001)
        drive.close()
    }

    @Test func closingWaitsForWhatWasSubmitted() throws {
        let file = try TemporaryFile([UInt8](repeating: 0, count: 512 * 512))
        let inbox = EventInbox()
        let drive = try HostDrive(file.path, readOnly: false, inbox: inbox)
        for tag in 0..<512 as Range<UInt64> {
            drive.submit(
                request(.write, tag * 512, tag: tag, data: [UInt8](repeating: 1, count: 512)))
        }
        drive.close()
        #expect(inbox.drain().count == 512)
        #expect(file.bytes == [UInt8](repeating: 1, count: 512 * 512))
    }

    /// SIGKILL takes the process, and no write that it had said to be complete.
    @Test func aCompletedWriteSurvivesTheProcess() throws {
        let file = try TemporaryFile([UInt8](repeating: 0, count: 512 * 20_000))
        let probe = try Probe(["writer", file.path])
        var output = receive(probe.output) { $0.count > 3_000 }
        probe.signal(SIGKILL)
        #expect(probe.wait() == -SIGKILL)
        output += receive(probe.output) { _ in false }
        close(probe.output)
        let image = file.bytes
        let complete = output.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .dropLast().compactMap { UInt64(String(decoding: $0, as: UTF8.self)) }
        #expect(complete.count > 500)
        var lost: [UInt64] = []
        for tag in complete {
            let start = Int(tag) * 512
            let value = UInt8(truncatingIfNeeded: tag &* 7 &+ 1)
            if !image[start..<(start + 512)].allSatisfy({ $0 == value }) { lost.append(tag) }
        }
        #expect(lost == [])
    }
}

@Suite struct EntropyTests {
    @Test func theHostsBytesDiffer() {
        let inbox = EventInbox()
        let entropy = HostEntropy(inbox: inbox)
        entropy.submit(device: 4, count: 64)
        entropy.submit(device: 4, count: 64)
        let events = inbox.drain()
        #expect(events.count == 2 && events[0] != events[1])
        for case .entropy(4, let bytes) in events { #expect(bytes.count == 64) }
        entropy.submit(device: 4, count: -1)
        #expect(inbox.drain() == [.entropy(device: 4, [])])
    }

    @Test func seededBytesAreTheSameEachTime() {
        var one = SeededEntropy(seed: 0)
        // SplitMix64 from seed 0 (Steele, Lea & Flood's reference sequence).
        #expect(one.next() == 0xe220_a839_7b1d_cdaf)
        #expect(one.next() == 0x6e78_9e6a_a1b9_65f4)
        var other = SeededEntropy(seed: 7)
        var again = SeededEntropy(seed: 7)
        #expect(other.bytes(33) == again.bytes(33))
    }
}

@Suite struct HostFileTests {
    @Test func aFileIsReadWhole() throws {
        let content = bytes(3_000_000)
        let file = try TemporaryFile(content)
        #expect(try HostFile.read(file.path) == content)
        try HostFile.write(file.path, [1, 2, 3])
        #expect(try HostFile.read(file.path) == [1, 2, 3])
    }
    @Test func whatCannotBeReadIsNamed() {
        func failure(_ path: String, limitBytes: Int = 1 << 20) -> HullError? {
            do {
                _ = try HostFile.read(path, limitBytes: limitBytes)
                return nil
            } catch { return error }
        }
        #expect(failure("/tmp")?.message.contains("/tmp is a directory") == true)
        #expect(failure("/nonexistent/file")?.cause?.isEmpty == false)
        #expect(failure("/dev/zero")?.code == .format)
    }
}
