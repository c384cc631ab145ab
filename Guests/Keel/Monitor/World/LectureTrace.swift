import Bits
import RISCV

/// `trace`: what happens when a program of the guest calls its kernel, in the words of a lecture on
/// trap-and-emulate. Lines go out with the guest's own text.
package struct LectureTrace: Sendable {
    /// A call is under way, so that its way back is shown as well.
    var isInCall = false
    /// So many calls are shown.
    var left: Int

    package init(calls: Int) { left = calls }
}

extension World {
    mutating func traceTrap(cause: UInt64, from: UInt64, before: Privilege) {
        guard let trace, trace.left > 0, before == .user,
            cause == ExceptionCause.ecallFromU.rawValue
        else { return }
        self.trace?.isInCall = true
        let mode = vcpu.privilege
        let letter: StaticString = mode == .machine ? "m" : "s"
        line("ecall traps to the monitor")
        line("virtual ", letter, "epc <- real sepc", value: from)
        line("virtual mode <- ", mode == .machine ? "M" : "S")
        line("virtual ", letter, "cause <-", value: cause)
        line("real sepc <- virtual ", letter, "tvec", value: vcpu.pc)
        line("page table shows supervisor pages")
        line("sret")
    }

    mutating func traceReturn(_ instruction: StaticString, letter: StaticString) {
        guard let trace, trace.isInCall, vcpu.privilege == .user else { return }
        self.trace?.isInCall = false
        self.trace?.left -= 1
        line(instruction, " traps to the monitor")
        line("virtual mode <- U")
        line("real sepc <- virtual ", letter, "epc", value: vcpu.pc)
        line("page table hides supervisor pages")
        line("sret")
    }

    private mutating func line(_ parts: StaticString..., value: UInt64? = nil) {
        output.append(text: "keel: ")
        for part in parts { output.append(text: part) }
        if let value {
            output.append(text: " ")
            output.append(hex: value)
        }
        output.append(text: "\r\n")
    }
}
