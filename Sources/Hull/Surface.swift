import Bits
import HostIO

/// What each thread of a run may still ask of the host, for people and for programs.
package struct Surface {
    private struct Thread {
        let kind: ThreadKind
        var rights = FileRights()
    }
    private var threads: [Thread] = []
    private let isConfined: Bool

    package init(_ configuration: Configuration) throws(HullError) {
        isConfined = configuration.isConfined
        if let text = configuration.debugger {
            let endpoint = try DebugEndpoint(parsing: text)
            threads.append(Thread(kind: .debugger, rights: endpoint.fileRights))
        } else {
            threads.append(Thread(kind: .machine))
        }
        if configuration.hartCount > 1 { threads.append(Thread(kind: .hart)) }
        if !configuration.drives.isEmpty { threads.append(Thread(kind: .drive)) }
        let folder = try RuntimeFolder().path
        for network in configuration.networks {
            // A switch's folder goes with its last member.
            let isSwitch = if case .switched = network.kind { true } else { false }
            threads.append(
                Thread(
                    kind: .network,
                    rights: FileRights(isSwitch ? [folder: [.removeFile, .removeFolder]] : [:])))
        }
        for share in configuration.shares {
            let access: FileRights.Access = share.isReadOnly ? [.read, .list] : .serve
            threads.append(Thread(kind: .share, rights: FileRights([share.host: access])))
        }
        if !configuration.shares.isEmpty || !configuration.remotes.isEmpty {
            threads.append(Thread(kind: .remote))
        }
        threads.append(Thread(kind: .control, rights: FileRights([folder: .removeFile])))
        threads.append(Thread(kind: .console))
        threads.append(Thread(kind: .waiter))
    }

    // MARK: For people

    package var text: String {
        guard isConfined else { return "The program is not confined: all system calls are left.\n" }
        return threads.map(text).joined(separator: "\n")
    }

    private func text(_ thread: Thread) -> String {
        let calls = calls(thread.kind)
        let width = calls.map(\.rule.name.count).max() ?? 0
        var lines = ["\(thread.kind.rawValue): \(thread.kind.purpose)"]
        for (number, rule) in calls {
            let line =
                "\(pad("\(number)", 6, left: true))  \(pad(rule.name, width))  "
                + rule.conditions.map { "argument \($0.argument): \($0.text)" }
                .joined(separator: "; ")
            lines.append(String(line.reversed().drop { $0 == " " }.reversed()))
        }
        let files = paths(thread).map { "\($0.key) (\($0.value.text))" }
        lines.append("  \(calls.count) system calls; \(thread.kind.refused)")
        lines.append(
            "  files: \(files.isEmpty ? "none" : files.joined(separator: ", "))\(landlock)")
        lines.append("  capabilities: none")
        return lines.joined(separator: "\n") + "\n"
    }

    private func paths(_ thread: Thread) -> [(key: String, value: FileRights.Access)] {
        thread.rights.paths.sorted { $0.key < $1.key }
    }

    private var landlock: String {
        let version = FileRights.version
        return version > 0 ? " (Landlock \(version))" : " (by system calls alone: no Landlock here)"
    }

    private func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? space + text : text + space
    }

    private func calls(_ kind: ThreadKind) -> [(number: UInt32, rule: SystemCallRule)] {
        kind.rules.compactMap { rule in SystemCall.number(rule.name).map { ($0, rule) } }
            .sorted { $0.0 < $1.0 }
    }

    // MARK: For programs

    package var json: String {
        let list = isConfined ? threads.map(json).joined(separator: ",\n") : ""
        return """
            {"confined": \(isConfined), "landlock": \(FileRights.version), "threads": [
            \(list)
            ]}

            """
    }

    private func json(_ thread: Thread) -> String {
        let calls = calls(thread.kind).map { number, rule in
            let conditions = rule.conditions.map {
                "{\"argument\": \($0.argument), \"must be\": \(quoted($0.text))}"
            }
            return "    {\"number\": \(number), \"name\": \(quoted(rule.name)), "
                + "\"conditions\": [\(conditions.joined(separator: ", "))]}"
        }
        let files = paths(thread).map {
            "{\"path\": \(quoted($0.key)), \"access\": \(quoted($0.value.text))}"
        }
        return """
              {"kind": \(quoted(thread.kind.rawValue)), "capabilities": [],
               "files": [\(files.joined(separator: ", "))], "calls": [
            \(calls.joined(separator: ",\n"))
              ]}
            """
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"", "\\": result += "\\\(character)"
            case _ where character.value < 32:
                let digits = String(character.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}

extension ThreadKind {
    fileprivate var purpose: String {
        switch self {
        case .hart: "runs a hart"
        case .machine: "the board's loop, which runs harts or starts their threads"
        case .debugger: "the board's loop, with a debugger's socket"
        case .drive: "carries out a drive's requests"
        case .console: "reads what is typed"
        case .waiter: "waits for signals and times"
        case .network: "carries frames"
        case .share: "serves a folder of the host"
        case .remote: "talks with a process that serves a device"
        case .control: "serves the control socket"
        case .service: "any other back end"
        }
    }
    fileprivate var refused: String {
        "\(denied.joined(separator: ", ")) fail, all others end the program"
    }
}
