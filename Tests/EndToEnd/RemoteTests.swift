import Foundation
import GuestKit
import Hull
import TestKit
import Testing

/// Devices in other processes, under Debian's kernel.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct RemoteTests {
    /// `hull block-backend`, which can be killed and started again.
    final class BackEnd {
        private let image: String
        private let socket: String
        private var process: Process?
        private(set) var lives = 0

        init(_ image: String, _ socket: String) {
            self.image = image
            self.socket = socket
        }
        deinit { kill() }

        func start() throws {
            let process = Process()
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent()
                .appendingPathComponent("hull")
            process.arguments = ["block-backend", "--socket", socket, image]
            try process.run()
            self.process = process
            lives += 1
        }
        func kill() {
            guard let process else { return }
            _ = Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            self.process = nil
        }
        /// Until it listens.
        func wait() throws {
            for _ in 0..<1000 where !FileManager.default.fileExists(atPath: socket) {
                usleep(10_000)
            }
            try #require(FileManager.default.fileExists(atPath: socket))
        }
    }

    /// The guest writes and flushes blocks, each of which says which one it is, while the back end is
    /// killed and started again: the guest waits, and nothing that it was told is on the drive is lost.
    @Test func aBackEndThatIsKilledLosesNothing() throws {
        try withTemporaryFolder { folder in
            let image = folder.appendingPathComponent("drive.img")
            try Data(count: 16 << 20).write(to: image)
            let socket = folder.appendingPathComponent("socket").path
            let backEnd = BackEnd(image.path, socket)
            try backEnd.start()
            try backEnd.wait()
            let machine = try LinuxTests.shell(
                try LinuxTests.configuration { $0.remotes = [.init(.block, socket: socket)] })
            machine.send("cat /sys/block/vda/size; echo $?\n")
            try machine.read(until: "32768", timeoutSeconds: 60)
            machine.send(
                """
                head -c 4194304 /dev/urandom > /tmp/x; sha256sum /tmp/x; \
                for i in $(seq 0 255); do dd if=/tmp/x of=/dev/vda bs=16k skip=$i seek=$i count=1 \
                conv=fsync,notrunc 2>/dev/null && echo "wrote $i"; done; \
                echo 3 > /proc/sys/vm/drop_caches; \
                head -c 4194304 /dev/vda | sha256sum; echo all done\n
                """)
            for block in stride(from: 20, to: 240, by: 40) {
                try machine.read(until: "wrote \(block)\r\n", timeoutSeconds: 120)
                backEnd.kill()
                // The guest goes on writing, or waits, for a while without one.
                usleep(150_000)
                try backEnd.start()
            }
            let text = try machine.read(until: "\nall done", timeoutSeconds: 240)
            machine.send("poweroff -f\n")
            #expect(try machine.wait() == 0)
            backEnd.kill()
            #expect(backEnd.lives == 7)
            let digest = try Toolchain.run(
                "sh", ["-c", "head -c 4194304 \(image.path) | sha256sum"])
            let sum = String(digest.text.prefix(64))
            #expect(sum.count == 64 && text.contains(sum), "\(text)")
            #expect(text.contains("wrote 255"))
        }
    }

    @Test func aBackEndThatIsNotThereIsASentence() throws {
        do {
            _ = try VirtualMachine(
                try LinuxTests.configuration {
                    $0.remotes = [.init(.block, socket: "/nowhere/socket")]
                })
            Issue.record("accepted")
        } catch let error as VirtualMachineError {
            #expect(error.description.contains("/nowhere/socket cannot be reached"))
        }
    }

    @Test func repeatableRunsRefuseIt() throws {
        try withTemporaryFolder { folder in
            let image = folder.appendingPathComponent("drive.img")
            try Data(count: 1 << 20).write(to: image)
            let socket = folder.appendingPathComponent("socket").path
            let backEnd = BackEnd(image.path, socket)
            try backEnd.start()
            try backEnd.wait()
            do {
                _ = try VirtualMachine(
                    try LinuxTests.configuration {
                        $0.remotes = [.init(.block, socket: socket)]
                        $0.clock = .instructions(megahertz: 100)
                    })
                Issue.record("accepted")
            } catch let error as VirtualMachineError {
                #expect(error.description.contains("cannot be repeated"))
            }
        }
    }

    /// Processes whose command line begins with this, and that have not ended.
    private func processes(_ program: String, _ argument: String) -> [String] {
        let files = FileManager.default
        return ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).filter { name in
            guard Int(name) != nil, let bytes = files.contents(atPath: "/proc/\(name)/cmdline")
            else { return false }
            let words = String(decoding: bytes, as: UTF8.self)
            return words.hasPrefix(program) && words.contains(argument)
        }
    }

    /// Nobody is left behind when the machine's process is killed.
    @Test(.enabled(if: ShareTests.hasFileSystemProgram, "virtiofsd is not installed"))
    func theServerOfAFolderEndsWithUs() throws {
        try withTemporaryFolder { folder in
            let guest = try Guests.debian.get()
            let process = Process()
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent()
                .appendingPathComponent("hull")
            process.arguments = [
                "boot", guest.kernel, "--initrd", guest.initialRAMDisk, "--append",
                "console=ttyS0", "--memory", "256M", "-v", "\(folder.path):/src:virtiofs",
            ]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            func waits(_ wanted: Bool) -> Bool {
                for _ in 0..<2000 {
                    let isThere = !processes("/usr/lib", folder.lastPathComponent).isEmpty
                    if isThere == wanted { return true }
                    usleep(10_000)
                }
                return false
            }
            #expect(waits(true))
            _ = kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(waits(false))
        }
    }
}
