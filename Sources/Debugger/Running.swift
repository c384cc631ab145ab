import Bits
import Effects
import Hart
import Machine

extension DebugSession {
    /// Runs the machine for one turn while the target runs; returns what to send when it stopped.
    /// `end` is set when the guest ended the run.
    package mutating func advance(_ end: inout EndOfRun?) throws(HullError) -> [UInt8] {
        guard isRunning else { return [] }
        if let stepping = steppingHart {
            end = try machine.stepInstruction(hart: stepping)
            return end.map { exited($0.exitCode) } ?? stopped(.step, hart: stepping)
        }
        if wantsStop { return stopped(.interrupted, hart: selected) }
        end = try machine.step()
        if let end { return exited(end.exitCode) }
        guard let id = machine.stoppedHart else { return [] }
        machine.stoppedHart = nil
        let reason = breakpoints.reason(for: machine.harts[id])
        return stopped(reason, hart: id)
    }
}
