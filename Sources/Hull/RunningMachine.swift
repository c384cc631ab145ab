import Bits
import Effects
import HostIO
import Journal
import Machine

/// A machine, and the end of its run for whoever waits for it.
///
/// SAFETY: `assembly` is used by the thread that runs it alone; the rest is reached under `monitor`.
final class RunningMachine: @unchecked Sendable {
    typealias Outcome = Result<UInt8, any Error>

    private let assembly: Assembly
    private let monitor = Monitor()
    private var outcome: Result<UInt8, VirtualMachineError>?
    private var listeners: [@Sendable (Outcome) -> Void] = []

    private let configuration: Configuration
    private let inbox: EventInbox

    init(_ assembly: Assembly, _ configuration: Configuration, _ inbox: EventInbox) {
        self.assembly = assembly
        self.configuration = configuration
        self.inbox = inbox
    }

    func run() {
        let result: Result<UInt8, VirtualMachineError>
        do throws(HullError) {
            try Timeout.start(configuration, inbox)
            result = .success(try assembly.machine.run().exitCode)
        } catch {
            result = .failure(VirtualMachineError(error))
        }
        assembly.close()
        let told = monitor.locked {
            outcome = result
            monitor.broadcast()
            defer { listeners = [] }
            return listeners
        }
        for listener in told { listener(result.mapError { $0 }) }
    }

    func wait() throws(VirtualMachineError) -> UInt8 {
        let result: Result<UInt8, VirtualMachineError> = monitor.locked {
            while true {
                if let outcome { return outcome }
                monitor.wait()
            }
        }
        return try result.get()
    }

    /// What the machine did; for the thread that ran it.
    var figures: RunFigures { assembly.machine.figures }

    func whenEnded(_ listener: @escaping @Sendable (Outcome) -> Void) {
        let known: Result<UInt8, VirtualMachineError>? = monitor.locked {
            if outcome == nil { listeners.append(listener) }
            return outcome
        }
        if let known { listener(known.mapError { $0 }) }
    }
}
