import Bits
import Effects
import Hart
import HostIO
import Journal
import Machine

/// A machine that boots what its ``Configuration`` names.
///
///     let machine = try VirtualMachine(Configuration())
///     try machine.start()
///     _ = try machine.read(until: "skiff> ")
///     machine.send("poweroff\n")
///     let exitCode = try machine.wait()
///
/// ``run()`` runs the machine on the calling thread; ``start()`` on one of its own.
public final class VirtualMachine: Sendable {
    /// What the machine was made from.
    public let configuration: Configuration
    let inbox: EventInbox
    private let console: ProgramConsole
    private let running: RunningMachine

    /// Reads the files that the configuration names, and makes the machine ready to run.
    public init(_ configuration: Configuration) throws(VirtualMachineError) {
        self.configuration = configuration
        inbox = EventInbox()
        console = ProgramConsole(device: BoardDevices.uartConsole, inbox: inbox)
        do throws(HullError) {
            running = try RunningMachine(
                Assembly(
                    configuration, try Boot(configuration), inbox: inbox,
                    consoles: [BoardDevices.uartConsole: console]), configuration, inbox)
        } catch {
            throw VirtualMachineError(error)
        }
    }

    /// Types text at the guest's console.
    public func send(_ text: String) { console.send(Array(text.utf8)) }

    /// Waits until the guest has printed `text`, and returns what it printed since the last call, up
    /// to and with `text`.
    ///
    /// Throws when the machine ends or the time passes before.
    @discardableResult
    public func read(until text: String, timeoutSeconds: Double = 60) throws(VirtualMachineError)
        -> String
    {
        try console.read(until: Array(text.utf8), timeoutSeconds: timeoutSeconds)
    }

    /// Everything the guest has printed so far that ``read(until:timeoutSeconds:)`` did not return.
    public func readAvailable() -> String { console.readAvailable() }

    /// Runs the machine on a thread of its own.
    public func start() throws(VirtualMachineError) {
        do throws(HullError) {
            try HostThread("machine", stackBytes: 8 << 20) { [running, console] in
                running.run()
                console.close()
            }.detach()
        } catch {
            throw VirtualMachineError(error)
        }
    }

    /// Waits for the end of a machine that was started, and returns the guest's exit code.
    public func wait() throws(VirtualMachineError) -> UInt8 { try running.wait() }

    /// Runs the machine until its end and returns the guest's exit code.
    public func run() throws(VirtualMachineError) -> UInt8 {
        running.run()
        console.close()
        return try running.wait()
    }

    /// What the machine has done; for the thread on which ``run()`` ran it.
    package var figures: RunFigures { running.figures }

    /// Asks the machine to end with this exit code.
    public func stop(exitCode: UInt8 = 0) { inbox.post(.stop(exitCode: exitCode)) }
}

extension VirtualMachine {
    /// Runs the machine until its end, without blocking a thread of the concurrency runtime, and
    /// returns the guest's exit code.
    public func run() async throws -> UInt8 {
        try start()
        return try await withCheckedThrowingContinuation { continuation in
            running.whenEnded { continuation.resume(with: $0) }
        }
    }
}
