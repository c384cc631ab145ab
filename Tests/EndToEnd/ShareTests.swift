import Foundation
import GuestKit
import Hull
import TestKit
import Testing

/// Folders of the host in Debian's kernel.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct ShareTests {
    /// Runs one command with a folder shared as `/src`.
    static func output(
        _ command: String, sharing folder: URL, isReadOnly: Bool = false,
        by transport: Transport = .nineP
    ) throws -> String {
        try LinuxTests.output(
            command,
            try LinuxTests.configuration {
                $0.shares = [
                    .init(folder.path, at: "/src", isReadOnly: isReadOnly, transport: transport)
                ]
            })
    }
    typealias Transport = Configuration.Share.Transport

    /// What can serve a folder here.
    static let transports: [Transport] =
        hasFileSystemProgram ? [.nineP, .virtiofs] : [.nineP]
    static let hasFileSystemProgram = ["/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd"]
        .contains { FileManager.default.isExecutableFile(atPath: $0) }

    static func shell(_ command: String, in folder: URL) throws -> String {
        try Toolchain.run("sh", ["-c", command], in: folder).text
    }

    /// One number for the names and bytes of everything below a folder.
    static let digest =
        "find . -type f | sort | xargs sha256sum | sha256sum | cut -c 1-64"

    @Test(arguments: [Transport.nineP])
    func tenThousandFilesAreTheSameOnBothSides(_ transport: Transport) throws {
        try withTemporaryFolder { folder in
            _ = try Self.shell(
                """
                mkdir in; cd in
                for d in $(seq 100); do mkdir $d; for f in $(seq 100); do
                echo $d $f > $d/$f; done; done
                head -c 5000000 /dev/urandom > large
                """, in: folder)
            let there = try Self.shell("cd in; \(Self.digest)", in: folder)
            let text = try Self.output(
                "cd /src/in; \(Self.digest); cp -r . ../out",
                sharing: folder, by: transport)
            let sum = String(there.prefix(64))
            #expect(sum.count == 64)
            #expect(text.components(separatedBy: sum).count == 2, "\(text)")
            let back = try Self.shell("cd out; \(Self.digest); find . -type f | wc -l", in: folder)
            #expect(back == "\(sum)\n10001\n")
        }
    }

    @Test func aReadOnlyFolderRefusesWrites() throws {
        try withTemporaryFolder { folder in
            try Data("kept".utf8).write(to: folder.appendingPathComponent("file"))
            let text = try Self.output(
                "cd /src; cat file; echo x > file || echo a; mkdir y || echo b; rm file || echo c;"
                    + " mv file z || echo d; ln -s file l || echo e; chmod 600 file || echo f;"
                    + " touch file || echo g; cat file",
                sharing: folder, isReadOnly: true)
            #expect(text.components(separatedBy: "Read-only file system").count == 8, "\(text)")
            let left = try Self.shell("ls; cat file; stat -c %a file", in: folder)
            #expect(left == "file\nkept644\n")
        }
    }

    @Test func linksOfTheGuestEndInTheGuest() throws {
        try withTemporaryFolder { base in
            let folder = base.appendingPathComponent("shared")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            try Data("secret".utf8).write(to: base.appendingPathComponent("secret"))
            _ = try Self.shell(
                "ln -s ../secret a; ln -s \(base.path)/secret b; ln -s / c", in: folder)
            let text = try Self.output(
                "cd /src; cat a; cat b; ls c; cd ..; ls; echo x > /src/a; cat secret;"
                    + " mknod /src/null c 1 3 || echo no device",
                sharing: folder)
            // The guest follows links itself, from its own root on.
            #expect(text.contains("busybox") || text.contains("init"), "\(text)")
            #expect(text.contains("no device"))
            let after = try String(
                contentsOf: base.appendingPathComponent("secret"), encoding: .utf8)
            #expect(after == "secret")
        }
    }

    /// What `make` and `git` count on: modes, links, renames over files, times, open files without a
    /// name, locks, appending.
    private static let script = """
        set -e
        cd /src
        echo one > a; chmod 755 a; ln -s a link; ln a hard; mkdir -p d/e
        [ -x a ]; [ $(cat link) = one ]; [ $(stat -c %h a) = 2 ]
        echo two > b; mv -f b a; [ $(cat a) = two ]; [ $(cat hard) = one ]
        mv d moved; [ -d moved/e ]; rmdir moved/e moved
        touch -d '2001-02-03 04:05:06' a; [ $(stat -c %Y a) = 981173106 ]
        exec 3<>a; rm a; echo three >&3; exec 3>&-
        echo x > log; echo y >> log; echo z >> log; [ $(cat log | tr -d '\\n') = xyz ]
        dd if=/dev/zero of=sparse bs=1 count=1 seek=1048575 2>/dev/null
        [ $(stat -c %s sparse) = 1048576 ]
        : > sparse; [ $(stat -c %s sparse) = 0 ]
        mkfifo pipe; (echo through > pipe &); cat pipe
        chown 12:34 log
        cp /bin/busybox busybox; ./busybox echo runs
        umask 077; echo q > private; [ $(stat -c %a private) = 600 ]
        mv log 'name with spaces'; ls
        df . | tail -1
        echo all good
        """

    @Test(arguments: transports)
    func filesBehaveAsFilesDo(_ transport: Transport) throws {
        try check { try Self.output("sh /src/script", sharing: $0, by: transport) }
    }

    /// The same by the command, whose threads have given up what they do not need.
    @Test(arguments: hasFileSystemProgram ? ["9p", "virtiofs"] : ["9p"])
    func filesBehaveAsFilesDoUnderConfinement(_ transport: String) throws {
        let guest = try Guests.debian.get()
        // A thread without capabilities gives no file to somebody else.
        try check(changesOwner: transport != "9p") { folder in
            let outcome = try Toolchain.runBuilt(
                "hull",
                [
                    "boot", guest.kernel, "--initrd", guest.initialRAMDisk, "--memory", "512M",
                    "--timeout", "240", "-v", "\(folder.path):/src:\(transport)", "--append",
                    "console=ttyS0 quiet hull.run=\"sh /src/script\"",
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome.text
        }
    }

    private func check(changesOwner: Bool = true, _ run: (URL) throws -> String) throws {
        try withTemporaryFolder { folder in
            let script = Self.script.replacing(
                "chown 12:34 log", with: changesOwner ? "chown 12:34 log" : "true")
            try script.write(
                to: folder.appendingPathComponent("script"), atomically: true, encoding: .utf8)
            let text = try run(folder)
            for word in ["all good", "through", "runs"] {
                #expect(text.contains(word), "\(text)")
            }
            let listing = try Self.shell("ls; stat -c %a private busybox; cat hard", in: folder)
            #expect(
                listing
                    == "busybox\nhard\nlink\nname with spaces\npipe\nprivate\nscript\nsparse\n600\n755\none\n"
            )
        }
    }

    /// A program that the host replaces between two runs is the new one: nothing of the old one's
    /// translation is left.
    @Test(arguments: Configuration.Engine.allCases, transports)
    func aProgramThatTheHostReplacesIsTheNewOne(
        _ engine: Configuration.Engine, by transport: Transport
    ) throws {
        try withTemporaryFolder { folder in
            let program = folder.appendingPathComponent("program")
            func place(_ answer: Int) throws {
                let code = """
                    .globl _start
                    _start: la a1, text
                    li a0, 1
                    li a2, 9
                    li a7, 64
                    ecall
                    li a0, \(answer)
                    li a7, 93
                    ecall
                    text: .ascii "answer \(answer)\\n"
                    """
                try Data(try Toolchain.link(code)).write(to: program)
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: program.path)
            }
            try place(1)
            let machine = try LinuxTests.shell(
                try LinuxTests.configuration {
                    $0.engine = engine
                    $0.shares = [.init(folder.path, at: "/src", transport: transport)]
                })
            for answer in 1...3 {
                try place(answer)
                machine.send("/src/program; echo status $?\n")
                let text = try machine.read(until: "\nstatus \(answer)", timeoutSeconds: 60)
                #expect(text.contains("answer \(answer)\r\n"), "\(text)")
            }
            machine.send("poweroff -f\n")
            #expect(try machine.wait() == 0)
        }
    }
}
