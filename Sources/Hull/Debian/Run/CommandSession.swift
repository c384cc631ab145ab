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
        configuration.moreInitialFiles = command.initialFiles
        configuration.discardsDriveWrites = !command.keepsDisk
        self.configuration = configuration
        self.command = command
    }

    /// Runs it and returns its exit code. `output` takes what it writes instead of this process's
    /// standard output.
    package func run(output: (any ConsoleBackEnd)? = nil) throws(HullError) -> UInt8 {
        if configuration.isConfined { try Confinement.begin() }
        let inbox = EventInbox()
        let boot = try Boot(configuration)
        let status = StatusPort(inbox)
        let log = ConsoleTail()
        let unused = ConsoleTail()
        let terminal = command.terminal != nil
        var consoles: [HostConsole] = []
        func console(_ port: Int, keys: Bool) throws(HullError) -> any ConsoleBackEnd {
            let console = try HostConsole(
                device: MachinePort.number(port), keys: keys, inbox: inbox)
            consoles.append(console)
            return console
        }
        var ports = [
            MachinePort("hull.terminal", terminal ? try console(0, keys: true) : unused)
        ]
        if terminal || output != nil {
            ports.append(MachinePort("hull.in", unused))
            if output != nil { inbox.post(.inputClosed(device: MachinePort.number(1))) }
        } else {
            ports.append(MachinePort("hull.in", try console(1, keys: false)))
        }
        let out: any ConsoleBackEnd
        if let output {
            out = output
        } else {
            out = terminal ? unused : try HostOutput(1, inbox: inbox)
        }
        ports.append(MachinePort("hull.out", out))
        ports.append(
            MachinePort("hull.errors", terminal ? unused : try HostOutput(2, inbox: inbox)))
        ports.append(MachinePort("hull.status", status))
        let assembly = try Assembly(
            configuration, consume boot, inbox: inbox,
            consoles: [
                BoardDevices.uartConsole: command.showsConsole
                    ? try HostOutput(2, inbox: inbox) : log
            ],
            ports: ports)
        if let notice = assembly.notice { HostFile.writeAll(2, Array("hull: \(notice)\n".utf8)) }
        if terminal { try Terminal.makeRaw(0) }
        defer { Terminal.restore() }
        try HostSignals.install(inbox: inbox, console: consoles.first)
        try Timeout.start(configuration, inbox)
        let started = BoardClock.hostNanoseconds()
        if configuration.isConfined { try Confinement.enter(.machine) }
        let end = try assembly.machine.run()
        assembly.close()
        for console in consoles { console.close() }
        Terminal.restore()
        if configuration.printsStatistics {
            let seconds = Double(BoardClock.hostNanoseconds() &- started) / 1e9
            HostFile.writeAll(2, Array(RunStatistics(assembly.machine, seconds: seconds).text.utf8))
        }
        guard end.reason == .shutdown, status.code != nil || end.exitCode != 0 else {
            throw HullError(
                .guest, "The guest ended before the command did.", cause: log.lastLines)
        }
        return end.exitCode
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
