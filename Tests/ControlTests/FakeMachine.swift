import Control
import Synchronization

/// A machine that does what its test says.
final class FakeMachine: ControlledMachine, ConsoleDoor {
    struct State {
        var isStuck = false
        var description = MachineDescription(
            name: "fake", process: 1, state: .running, image: "skiff", arguments: "", harts: 1,
            memoryBytes: 64 << 20, uptimeSeconds: 1.5, startedAt: 1, engine: "translator",
            version: "0")
        var printed: [UInt8] = []
        var skipped: UInt64 = 0
        var typed: [UInt8] = []
        var room = 1 << 20
        var size: [Int] = []
        var stops: [Bool] = []
        var hasBalloon = true
        var balloonBytes: UInt64 = 0
    }
    let state = Mutex(State())

    var description: MachineDescription { state.withLock { $0.description } }
    func figures() -> MachineFigures? {
        state.withLock { $0.isStuck }
            ? nil
            : MachineFigures(
                seconds: 1, guestSeconds: 1, hostSeconds: 1, harts: [], residentBytes: 1,
                guestResidentBytes: 1, devices: [], drives: [], engine: [])
    }
    private func become(_ new: MachineDescription.State) -> Bool {
        state.withLock {
            if !$0.isStuck { $0.description.state = new }
            return !$0.isStuck
        }
    }
    func pause() -> Bool { become(.paused) }
    func resume() -> Bool { become(.running) }
    func balloon(_ bytes: UInt64?) -> BalloonAnswer {
        state.withLock {
            guard !$0.isStuck else { return .busy }
            guard $0.hasBalloon else { return .missing }
            if let bytes { $0.balloonBytes = bytes }
            return .figures(memory: 64 << 20, wanted: $0.balloonBytes, held: 0)
        }
    }
    func stop(force: Bool) -> StopOutcome {
        state.withLock { $0.stops.append(force) }
        return force ? .ending : .asked
    }
    var console: any ConsoleDoor { self }

    var position: UInt64 { state.withLock { UInt64($0.printed.count) } }
    func output(from position: UInt64, limit: Int) -> ConsolePiece {
        state.withLock {
            let start = max(position, $0.skipped)
            let bytes = Array($0.printed.dropFirst(Int(start)).prefix(limit))
            return ConsolePiece(
                bytes: bytes, next: start + UInt64(bytes.count), skipped: start - position)
        }
    }
    func claimRoom(_ wanted: Int) -> Int {
        state.withLock {
            let count = min(wanted, $0.room)
            $0.room -= count
            return count
        }
    }
    func type(_ bytes: [UInt8]) { state.withLock { $0.typed += bytes } }
    func resize(columns: Int, rows: Int) { state.withLock { $0.size = [columns, rows] } }
}
