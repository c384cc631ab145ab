import Bits
import Hart
import RISCV

/// Where two machines differ, for people.
package struct LockstepReport: Sendable, CustomStringConvertible {
    static let lineCount = 16

    /// An instruction that is about to run.
    package struct Line: Sendable {
        package let hart: Int
        package let pc: UInt64
        /// M, S, U, VS or VU.
        package let mode: String
        package let text: String

        init(next hart: Hart) {
            self.hart = hart.id
            var (pc, privilege, csr) = (hart.pc, hart.privilege, hart.csr)
            var interrupt = ""
            // A pending interrupt comes first, and what runs is its handler's first instruction.
            if let cause = csr.pendingInterrupt(privilege: privilege) {
                interrupt = "(interrupt \(cause & 63)) "
                pc = csr.takeTrap(cause: cause, value: 0, pc: pc, privilege: &privilege)
            }
            self.pc = pc
            mode = privilege.name(isVirtual: csr.isVirtual)
            let encoding = hart.encoding(at: pc, privilege, isVirtual: csr.isVirtual)
            let assembly = encoding.map { Disassembler(isa: hart.isa).text($0, at: pc) }
            text = interrupt + (assembly?.replacing("\t", with: " ") ?? "(nothing to fetch)")
        }

        var description: String { "\(hex(pc, width: 16))  \(mode)  \(text)" }
    }

    /// Instructions of all harts before the difference, at least.
    package let retired: UInt64
    package let harts: [StateDifferences]
    package let steps: [Line]
    private let names: (String, String)
    private let remarks: [String]

    init(_ pair: LockstepPair, sentence: String? = nil, steps: [Line] = []) {
        let (first, second) = (pair.first, pair.second)
        retired = pair.retired
        harts = first.machine.differences(from: second.machine)
        names = (first.name, second.name)
        self.steps = steps
        var remarks = sentence.map { [$0] } ?? []
        if let address = first.machine.memory.firstDifference(from: second.machine.memory) {
            let values = (
                first.machine.memory.load64(address), second.machine.memory.load64(address)
            )
            remarks.append(
                "Memory at \(hex(address.rawValue)) holds \(hex(values.0 ?? 0)) and"
                    + " \(hex(values.1 ?? 0)).")
        }
        if first.console.hash != second.console.hash {
            remarks.append(
                "The consoles differ; the last lines are \"\(first.console.lastLine)\" and"
                    + " \"\(second.console.lastLine)\".")
        }
        self.remarks = remarks
    }

    package var description: String {
        var text = ""
        if let last = steps.last {
            text += "After \(retired) instructions the machines differ. The last that ran on hart"
            text += " \(last.hart):\n"
            for (index, line) in steps.enumerated() {
                text += (index == steps.count - 1 ? "  → " : "    ") + line.description + "\n"
            }
        }
        for remark in remarks { text += remark + "\n" }
        for hart in harts {
            text += "Hart \(hart.hart):\n"
            text += "    " + padded("", 18) + padded(names.0, 20) + names.1 + "\n"
            for difference in hart.list {
                text += "    " + padded(difference.name, 18)
                text += padded(hex(difference.first, width: 16), 20)
                text += hex(difference.second, width: 16) + "\n"
            }
        }
        return text
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
