import Bits
import GuestMemory
import Hart
import RISCV

/// The translator: turns guest code into host code and runs that.
package final class Translator: Engine {
    private let interpreter: Interpreter

    package init(memory: GuestMemory) {
        interpreter = Interpreter(memory: memory)
    }

    package func run(_ hart: Hart, budget: UInt64) -> Exit {
        interpreter.run(hart, budget: budget)
    }
    package func invalidate(_ range: GuestRange) { interpreter.invalidate(range) }
    package func debugChanged(_ hart: Hart) { interpreter.debugChanged(hart) }
}
