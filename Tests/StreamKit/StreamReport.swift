import Bits
import Hart
import RISCV

/// A difference, for people: how to see it again, what ran, and what differs.
package struct StreamReport: CustomStringConvertible {
    private let stream: Stream
    private let difference: Difference
    private let path: [Visit]
    private static let lineCount = 24

    /// An instruction that is about to run.
    struct Visit {
        let pc: UInt64
        let privilege: Privilege
        let text: String
    }

    /// `stream` is best made smaller before.
    package init(
        _ stream: Stream, _ difference: Difference,
        _ makers: (first: EngineMaker, second: EngineMaker)
    ) {
        self.stream = stream
        self.difference = difference
        path = (try? Self.path(stream, makers.first)) ?? []
    }

    /// What the first engine runs in the last step, an instruction at a time.
    static func path(_ stream: Stream, _ maker: EngineMaker) throws(HullError) -> [Visit] {
        let rig = try StreamRig(stream, maker)
        for step in stream.steps.dropLast() { _ = rig.perform(step, isSecond: false) }
        guard let last = stream.steps.last, let budget = last.budget else { return [] }
        var lines: [Visit] = []
        for _ in 0..<budget {
            lines.append(place(rig.hart))
            if rig.perform(.run(1), isSecond: false) != .budget { break }
        }
        return lines
    }

    private static func place(_ hart: Hart) -> Visit {
        let world = hart.csr.isVirtual ? "V" : ""
        let privilege = world + ["U", "S", "H", "M"][Int(hart.privilege.rawValue)]
        let bits = hart.encoding(at: hart.pc, hart.privilege)
        let text = bits.map { bits in
            Disassembler(isa: hart.isa).text(bits, at: hart.pc).replacing("\t", with: " ")
        }
        let word = bits.map { hex(UInt64($0 & 3 == 3 ? $0 : $0 & 0xffff)) } ?? "nothing"
        return Visit(
            pc: hart.pc, privilege: hart.privilege,
            text: "\(hex(hart.pc)) \(privilege)  \(word)  \(text ?? "cannot be fetched")")
    }

    package var description: String {
        var text =
            "The engines differ; again: swift run -c release StreamHunt seed \(stream.seed)\n"
        text += "made smaller, to \(stream.steps.count) steps:\n"
        for step in stream.steps.suffix(12) { text += "  " + Self.describe(step) + "\n" }
        text += "the last ran:\n"
        for place in path.suffix(Self.lineCount) { text += "  " + place.text + "\n" }
        for remark in difference.remarks { text += remark + "\n" }
        for item in difference.list {
            text += "  \(item.name): \(hex(item.first)) and \(hex(item.second))\n"
        }
        return text
    }

    private static func describe(_ step: Step) -> String {
        switch step {
        case .enter(let entry):
            "enter \(entry.csr.isVirtual ? "a guest's " : "")\(entry.privilege) at \(hex(entry.pc)), satp \(hex(entry.csr.satp)), mstatus"
                + " \(hex(entry.csr.mstatus)), " + registers(entry)
        case .run(let budget): "run \(budget)"
        case .lines(let mask, let on): "lines \(hex(mask)) \(on ? "up" : "down")"
        case .time: "look at the timer"
        case .flush(let both): "flush tables of \(both ? "both" : "the second")"
        case .forget(let page, let both):
            "forget code of \(hex(page)) in \(both ? "both" : "the second")"
        case .write(let address, let bytes): "write \(bytes.count) bytes at \(hex(address))"
        case .remap(let change):
            "entry \(hex(change.entry)) of \(hex(change.virtual)) becomes \(hex(change.value))"
        case .breakpoints(let list): "breakpoints \(list.map { hex($0) })"
        }
    }

    private static func registers(_ entry: Entry) -> String {
        let integers = (1..<32).filter { entry.x[$0] != 0 }
            .map { "\(RegisterNames.x[$0]) \(hex(entry.x[$0]))" }
        let floats = (0..<32).filter { entry.f[$0] != 0 }
            .map { "\(RegisterNames.f[$0]) \(hex(entry.f[$0]))" }
        return (integers + floats).joined(separator: ", ")
    }
}
