import Bits
import FoundationEssentials

/// The manual page, made from what the command says about itself, so that the two never differ.
package struct ManualPage {
    /// What `--experimental-dump-help` prints (ArgumentParser's ToolInfo, version 0).
    private struct Tool: Decodable {
        var command: Command
    }
    private struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var subcommands: [Command]?
        var arguments: [Argument]?
        var shouldDisplay: Bool?
    }
    private struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }
        var kind: String
        var names: [Name]?
        var valueName: String?
        var abstract: String?
        var defaultValue: String?
        var shouldDisplay: Bool?
    }

    private let command: Command

    package init(help: [UInt8]) throws(HullError) {
        do {
            command = try JSONDecoder().decode(Tool.self, from: Data(help)).command
        } catch {
            throw HullError(
                .format, "the command's description of itself cannot be read", cause: "\(error)")
        }
    }

    package var roff: String {
        var page = """
            .TH \(command.commandName.uppercased()) 1
            .SH NAME
            \(Self.escaped(command.commandName)) \\- \(Self.escaped(command.abstract ?? ""))
            .SH SYNOPSIS
            .B \(command.commandName)
            .I subcommand
            [options]
            .SH DESCRIPTION
            \(Self.escaped(command.discussion ?? command.abstract ?? ""))

            """
        page += Self.arguments(of: command)
        return page + Self.subcommands(of: command, named: command.commandName)
    }

    private static func subcommands(of command: Command, named name: String) -> String {
        let subcommands = (command.subcommands ?? []).filter {
            $0.shouldDisplay ?? true && $0.commandName != "help"
        }
        return subcommands.map { subcommand in
            let fullName = "\(name) \(subcommand.commandName)"
            var page = ".SH \(fullName.uppercased())\n"
            page += escaped(subcommand.abstract ?? "") + "\n"
            if let discussion = subcommand.discussion {
                page += ".PP\n\(escaped(discussion))\n"
            }
            page += arguments(of: subcommand)
            return page + Self.subcommands(of: subcommand, named: fullName)
        }.joined()
    }

    private static func arguments(of command: Command) -> String {
        (command.arguments ?? []).filter { $0.shouldDisplay ?? true }.map { argument in
            let value = argument.valueName.map { "\\fI\(escaped($0))\\fR" } ?? ""
            let names = (argument.names ?? []).map { name in
                "\\fB" + escaped((name.kind == "long" ? "--" : "-") + name.name) + "\\fR"
            }
            var title = names.joined(separator: ", ")
            if argument.kind == "positional" { title = value }
            if argument.kind == "option" { title += " " + value }
            let standard = argument.defaultValue.map { " (default: \($0))" } ?? ""
            return ".TP\n\(title)\n\(escaped((argument.abstract ?? "") + standard))\n"
        }.joined()
    }

    /// Hyphens are minus signs, and a line must not begin like a request.
    private static func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        let lines = plain.split(separator: "\n", omittingEmptySubsequences: false)
        // What is indented is an example: its lines stay as they are.
        var page: [String] = []
        var isExample = false
        for line in lines {
            if line.hasPrefix("  ") != isExample {
                isExample.toggle()
                page.append(isExample ? ".nf" : ".fi")
            }
            page.append((line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" : "") + line)
        }
        if isExample { page.append(".fi") }
        return page.joined(separator: "\n")
    }
}
