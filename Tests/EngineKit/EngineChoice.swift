import GuestMemory
import Hart
import Translator

/// The engines that tests run under.
package enum EngineChoice: String, CaseIterable, Sendable {
    case interpreter, translator

    package func make(_ memory: GuestMemory) -> any Engine {
        switch self {
        case .interpreter: Interpreter(memory: memory)
        case .translator: Translator(memory: memory) ?? Interpreter(memory: memory)
        }
    }
}
