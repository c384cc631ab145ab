import CKeel
import Keel

/// What the harts of the monitor share, under one lock: the worlds, whose turn it is, and the
/// terminal. A hart has the lock unless it is in a guest, on the short way out of one, or asleep.
///
/// A world has a home, the hart that it ran on last, and runs there again unless another hart has
/// nothing of its own to do.
final class RunQueue {
    let worlds: Worlds
    let options: Options
    let features: HostFeatures
    var terminal: Terminal
    var exitCode: UInt8 = 0
    /// The real harts that take part, by SBI's numbers.
    private(set) var harts: [UInt64]
    private var isAsleep: [Bool] = [false]
    private var home: [Int]
    private var isTaken: [Bool]
    /// What was typed and not yet taken.
    private var inbox: [[UInt8]]

    /// What is typed beyond it is lost, as it would be on a serial line.
    private static var inboxLimit: Int { 4096 }

    enum Choice {
        case world(Int)
        /// Nothing to do before this time.
        case sleep(until: UInt64)
        case over
    }

    init(
        _ worlds: Worlds, _ options: Options, _ features: HostFeatures, _ console: Console,
        hart: UInt64
    ) {
        self.worlds = worlds
        self.options = options
        self.features = features
        terminal = Terminal(console, guestCount: worlds.count)
        harts = [hart]
        home = [Int](repeating: 0, count: worlds.count)
        isTaken = [Bool](repeating: false, count: worlds.count)
        inbox = [[UInt8]](repeating: [], count: worlds.count)
    }

    /// A further hart was started: worlds are dealt out anew. Before any has run.
    func join(_ hart: UInt64) {
        harts.append(hart)
        isAsleep.append(false)
        for number in home.indices { home[number] = number % harts.count }
    }

    /// Worlds take turns where there are more of them than harts.
    var takesTurns: Bool { worlds.count > harts.count }

    var isAnyoneLeft: Bool {
        for number in home.indices where worlds[number].end == nil { return true }
        return false
    }

    // MARK: Whose turn it is

    /// The next world in turn that has something to do, taken for this hart.
    func next(after number: Int, hart: Int, time: UInt64) -> Choice {
        var deadline = ~0 as UInt64
        for isOwn in [true, false] {
            for step in 1...worlds.count {
                let index = (number + step) % worlds.count
                guard !isTaken[index], worlds[index].end == nil, (home[index] == hart) == isOwn,
                    // A hart that sleeps sees to its own worlds.
                    isOwn || !isAsleep[home[index]]
                else { continue }
                deliver(index)
                if worlds[index].settle(Clock(time: time, retired: 0)) == .resume {
                    take(index, hart)
                    return .world(index)
                }
                terminal.show(&worlds[index])
                deadline = min(deadline, worlds[index].deadline)
            }
        }
        return isAnyoneLeft ? .sleep(until: deadline) : .over
    }

    private func take(_ number: Int, _ hart: Int) {
        isTaken[number] = true
        if home[number] != hart {
            home[number] = hart
            worlds[number].counts.moves += 1
            worlds[number].shadows.fences.everything = true
            worlds[number].shadows.fences.instructions = true
        }
        // Those that no hart sees to now are for one that sleeps.
        for other in home.indices where !isTaken[other] && worlds[other].end == nil {
            if !isAsleep[home[other]] { return wakeOne() }
        }
    }

    func release(_ number: Int) { isTaken[number] = false }

    // MARK: Sleep

    /// Gives the lock, and has it again when there may be something to do.
    func sleep(_ hart: Int) {
        isAsleep[hart] = true
        give_lock()
        wait_for_interrupt()
        take_lock()
        isAsleep[hart] = false
    }

    private func wakeOne() {
        for hart in isAsleep.indices where isAsleep[hart] {
            isAsleep[hart] = false
            return interrupt(hart)
        }
    }

    private func interrupt(_ hart: Int) { _ = sbi_call(0x73_5049, 0, 1, harts[hart], 0, 0) }

    // MARK: What is typed

    /// Takes what was typed on the console, and tells harts that will see to the worlds it is for.
    func takeInput() {
        var numbers: [Int] = []
        for (number, byte) in terminal.typed() {
            guard worlds[number].end == nil, inbox[number].count < Self.inboxLimit else { continue }
            inbox[number].append(byte)
            if numbers.last != number { numbers.append(number) }
        }
        for number in numbers {
            if isTaken[number] || isAsleep[home[number]] {
                interrupt(home[number])
            } else {
                wakeOne()
            }
        }
    }

    /// As much of it as the world's devices take.
    func deliver(_ number: Int) {
        guard !inbox[number].isEmpty else { return }
        inbox[number].removeFirst(worlds[number].receive(inbox[number]))
    }
}

/// SAFETY: set once by the first hart, before it starts another.
nonisolated(unsafe) var theRunQueue: RunQueue?
