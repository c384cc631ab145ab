import Bits
import Control
import HostIO

/// The machines of this user that run, by their control sockets.
package struct RunningMachines: Sendable {
    private let folder: RuntimeFolder

    package init() throws(HullError) { folder = try RuntimeFolder() }

    package var names: [String] { folder.names() }

    /// All of them, by name.
    package func all() throws(HullError) -> [ListedMachine] {
        var result: [ListedMachine] = []
        for name in names {
            do throws(HullError) {
                // One that ends just now is none.
                let remote = RemoteMachine(name, folder, timeoutSeconds: 3)
                if let found = try remote.description() { result.append(.answered(found)) }
            } catch {
                result.append(.silent(name: name, process: folder.owner(of: name)))
            }
        }
        return result
    }

    /// The machine of this name; without one, the only machine there is.
    package func find(_ name: String?) throws(HullError) -> RemoteMachine {
        let names = names
        guard let name else {
            guard let only = names.first, names.count == 1 else {
                throw HullError(
                    .usage,
                    names.isEmpty
                        ? "No machine runs; hull boot --detach starts one."
                        : "Say which machine: \(names.joined(separator: ", ")).")
            }
            return RemoteMachine(only, folder)
        }
        guard names.contains(name) else {
            throw HullError(
                .host,
                names.isEmpty
                    ? "No machine named \(name) runs, and no other either."
                    : "No machine named \(name) runs; these do: \(names.joined(separator: ", ")).")
        }
        return RemoteMachine(name, folder)
    }
}

/// A line of `hull ps`.
package enum ListedMachine: Sendable, Equatable {
    case answered(MachineDescription)
    /// Its process lives and says nothing: it was stopped, or its host is very busy.
    case silent(name: String, process: Int?)
}

/// A running machine, asked through its control socket.
package struct RemoteMachine: Sendable {
    package let name: String
    private let folder: RuntimeFolder
    private let client: ControlClient

    init(_ name: String, _ folder: RuntimeFolder, timeoutSeconds: Int = 15) {
        self.name = name
        self.folder = folder
        client = ControlClient(name, folder, timeoutSeconds: timeoutSeconds)
    }

    private var ended: HullError { HullError(.host, "The machine \(name) has ended.") }

    /// Asks, and turns an answer that is an error into one.
    private func ask(_ method: String, _ path: String, _ body: JSON? = nil) throws(HullError)
        -> JSON
    {
        guard let answer = try client.ask(method, path, body) else { throw ended }
        guard (200..<300).contains(answer.status) else {
            throw HullError(.host, "\(name): \(answer.sentence)")
        }
        guard !answer.body.isEmpty else { return .null }
        do throws(JSONFault) {
            return try JSON(parsing: answer.body)
        } catch {
            throw HullError(.format, "\(name) gave an answer that is no JSON: \(error.what).")
        }
    }

    /// nil: it has ended.
    package func description() throws(HullError) -> MachineDescription? {
        guard let answer = try client.ask("GET", "/v1/machine") else { return nil }
        return (try? JSON(parsing: answer.body)).flatMap { MachineDescription($0) }
    }
    package func known() throws(HullError) -> MachineDescription {
        guard let found = try description() else { throw ended }
        return found
    }
    package func isPaused() throws(HullError) -> Bool { try known().state == .paused }
    package func figures() throws(HullError) -> JSON { try ask("GET", "/v1/stats") }
    package func pause() throws(HullError) { _ = try ask("POST", "/v1/pause") }
    package func resume() throws(HullError) { _ = try ask("POST", "/v1/resume") }
    /// What the guest's balloon holds; `bytes` is what it is to hold from now on.
    package func balloon(_ bytes: UInt64? = nil) throws(HullError) -> (
        memory: UInt64, wanted: UInt64, held: UInt64
    ) {
        let answer =
            if let bytes {
                try ask("POST", "/v1/balloon", ["bytes": JSON(bytes)])
            } else {
                try ask("GET", "/v1/balloon")
            }
        func number(_ name: String) -> UInt64 {
            answer[name]?.integer.flatMap { UInt64(exactly: $0) } ?? 0
        }
        return (number("memory"), number("wanted"), number("held"))
    }
    /// Sets the balloon and gives the guest, which takes its own time, so many seconds for it.
    package func balloon(_ bytes: UInt64, waiting seconds: Double) throws(HullError) -> (
        memory: UInt64, wanted: UInt64, held: UInt64
    ) {
        let wait = Pause(seconds: seconds)
        var state = try balloon(bytes)
        while state.held != state.wanted, wait.nap() { state = try balloon() }
        return state
    }
    package func type(_ text: String) throws(HullError) {
        _ = try ask("POST", "/v1/console/input", ["text": .string(text)])
    }
    /// What it printed last.
    package func printed() throws(HullError) -> [UInt8] {
        guard let answer = try client.ask("GET", "/v1/console") else { throw ended }
        return answer.body
    }

    package enum Stop: Sendable { case byItself, forced, atOnce }

    /// Ends it: the guest is asked, where it listens, and has so many seconds; then the machine ends.
    package func stop(force: Bool, seconds: Double) throws(HullError) -> Stop {
        let answer = try ask("POST", "/v1/stop", ["force": .bool(force)])
        if answer["stop"]?.text == StopOutcome.asked.rawValue {
            if waitForEnd(seconds) { return .byItself }
            _ = try? ask("POST", "/v1/stop", ["force": .bool(true)])
            return try end(.forced)
        }
        return try end(.atOnce)
    }

    private func end(_ how: Stop) throws(HullError) -> Stop {
        guard waitForEnd(20) else {
            throw HullError(
                .host,
                "The machine \(name) was told to end and has not; its drives may take long. hull ps"
                    + " shows its process.")
        }
        return how
    }

    /// Whether its name is free within the time.
    private func waitForEnd(_ seconds: Double) -> Bool {
        let wait = Pause(seconds: seconds)
        while folder.names().contains(name) {
            guard wait.nap() else { return false }
        }
        return true
    }

    package func secureShell() throws(HullError) -> SecureShell {
        try SecureShell(try known(), known: "\(folder.path)/\(name).known_hosts")
    }

    /// Sits down at its console.
    package func console(types: Bool) throws(HullError) -> ConsoleVisit.Ending {
        guard let (socket, first) = try client.attach(input: types, history: true) else {
            throw ended
        }
        let visit = ConsoleVisit(socket, first, client)
        return try visit.run()
    }
}
