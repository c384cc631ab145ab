/// The names of an ELF file by address. Names stay in the file's own string table until somebody asks
/// for one: a kernel has a hundred thousand.
package struct SymbolTable: Sendable {
    struct Entry: Sendable {
        var address: UInt64
        var size: UInt64
        /// Where the name starts in `names`.
        var name: UInt32
        /// Which of several symbols at one address gives the name: the highest.
        var rank: UInt8
    }
    /// By address, then rank.
    private var entries: [Entry] = []
    /// Symbols that name a number rather than a place.
    private var constants: [Entry] = []
    private var names: [UInt8] = []
    /// Where the image ends; what lies beyond has no name.
    private var limit: UInt64 = 0

    package init() {}

    init(places: [Entry], constants: [Entry], names: [UInt8], limit: UInt64) {
        entries = places.sorted { ($0.address, $0.rank) < ($1.address, $1.rank) }
        self.constants = constants
        self.names = names
        self.limit = limit
    }

    package var count: Int { entries.count + constants.count }

    /// The symbol that covers an address, and how far into it the address lies.
    package func name(at address: UInt64) -> (name: String, offset: UInt64)? {
        guard address < limit else { return nil }
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].address <= address { low = middle + 1 } else { high = middle }
        }
        // A symbol without a size (assembly) reaches up to the next one. A symbol whose end lies
        // before the address may still stand inside a longer one.
        for entry in entries[..<low].reversed().prefix(32) {
            let offset = address &- entry.address
            if entry.size == 0 || offset < entry.size { return (text(entry.name), offset) }
        }
        return nil
    }

    /// The value of a symbol, a global one before a local one of the same name.
    package func address(of name: String) -> UInt64? {
        let wanted = Array(name.utf8)
        var best: Entry?
        for entry in [entries, constants].joined() where spells(entry.name, wanted) {
            if best.map({ $0.rank < entry.rank }) ?? true { best = entry }
        }
        return best?.address
    }

    private func spells(_ start: UInt32, _ wanted: [UInt8]) -> Bool {
        let end = Int(start) + wanted.count
        guard end < names.count, names[end] == 0 else { return false }
        return names[Int(start)..<end].elementsEqual(wanted)
    }

    private func text(_ start: UInt32) -> String {
        String(decoding: names[Int(start)...].prefix { $0 != 0 }, as: UTF8.self)
    }
}
