import Bits
import Foundation
import GuestMemory
import Hart
import RISCV
import TestKit
import Testing
import Translator

/// A hart on a translator, with a page of code: units of it are described without running them.
final class UnitRig: Bus {
    let memory: GuestMemory
    let owner: GuestMemoryOwner
    let translator: Translator
    private(set) lazy var hart = Hart(id: 0, isa: .standard, memory: memory, bus: self)
    static let base: UInt64 = 0x8000_0000

    init(_ code: [UInt8], options: TranslatorOptions = TranslatorOptions()) throws {
        memory = try GuestMemory(
            ram: GuestRange(start: GuestPhysical(Self.base), count: 1 << 20))
        owner = GuestMemoryOwner(memory)
        translator = try #require(Translator(memory: memory, options: options))
        _ = memory.install(GuestPhysical(Self.base), code)
        hart.pc = Self.base
    }
    func describe(_ pc: UInt64 = UnitRig.base) throws -> UnitDescription {
        try #require(translator.describe(hart, pc))
    }
    /// Runs from the start until nothing is left of the budget.
    func run(_ count: UInt64) { _ = translator.run(hart, budget: count) }

    func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? { nil }
    func store(_ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart)
        -> Bool
    { false }
    func time(for hart: Hart) -> UInt64 { 0 }
    func seed(for hart: Hart) -> UInt16? { nil }
}

/// A file with what is expected, which lies beside the tests and is written anew on demand.
///
///     HULL_GOLDEN=write swift test --filter Golden
struct Golden {
    let file: URL

    init(_ name: String, beside path: String = #filePath) {
        file = URL(fileURLWithPath: path).deletingLastPathComponent()
            .appendingPathComponent("Golden").appendingPathComponent(name)
    }

    func check(_ text: String, location: SourceLocation = #_sourceLocation) throws {
        if ProcessInfo.processInfo.environment["HULL_GOLDEN"] == "write" {
            try text.write(to: file, atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        #expect(
            text == expected, "HULL_GOLDEN=write writes \(file.lastPathComponent) anew",
            sourceLocation: location)
    }
}
