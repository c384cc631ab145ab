import Bits
import Debugger
import Effects
import HostIO
import Machine

/// Runs a machine under a debugger: it stands still until one connects, and runs free after one left.
package struct DebugServer {
    private let machine: Machine
    private let socket: DebugSocket

    package init(_ machine: Machine, _ endpoint: DebugEndpoint) throws(HullError) {
        self.machine = machine
        socket = try DebugSocket(endpoint)
    }

    package func run() throws(HullError) -> EndOfRun {
        var end: EndOfRun?
        var mustWait = true
        while true {
            // A stop asked for at the console ends the wait for a debugger, too.
            while !socket.accept(timeoutMilliseconds: mustWait ? 100 : 0) {
                if let end = mustWait ? try machine.pollEvents() : try machine.step() { return end }
            }
            try serve(&end)
            if let end { return end }
            mustWait = false
        }
    }

    /// One debugger, until it leaves or the run ends.
    private func serve(_ end: inout EndOfRun?) throws(HullError) {
        var session = DebugSession(machine)
        defer { socket.hangUp() }
        while session.ending == nil {
            let wait: Int32 = session.isRunning ? 0 : 50
            guard let bytes = socket.receive(timeoutMilliseconds: wait) else {
                session.abandon()
                return
            }
            var output = session.receive(bytes)
            if session.isRunning {
                output += try session.advance(&end)
            } else if bytes.isEmpty {
                end = try machine.pollEvents()
            }
            guard socket.send(output) else {
                session.abandon()
                return
            }
            if end != nil { return }
        }
        if session.ending == .killed { end = EndOfRun(.shutdown, exitCode: 0) }
    }
}
