import GuestMemory
import Hart
import Translator

/// The engines that tests run under.
package enum EngineChoice: String, CaseIterable, Sendable {
    case interpreter, translator

    package func make(_ memory: GuestMemory) -> any Engine {
        switch self {
        case .interpreter: Interpreter(memory: memory)
        case .translator: Self.translator(memory)
        }
    }

    /// A translation cache that fills up soon.
    private static func translator(_ memory: GuestMemory) -> any Engine {
        var options = TranslatorOptions()
        options.cacheBytes = 4 << 20
        return Translator(memory: memory, options: options) ?? Interpreter(memory: memory)
    }
}
