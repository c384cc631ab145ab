import Bits
import Effects
import HostIO
import Journal
import Machine
import RISCV

/// Which Hull this is.
public let hullVersion = "0.1.0"

/// One run of the command: a machine whose console is the terminal.
package struct Session {
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// Runs to the end and returns the exit code.
    package func run() throws(HullError) -> UInt8 {
        if configuration.isConfined { try Confinement.begin() }
        let inbox = EventInbox()
        let assembly: Assembly
        let console: HostConsole
        // The images are read first: what is wrong with them is said before the terminal changes.
        let boot = try Boot(configuration)
        console = try HostConsole(device: BoardDevices.uartConsole, inbox: inbox)
        assembly = try Assembly(
            configuration, consume boot, inbox: inbox, consoles: [BoardDevices.uartConsole: console]
        )
        if let notice = assembly.notice { HostFile.writeAll(2, Array("hull: \(notice)\n".utf8)) }
        if Terminal.isOne(0) { try Terminal.makeRaw(0) }
        defer { Terminal.restore() }
        try HostSignals.install(inbox: inbox, console: console)
        try Timeout.start(configuration, inbox)
        let started = BoardClock.hostNanoseconds()
        let end = try run(assembly.machine)
        assembly.close()
        console.close()
        if configuration.printsStatistics {
            let seconds = Double(BoardClock.hostNanoseconds() &- started) / 1e9
            Terminal.restore()
            HostFile.writeAll(2, Array(RunStatistics(assembly.machine, seconds: seconds).text.utf8))
        }
        return end.exitCode
    }

    private func run(_ machine: Machine) throws(HullError) -> EndOfRun {
        guard let text = configuration.debugger else {
            if configuration.isConfined { try Confinement.enter(.machine) }
            return try machine.run()
        }
        let endpoint = try DebugEndpoint(parsing: text)
        let server = try DebugServer(machine, endpoint)
        HostFile.writeAll(
            2, Array("Waiting for a debugger; in GDB: \(endpoint.gdbCommand)\r\n".utf8))
        if configuration.isConfined { try Confinement.enter(.debugger, endpoint.fileRights) }
        return try server.run()
    }
}

/// Ends a run when its time is up.
enum Timeout {
    /// What `timeout(1)` says too.
    static let exitCode: UInt8 = 124

    static func start(_ configuration: Configuration, _ inbox: EventInbox) throws(HullError) {
        guard let seconds = configuration.timeoutSeconds, seconds >= 0 else { return }
        try HostThread("timeout") {
            let nanoseconds = UInt64(min(seconds, 1e9) * 1e9)
            _ = EventInbox().wait(timeoutNanoseconds: nanoseconds)
            inbox.post(.stop(exitCode: exitCode))
        }.detach()
    }
}

extension Configuration {
    /// The board alone.
    package func board() throws(HullError) -> Board {
        try Board(isa: try ISA(parsing: processor), hartCount: hartCount, ramBytes: memoryBytes)
    }
}
