import Synchronization

/// Where other threads meet the run loop: they leave a question, and the run loop answers it between
/// two turns, when no hart runs. What changes the guest's state is an `Event` instead.
package final class Supervisor: Sendable {
    package typealias Question = @Sendable (Machine) -> Void

    private let asked = Atomic<Bool>(false)
    private let questions = Mutex<[Question]>([])

    package init() {}

    /// From any thread. The inbox must be woken afterwards, or a machine that waits stays asleep.
    package func ask(_ question: @escaping Question) {
        questions.withLock { $0.append(question) }
        asked.store(true, ordering: .sequentiallyConsistent)
    }

    /// Costs one load where nobody asks.
    var isAsked: Bool { asked.load(ordering: .relaxed) }

    /// Answers, when no hart runs.
    func visit(_ machine: Machine) {
        guard isAsked else { return }
        asked.store(false, ordering: .sequentiallyConsistent)
        let taken = questions.withLock { questions in
            defer { questions = [] }
            return questions
        }
        for question in taken { question(machine) }
    }
}

extension Machine {
    /// No hart runs from here on, and the board's time stands. What the outside says is still taken,
    /// so that a stop ends the run and keys wait for the guest.
    package func pause() {
        isPaused = true
        bus.clock.stop()
        for port in bus.backEnds.consoles { port.backEnd.flush() }
    }

    /// Whether a driver waits for the power button. What the guest makes of it nobody knows.
    package var hearsPowerButton: Bool { bus.devices.virtio.contains { $0.isHeardButton } }

    /// Goes on where it was, at the time it was.
    package func resume() {
        isPaused = false
        bus.clock.resume()
    }
}
