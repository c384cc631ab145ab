import Bits
import RISCV

/// Who executes an instruction in a translated unit.
package enum ClauseFate: String, Sendable {
    /// Host code of its own.
    case generated
    /// The run loop, by a whole-instruction call.
    case called
    /// The interpreter, each time.
    case interpreted
}

extension Translator {
    /// What becomes of an instruction, found by translating it.
    package func fate(of instruction: Instruction) -> ClauseFate {
        cache.pointee.fate(of: instruction)
    }
}

extension TranslationCache {
    mutating func fate(of instruction: Instruction) -> ClauseFate {
        lifter.begin()
        lifter.lift(instruction, at: 0x1000)
        let end = UInt64(0x1000) &+ instruction.length
        lifter.finish(at: end)
        for index in 0..<lifter.block.count {
            switch lifter.block[index].operation {
            case .system: return .called
            case .interpret: return .interpreted
            default: break
            }
        }
        emitter.asm.cursor = buffer.writable + used
        _ = emitter.emit(lifter.block)
        return emitter.alwaysLeaves ? .interpreted : .generated
    }
}
