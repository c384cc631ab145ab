import Hart
import RISCV

/// Where generated code finds the fields of `HartState`: displacements from rbp, which points
/// `bias` bytes into it so that all integer registers are within one signed byte.
enum StateLayout {
    static let bias: Int32 = 128
    static func x(_ register: Int) -> Int32 { Int32(register) * 8 - bias }
    static func f(_ register: Int) -> Int32 { Int32(register) * 8 + 256 - bias }

    static let pc = displacement(\.pc)
    static let scratch = displacement(\.scratch)
    static let floatUnready = displacement(\.floatUnready)
    static let floatOff = displacement(\.floatOff)
    static let hostRoundings = displacement(\.hostRoundings)
    static let flags = displacement(\.csr) + fieldOffset(\.fflags)
    static let reservedAddress = displacement(\.reservedAddress)
    static let reservedValue = displacement(\.reservedValue)
    static let reservedBytes = displacement(\.reservedBytes)

    private static func displacement<Field>(_ field: KeyPath<HartState, Field>) -> Int32 {
        guard let offset = MemoryLayout<HartState>.offset(of: field) else {
            preconditionFailure("a stored field of a struct has an offset")
        }
        return Int32(offset) - bias
    }
    private static func fieldOffset(_ field: KeyPath<CSRFile, UInt64>) -> Int32 {
        guard let offset = MemoryLayout<CSRFile>.offset(of: field) else {
            preconditionFailure("a stored field of a struct has an offset")
        }
        return Int32(offset)
    }
    /// A word of `scratch`.
    static func scratch(_ index: Int) -> Int32 { scratch + Int32(index) * 8 }
    /// Scratch words: the first ones hold temporaries, the last what a cold path passes on.
    static let temporaryWords = 4
    /// How often a site's entry did not fit, for statistics.
    static let siteMisses = 4
    static let request = 5
    static let argument = 6
    static let budget = 7
    static var remaining: Int32 { scratch(budget) }
}
