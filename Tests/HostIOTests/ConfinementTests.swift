import Foundation
import HostIO
import TestKit
import Testing

/// What the kernel enforces, seen from a process that confined itself.
@Suite struct ConfinementTests {
    private func probe(_ arguments: [String]) throws -> [String] {
        let outcome = try Toolchain.runBuilt("HostProbe", arguments)
        return outcome.text.split(separator: "\n").map(String.init)
    }

    @Test(arguments: ThreadKind.allCases)
    func nothingForbiddenCanBeDone(_ kind: ThreadKind) throws {
        let lines = try probe(["attempts", kind.rawValue])
        #expect(lines.count >= 30, "\(lines)")
        for line in lines {
            let (name, outcome) = (
                line.prefix { $0 != ":" }, line.split(separator: " ").last.map(String.init) ?? ""
            )
            // Files are denied, `clone3` is not there (38: ENOSYS), all else ends the process.
            let wanted =
                switch (kind, name) {
                case (_, "open"), (_, "create"), (.share, "open2"): "denied"
                // ENOSYS; and ENOENT, since nothing was created.
                case (_, "new process"): "38"
                case (.share, "unlink"): "2"
                default: "refused"
                }
            #expect(outcome == wanted, "\(kind): \(line)")
        }
    }

    /// `uretprobe` and `uprobe`: newer kernels ask no filter about them, and end who calls them from
    /// anywhere but the code that they made for it.
    private static let probes: Set<UInt32> = [335, 336]

    /// Exactly the calls that a kind lists reach the kernel.
    @Test(arguments: ThreadKind.allCases)
    func theKernelEnforcesTheList(_ kind: ThreadKind) throws {
        let lines = try probe(["scan", kind.rawValue])
        #expect(lines.count == 480)
        for line in lines {
            let words = line.split(separator: " ")
            let number = UInt32(words[0]) ?? 0
            let wanted: String
            if let rule = kind.rules.first(where: { SystemCall.number($0.name) == number }) {
                // All arguments are zero.
                let holds = rule.conditions.allSatisfy { condition in
                    switch condition.test {
                    case .isOne(let values): values.contains(0)
                    case .lacks: true
                    case .isThisProcess: false
                    }
                }
                wanted = holds ? "allowed" : "refused"
            } else if kind.denied.contains(where: { SystemCall.number($0) == number }) {
                wanted = "denied"
            } else if kind.absent.contains(where: { SystemCall.number($0) == number })
                || number >= FilterProgram.firstUnknown
            {
                wanted = "absent"
            } else if Self.probes.contains(number) {
                continue
            } else {
                wanted = "refused"
            }
            #expect(words[1] == wanted, "\(kind): \(line) \(SystemCall.name(number) ?? "")")
        }
    }

    @Test func aRefusalIsASentence() throws {
        let outcome = try Toolchain.runBuilt("HostProbe", ["refusal"])
        #expect(outcome.status == SIGSYS)
        #expect(
            outcome.errors.contains(
                "hull: the thread \"waiter\" asked the host for system call 59 (execve), which it gave up"
            ), "\(outcome.errors)")
    }

    @Test(.enabled(if: FileRights.version > 0, "this kernel has no Landlock"))
    func filesOutsideAreDenied() throws {
        try withTemporaryFolder { folder in
            let inside = folder.appendingPathComponent("shared")
            try FileManager.default.createDirectory(
                at: inside, withIntermediateDirectories: true)
            try Data([1]).write(to: inside.appendingPathComponent("inside"))
            try Data([2]).write(to: folder.appendingPathComponent("outside"))
            try FileManager.default.createSymbolicLink(
                atPath: inside.path + "/link", withDestinationPath: "../outside")
            let lines = try probe(["files", inside.path])
            #expect(lines == ["open", "denied", "denied", "denied", "denied", "denied"])
        }
    }
}
