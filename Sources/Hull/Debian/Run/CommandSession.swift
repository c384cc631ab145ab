import Bits
import Effects
import HostIO
import Journal
import Machine

/// One command in a guest, as if it ran here: its input, output, errors and exit code are this
/// process's own.
package struct CommandSession {
    private let configuration: Configuration
    private let command: GuestCommand

    /// `configuration` names the kernel, the initial file system and the disk.
    package init(_ configuration: Configuration, _ command: GuestCommand) {
        var configuration = configuration
        configuration.arguments =
            "console=ttyS0 panic=-1" + (command.showsConsole ? "" : " quiet")
        configuration.endsAtReset = true
        configuration.discardsDriveWrites = !command.keepsDisk
        configuration.moreInitialFiles = command.initialFiles
        self.configuration = configuration
        self.command = command
    }

    /// Runs it and returns its exit code. `output` takes what it writes instead of this process's
    /// standard output; it then has no input.
    package func run(output: (any ConsoleBackEnd)? = nil) throws(HullError) -> UInt8 {
        // Where the output is taken here, there is more to do when the command has ended.
        let isConfined = configuration.isConfined && output == nil
        if isConfined { try Confinement.begin() }
        let inbox = EventInbox()
        let boot = try Boot(configuration)
        let log = ConsoleTail()
        let channels = try Channels(command, output, inbox)
        let console: any ConsoleBackEnd =
            if command.showsConsole { try HostOutput(2, inbox: inbox) } else { log }
        let assembly = try Assembly(
            configuration, consume boot, inbox: inbox,
            consoles: [BoardDevices.uartConsole: console], ports: channels.ports)
        if let notice = assembly.notice { HostFile.writeAll(2, Array("hull: \(notice)\n".utf8)) }
        if command.terminal != nil { try Terminal.makeRaw(0) }
        defer { Terminal.restore() }
        if output == nil { try HostSignals.install(inbox: inbox, console: channels.input) }
        try Timeout.start(configuration, inbox)
        let started = BoardClock.hostNanoseconds()
        if isConfined { try Confinement.enter(.machine) }
        let end = try assembly.machine.run()
        assembly.close()
        channels.input?.close()
        Terminal.restore()
        if configuration.printsStatistics {
            let seconds = Double(BoardClock.hostNanoseconds() &- started) / 1e9
            HostFile.writeAll(2, Array(RunStatistics(assembly.machine, seconds: seconds).text.utf8))
        }
        guard end.reason == .shutdown, channels.status.code != nil || end.exitCode != 0 else {
            throw HullError(
                .guest, "The guest ended before the command did.", cause: log.lastLines)
        }
        return end.exitCode
    }
}

/// The guest's ports, in their order: a terminal, input, output, errors, exit code.
private struct Channels {
    let ports: [MachinePort]
    let status: StatusPort
    /// The one that reads what is typed or piped.
    let input: HostConsole?

    init(
        _ command: GuestCommand, _ output: (any ConsoleBackEnd)?, _ inbox: EventInbox
    ) throws(HullError) {
        let unused = ConsoleTail()
        var backEnds: [any ConsoleBackEnd] = [unused, unused, unused, unused]
        if command.terminal != nil {
            let console = try HostConsole(
                device: MachinePort.number(0), keys: true, inbox: inbox)
            backEnds[0] = console
            input = console
        } else if let output {
            backEnds[2] = output
            backEnds[3] = output
            inbox.post(.inputClosed(device: MachinePort.number(1)))
            input = nil
        } else {
            let console = try HostConsole(
                device: MachinePort.number(1), keys: false, inbox: inbox)
            backEnds[1] = console
            backEnds[2] = try HostOutput(1, inbox: inbox)
            backEnds[3] = try HostOutput(2, inbox: inbox)
            input = console
        }
        status = StatusPort(inbox)
        let names = ["hull.terminal", "hull.in", "hull.out", "hull.errors"]
        ports =
            zip(names, backEnds).map { MachinePort($0, $1) } + [MachinePort("hull.status", status)]
    }
}

/// The command's exit code, in decimal digits and a newline; with it the run ends.
///
/// SAFETY: the thread that runs the machine alone writes.
private final class StatusPort: ConsoleBackEnd, @unchecked Sendable {
    private let inbox: EventInbox
    private var digits: [UInt8] = []
    private(set) var code: UInt8?
    init(_ inbox: EventInbox) { self.inbox = inbox }

    func output(_ byte: UInt8) {
        guard code == nil, digits.count < 8 else { return }
        guard byte == UInt8(ascii: "\n") else { return digits.append(byte) }
        let code = UInt8(String(decoding: digits, as: UTF8.self)) ?? 255
        self.code = code
        inbox.post(.stop(exitCode: code))
    }
    func output(_ bytes: [UInt8]) { for byte in bytes { output(byte) } }
    func flush() {}
    func inputTaken(_ count: Int) {}
}

/// Keeps the end of what a console prints, for whoever asks what went wrong.
///
/// SAFETY: everything mutable is reached under `monitor` only.
final class ConsoleTail: ConsoleBackEnd, @unchecked Sendable {
    private static let limit = 4096
    private let monitor = Monitor()
    private var bytes: [UInt8] = []

    func output(_ more: [UInt8]) {
        monitor.locked {
            bytes += more
            if bytes.count > Self.limit * 2 { bytes.removeFirst(bytes.count - Self.limit) }
        }
    }
    func output(_ byte: UInt8) { output([byte]) }
    func flush() {}
    func inputTaken(_ count: Int) {}

    /// The last lines, as one.
    var lastLines: String? {
        let text = monitor.locked { String(decoding: bytes, as: UTF8.self) }
        let lines = text.split(whereSeparator: \.isNewline).suffix(5)
        return lines.isEmpty ? nil : lines.joined(separator: " / ")
    }
}
