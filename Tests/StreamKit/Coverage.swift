import Bits
import Hart
import RISCV

/// How often each instruction retired in streams, counted one by one.
package struct Coverage {
    package private(set) var counts: [Opcode: Int] = [:]
    package private(set) var compressed = 0
    private let maker = StreamMaker()

    package init() {}

    /// Runs a stream on the interpreter.
    package mutating func add(seed: UInt64) throws(HullError) {
        let stream = maker.stream(seed: seed)
        let rig = try StreamRig(stream) { Interpreter(memory: $0) }
        let decoder = Decoder(isa: stream.isa)
        for step in stream.steps {
            guard let budget = step.budget else {
                _ = rig.perform(step, isSecond: false)
                continue
            }
            for _ in 0..<budget {
                let bits = rig.hart.encoding(at: rig.hart.pc, rig.hart.privilege)
                let instruction = bits.flatMap { decoder.decode($0) }
                let retired = rig.hart.retired
                let exit = rig.perform(.run(1), isSecond: false)
                if let instruction, rig.hart.retired != retired {
                    counts[instruction.opcode, default: 0] += 1
                    if instruction.isCompressed { compressed += 1 }
                }
                if exit != .budget { break }
            }
        }
    }
}
