import DiskImage
import Foundation
import GuestKit
import HostIO
import Hull
import TestKit
import Testing

/// A process that runs a guest is killed while the guest writes and synchronises: what the guest was told
/// to be on the disk is there afterwards.
@Suite(
    .serialized,
    .enabled(
        if: Guests.hasDebian && Toolchain.has("qemu-img") && Toolchain.has("mkfs.ext4"),
        "Debian's packages cannot be fetched, or qemu-img or mkfs.ext4 is missing"))
struct KillTests {
    static let byteCount = 32 << 20
    static let blockBytes = 4096
    private static let places = byteCount / blockBytes
    /// Odd, so that every block has its turn: neighbours come from far apart.
    private static let stride = 1103

    /// Writes its number to one block after another, all over the disk.
    private static let blockWork =
        "i=0; while :; do yes $i | head -c \(blockBytes) > /tmp/b; dd if=/tmp/b of=/dev/vda"
        + " bs=\(blockBytes) seek=$((i*\(stride)%\(places))) conv=notrunc,fsync 2>/dev/null"
        + " && echo @ack $i; i=$((i+1)); done"
    /// Writes its number to one file after another.
    private static let fileWork =
        "mount -t ext4 /dev/vda /mnt; i=0; while :; do yes $i | head -c \(blockBytes) > /tmp/b;"
        + " dd if=/tmp/b of=/mnt/f$i conv=fsync 2>/dev/null && echo @ack $i; i=$((i+1)); done"

    private static func pattern(_ number: Int) -> [UInt8] {
        let line = Array("\(number)\n".utf8)
        return (0..<blockBytes).map { line[$0 % line.count] }
    }

    @Test func whatWasSynchronisedIsThere() throws {
        var numbers = SeededNumbers(seed: Effort.seeds[0])
        for round in 0..<Effort.rounds(10, share: 25_000) {
            let (isFormatted, isQcow) = (round / 2 % 2 == 1, round % 2 == 1)
            try withTemporaryFolder { folder in
                let drive = folder.appendingPathComponent("drive").path
                try makeDrive(drive, isFormatted: isFormatted, isQcow: isQcow)
                let count = Int.random(in: 1..<60, using: &numbers)
                let delay = UInt32.random(in: 0..<20_000, using: &numbers)
                let acknowledged = try runAndKill(
                    drive, isQcow, isFormatted ? Self.fileWork : Self.blockWork, after: count,
                    microseconds: delay)
                #expect(acknowledged.count >= count, "round \(round)")
                try check(drive, isFormatted, isQcow, acknowledged, folder, "round \(round)")
            }
        }
    }

    private func run(_ program: String, _ arguments: [String], allowing: Set<Int32> = [0]) throws
        -> ProcessOutcome
    {
        let outcome = try Toolchain.run(program, arguments)
        #expect(
            allowing.contains(outcome.status),
            "\(program) \(arguments): \(outcome.errors)\(outcome.text)")
        return outcome
    }

    private func makeDrive(_ path: String, isFormatted: Bool, isQcow: Bool) throws {
        let raw = isQcow ? path + ".raw" : path
        try Data().write(to: URL(fileURLWithPath: raw))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: raw))
        try file.truncate(atOffset: UInt64(Self.byteCount))
        try file.close()
        if isFormatted { _ = try run("mkfs.ext4", ["-q", "-F", raw]) }
        // Small clusters, so that tables change often.
        if isQcow {
            _ = try run(
                "qemu-img",
                [
                    "convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4096", raw, path,
                ])
        }
    }

    /// Boots, waits for so many acknowledgements and a moment more, kills, and returns all of them.
    private func runAndKill(
        _ drive: String, _ isQcow: Bool, _ work: String, after count: Int, microseconds: UInt32
    ) throws -> [Int] {
        let guest = try Guests.debian.get()
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent()
            .appendingPathComponent("hull")
        process.arguments = [
            "boot", guest.kernel, "--initrd", guest.initialRAMDisk, "--memory", "256M",
            "--timeout", "300", "--drive", "\(drive),format=\(isQcow ? "qcow2" : "raw")",
            "--append", "console=ttyS0 quiet hull.run=\"\(work)\"",
        ]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var text: [UInt8] = []
        var isKilled = false
        while true {
            let some = output.fileHandleForReading.availableData
            if some.isEmpty { break }
            text += some
            if !isKilled, Self.acknowledged(text).count >= count {
                usleep(microseconds)
                kill(process.processIdentifier, SIGKILL)
                isKilled = true
            }
        }
        process.waitUntilExit()
        withExtendedLifetime(input) {}
        return Self.acknowledged(text)
    }

    /// The numbers of whole lines `@ack N`.
    private static func acknowledged(_ text: [UInt8]) -> [Int] {
        text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
            .compactMap { line in
                let words = String(decoding: line, as: UTF8.self)
                    .trimmingCharacters(in: .whitespacesAndNewlines).split(separator: " ")
                return words.count == 2 && words[0] == "@ack" ? Int(words[1]) : nil
            }
    }

    private func check(
        _ drive: String, _ isFormatted: Bool, _ isQcow: Bool, _ acknowledged: [Int], _ folder: URL,
        _ place: String
    ) throws {
        let raw = folder.appendingPathComponent("left").path
        if isQcow {
            // 3: clusters that nobody uses, and nothing worse.
            _ = try run("qemu-img", ["check", drive], allowing: [0, 3])
            #expect(try openedSoundly(drive), "\(place)")
            _ = try run("qemu-img", ["convert", "-O", "raw", drive, raw])
        } else {
            try FileManager.default.copyItem(atPath: drive, toPath: raw)
        }
        if isFormatted {
            // 1: the journal was replayed. Nothing else is to be done.
            _ = try run("e2fsck", ["-fp", raw], allowing: [0, 1])
            _ = try run("e2fsck", ["-fn", raw])
        }
        let content = Array(try Data(contentsOf: URL(fileURLWithPath: raw)))
        for number in acknowledged {
            let wanted = Self.pattern(number)
            if isFormatted {
                let found = try run("debugfs", ["-R", "cat f\(number)", raw])
                #expect(found.output == wanted, "\(place), file \(number)")
            } else {
                let start = number * Self.stride % Self.places * Self.blockBytes
                #expect(
                    content[start..<start + Self.blockBytes].elementsEqual(wanted),
                    "\(place), block \(number)")
            }
        }
    }

    private func openedSoundly(_ path: String) throws -> Bool {
        guard case .qcow(let image) = try ImageFile(ImageOpening(path)).layer else { return false }
        return try image.check().faults.isEmpty
    }
}
