import Bits
import GuestMemory
import Hart
import RISCV
import Translator

/// Which engine runs: the one that was chosen, or the interpreter where the host cannot run it.
package struct EngineChoice {
    package private(set) var engine: Configuration.Engine
    /// Says so, where it is another one.
    package private(set) var notice: String?

    package init(_ configuration: Configuration, hostRunsCode: Bool) throws(HullError) {
        engine = configuration.engine
        guard engine == .translator, !hostRunsCode else { return }
        if configuration.requiresEngine { throw HullError(.host, Assembly.noTranslator) }
        engine = .interpreter
        notice = Assembly.noTranslator + " The interpreter runs instead."
    }

    func make(_ memory: GuestMemory, _ configuration: Configuration) -> any Engine {
        switch engine {
        case .interpreter: Interpreter(memory: memory)
        case .translator:
            Translator(memory: memory, options: configuration.translatorOptions)
                ?? Interpreter(memory: memory)
        }
    }
}

extension Assembly {
    static let noTranslator =
        "The translator needs an x86-64 processor with AVX2, BMI2 and FMA (x86-64-v3), which this host"
        + " does not have."
}

extension Configuration {
    /// What a unit can hold at most.
    package static let longestTranslationUnit = IRBlock.maximumGuests
    package static let translationCacheSizes: ClosedRange<UInt64> = 4 << 20...1 << 30

    /// One hart needs no thread of its own; who looks at each instruction looks at one hart at a time.
    var runsHartsInTurns: Bool {
        hartCount == 1 || isDeterministic || clock != .host || debugger != nil || !trace.isEmpty
            || writesProfile
    }

    var translatorOptions: TranslatorOptions {
        var options = TranslatorOptions()
        options.sharesMemory = !runsHartsInTurns
        if let limit = translationUnitLimit {
            options.longestUnit = min(max(limit, 1), Self.longestTranslationUnit)
        }
        let sizes = Self.translationCacheSizes
        // Engines of their own share what was allowed.
        let engines = runsHartsInTurns ? 1 : UInt64(max(hartCount, 1))
        options.cacheBytes = Int(
            min(max(translationCacheBytes / engines, sizes.lowerBound), sizes.upperBound))
        options.measures = printsStatistics
        options.isProfiled = writesProfile
        return options
    }
}

extension Audit {
    /// On the engine that a machine would get.
    package init(isa text: String, engine: Configuration.Engine) throws(HullError) {
        var configuration = Configuration()
        configuration.engine = engine
        let isa = try ISA(parsing: text)
        let choice = try EngineChoice(configuration, hostRunsCode: Translator.isAvailable)
        try self.init(isa) { choice.make($0, configuration) }
    }
}
