import Bits
import Control
import DiskImage
import Effects
import GuestMemory
import Hart
import HostIO
import Journal
import Machine
import Synchronization

/// What a control socket sees of a machine: questions go to its run loop, wishes to its inbox.
///
/// SAFETY: what changes is atomic or reached under `monitor`.
final class MachineControl: ControlledMachine, @unchecked Sendable {
    /// How long the run loop may take to come to a question.
    private static let patienceNanoseconds: UInt64 = 5_000_000_000

    private let name: String
    private let configuration: Configuration
    private let log: String?
    private let supervisor: Supervisor
    /// Asked about on the control socket's thread: the machine's own may ask the host for less.
    private let memory: GuestMemoryOwner
    private let inbox: EventInbox
    private let shared: SharedConsole
    /// The folder with the keys of the image.
    private let folder: String?
    private let process = ProcessFigures()
    private let startedAt = HostClock.realNanoseconds() / 1_000_000_000
    private let started = BoardClock.hostNanoseconds()
    private let monitor = Monitor()
    private var state = MachineDescription.State.running

    init(
        _ name: String, _ configuration: Configuration, _ machine: Machine,
        _ console: SharedConsole, log: String?
    ) {
        self.name = name
        self.configuration = configuration
        self.log = log
        supervisor = machine.supervisor
        memory = machine.memoryOwner
        inbox = machine.inbox
        folder = configuration.keyFolder ?? configuration.driveFolder
        shared = console
    }

    var console: any ConsoleDoor { shared }

    private var seconds: Double { Double(BoardClock.hostNanoseconds() &- started) / 1e9 }

    var description: MachineDescription {
        MachineDescription(
            name: name, process: HostProcess.identifier, state: monitor.locked { state },
            image: configuration.imageName, arguments: configuration.arguments ?? "",
            harts: configuration.hartCount, memoryBytes: configuration.memoryBytes,
            uptimeSeconds: seconds, startedAt: startedAt, engine: configuration.engine.rawValue,
            version: hullVersion, log: log, drives: configuration.drives.map(\.path),
            forwards: configuration.forwardedPorts, folder: folder)
    }

    // MARK: Questions

    /// What the run loop answers, or nil when it does not come to it.
    private func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (Machine) -> Answer
    ) -> Answer? {
        let box = AnswerBox<Answer>()
        let monitor = monitor
        supervisor.ask { machine in
            let answer = question(machine)
            monitor.locked {
                box.slot.withLock { $0 = answer }
                monitor.broadcast()
            }
        }
        inbox.wake()
        let deadline = BoardClock.hostNanoseconds() &+ Self.patienceNanoseconds
        return monitor.locked {
            while true {
                if let answer = box.slot.withLock({ $0 }) { return answer }
                guard state != .ending, BoardClock.hostNanoseconds() < deadline else { return nil }
                monitor.wait(untilNanoseconds: deadline)
            }
        }
    }

    func pause() -> Bool {
        guard ask({ $0.pause() }) != nil else { return false }
        set(.paused)
        return true
    }

    func resume() -> Bool {
        guard ask({ $0.resume() }) != nil else { return false }
        set(.running)
        return true
    }

    func balloon(_ bytes: UInt64?) -> BalloonAnswer {
        let memory = configuration.memoryBytes
        let answer = ask { machine -> (wanted: UInt64, held: UInt64)? in
            if let bytes { machine.setMemoryTarget(bytes: memory - min(bytes, memory)) }
            return machine.balloon.map { ($0.wantedBytes, $0.heldBytes) }
        }
        guard let answer else { return .busy }
        guard let state = answer else { return .missing }
        return .figures(memory: memory, wanted: state.wanted, held: state.held)
    }

    private func set(_ new: MachineDescription.State) {
        monitor.locked { if state != .ending { state = new } }
    }

    func stop(force: Bool) -> StopOutcome {
        if !force, ask({ $0.hearsPowerButton }) == true {
            // Who stands still cannot shut down.
            _ = resume()
            inbox.post(.powerButton)
            return .asked
        }
        set(.ending)
        inbox.post(.stop(exitCode: 0))
        return .ending
    }

    /// The run is over: nobody waits for answers any more.
    func end() {
        monitor.locked {
            state = .ending
            monitor.broadcast()
        }
    }

    func figures() -> MachineFigures? {
        guard let run = ask({ $0.figures }) else { return nil }
        let seconds = max(seconds, 1e-9)
        return MachineFigures(
            seconds: seconds,
            guestSeconds: Double(run.guestTicks) / Double(BoardClock.ticksPerSecond),
            hostSeconds: process.threadSeconds,
            harts: run.harts.enumerated().map { index, hart in
                .init(
                    hart: index, retired: hart.retired,
                    hostSeconds: Double(hart.hostNanoseconds) / 1e9,
                    waitShare: min(Double(hart.waitNanoseconds) / 1e9 / seconds, 1))
            },
            residentBytes: process.residentBytes, guestResidentBytes: memory.memory.residentBytes,
            devices: run.devices.map { .init(name: $0.name, loads: $0.loads, stores: $0.stores) },
            drives: run.drives.map {
                .init(
                    reads: $0.reads, writes: $0.writes, flushes: $0.flushes,
                    bytesRead: $0.bytesRead, bytesWritten: $0.bytesWritten)
            },
            engine: run.engine.map { line in
                switch line.value {
                case .count(let count): .init(name: line.name, value: Double(count))
                case .decimal(let value): .init(name: line.name, value: value)
                }
            })
    }
}

/// Where an answer is put; it may come when nobody waits any more.
private final class AnswerBox<Answer: Sendable>: Sendable {
    let slot = Mutex<Answer?>(nil)
}

extension Configuration {
    /// Ports of this host, reached from this host, that lead to the guest's.
    var forwardedPorts: [ForwardedPort] {
        networks.flatMap { network -> [ForwardedPort] in
            guard case .user(let forwards) = network.kind else { return [] }
            return forwards.filter { $0.transport == .tcp }.map {
                ForwardedPort(hostPort: Int($0.hostPort), guestPort: Int($0.guestPort))
            }
        }
    }

    /// Where keys for ssh lie: beside the first drive, or beside an image below it.
    var driveFolder: String? {
        var path = drives.first?.path
        for _ in 0..<ImageFile.chainLimit {
            guard let image = path, let file = try? HostFolder.absolute(image) else { return nil }
            let folder = file.split(separator: "/").dropLast().map { "/" + $0 }.joined()
            if HostFolder.exists(folder + "/ssh/id_ed25519") { return folder }
            guard let start = try? HostFile.start(of: file, 1 << 16),
                let below = try? QcowHeader(start, name: file).backingName
            else { return nil }
            path = try? ImageFile.path(of: below, besides: file)
        }
        return nil
    }

    /// What boots, for people.
    package var imageName: String { title ?? image ?? "skiff" }
}
