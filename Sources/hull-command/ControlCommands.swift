import ArgumentParser
import Glibc
import HostIO
import Hull

/// Shells complete names of machines that run.
let machineNames = CompletionKind.custom { _, _, _ in (try? RunningMachines().names) ?? [] }

struct ProcessesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "Lists the machines that run.",
        discussion: """
            Examples:
              hull ps
              hull ps --json
            """)

    @Flag(help: "Writes JSON.")
    var json = false

    func run() throws {
        let table = MachineTable(try RunningMachines().all())
        say(json ? table.json : table.text)
    }
}

struct StatisticsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Shows what a running machine does and what it costs.",
        discussion: """
            Examples:
              hull stats debian
              hull stats debian --watch
              hull stats debian --json
            """)

    @Argument(help: "The machine; not needed where one runs.", completion: machineNames)
    var name: String?

    @Flag(help: "Shows it anew each second, with what happened in between, until Ctrl-C.")
    var watch = false

    @Flag(help: "Writes JSON; with --watch, a line each second.")
    var json = false

    func run() throws {
        let machine = try RunningMachines().find(name)
        var before = try machine.figures()
        if json { say(watch ? before.compact + "\n" : before.readable + "\n") }
        guard watch else {
            if !json { say(StatisticsText(try machine.known(), before).text) }
            return
        }
        while true {
            sleep(1)
            // Its end is the end of watching.
            guard let description = try machine.description() else { return }
            let now = try machine.figures()
            if json {
                say(now.compact + "\n")
            } else {
                let text = StatisticsText(description, now, before: before).text
                say(Terminal.isOne(1) ? "\u{1b}[H\u{1b}[J" + text : text + "\n")
            }
            before = now
        }
    }
}

struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Ends a running machine.",
        discussion: """
            A guest that listens to the power button is asked to shut down and has --timeout seconds \
            for it; then, and where it does not listen, the machine ends as if its plug was pulled. \
            What the guest has written to its drives is kept in any case.

            Examples:
              hull stop debian
              hull stop debian --timeout 60
              hull stop debian --force
            """)

    @Argument(help: "The machine.", completion: machineNames)
    var name: String

    @Flag(help: "Does not ask the guest.")
    var force = false

    @Option(help: ArgumentHelp("How long the guest may take.", valueName: "seconds"))
    var timeout: Double = 30

    func validate() throws { try checkPatience(timeout) }

    func run() throws {
        switch try RunningMachines().find(name).stop(force: force, seconds: timeout) {
        case .byItself, .atOnce: break
        case .forced:
            complain(
                "\(name) did not shut down within \(Int(timeout)) seconds, and was ended.",
                isError: false)
        }
    }
}

struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Makes a running machine stand still, and its clock with it.",
        discussion: "hull resume NAME lets it go on.")

    @Argument(help: "The machine.", completion: machineNames)
    var name: String

    func run() throws { try RunningMachines().find(name).pause() }
}

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a machine that was paused go on.")

    @Argument(help: "The machine.", completion: machineNames)
    var name: String

    func run() throws { try RunningMachines().find(name).resume() }
}

struct ConsoleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Sits down at a running machine's console.",
        discussion: """
            What the machine printed last is shown first. Ctrl-A d leaves it running and goes, Ctrl-A x \
            ends it, Ctrl-A h lists the keys. Several people can sit at one console. With a pipe as \
            input, what comes from it is typed, and the output is followed to the machine's end.

            Examples:
              hull console debian
              hull console debian --watch
              echo poweroff | hull console skiff
            """)

    @Argument(help: "The machine; not needed where one runs.", completion: machineNames)
    var name: String?

    @Flag(help: "Only looks: what is typed does not reach the machine.")
    var watch = false

    func run() throws {
        let machine = try RunningMachines().find(name)
        if Terminal.isOne(0) {
            complain("[\(machine.name): Ctrl-A d leaves, Ctrl-A h lists the keys]", isError: false)
        }
        if try machine.isPaused() {
            complain("[paused; hull resume \(machine.name) lets it go on]", isError: false)
        }
        let ending = try machine.console(types: !watch)
        Terminal.restore()
        switch ending {
        case .left: if Terminal.isOne(0) { complain("\n[left \(machine.name)]", isError: false) }
        case .machineEnded: complain("\n[\(machine.name) has ended]", isError: false)
        case .quit:
            _ = try machine.stop(force: true, seconds: 0)
            complain("\n[\(machine.name) was ended]", isError: false)
        case .signal(let code): Glibc.exit(Int32(code))
        }
    }
}

/// Whether `--timeout` is a time that somebody can wait.
func checkPatience(_ seconds: Double) throws {
    if !(seconds >= 0 && seconds < 1e9) {
        throw ValidationError("--timeout takes a number of seconds.")
    }
}

/// Text on standard output, as it is.
func say(_ text: String) { HostFile.writeAll(1, Array(text.utf8)) }
