import Bits

private struct Section {
    var type: UInt64
    var offset: UInt64
    var size: UInt64
    var link: UInt64
    var entrySize: UInt64
}

extension ELFFile {
    private static let sectionHeaderSize: UInt64 = 64
    private static let symbolSize: UInt64 = 24

    /// The symbols of `.symtab`, else of `.dynsym`; none when the file is stripped.
    func symbolTable(bias: UInt64) throws(HullError) -> SymbolTable {
        guard let table = view.double(40), table != 0, let declared = view.half(60) else {
            return SymbolTable()
        }
        // With 0xff00 sections or more the number stands in the first one's size.
        let count = declared != 0 ? declared : view.double(table &+ 32) ?? 0
        guard count <= view.count / Self.sectionHeaderSize,
            view.holds(table, count * Self.sectionHeaderSize)
        else {
            throw broken(
                "its section headers lie at \(hex(table)), beyond the end of the file;"
                    + " it seems truncated")
        }
        let sections = (0..<count).compactMap { section(table + $0 * Self.sectionHeaderSize) }
        guard
            let symbols = sections.first(where: { $0.type == 2 })
                ?? sections.first(where: { $0.type == 11 })
        else { return SymbolTable() }
        guard symbols.entrySize == Self.symbolSize, symbols.link < UInt64(sections.count) else {
            throw broken("its symbol table is malformed")
        }
        let strings = sections[Int(symbols.link)]
        guard view.holds(symbols.offset, symbols.size), view.holds(strings.offset, strings.size),
            strings.size < UInt64(UInt32.max)
        else { throw broken("its symbols lie beyond the end of the file; it seems truncated") }
        return read(symbols, strings, bias)
    }

    private func section(_ at: UInt64) -> Section? {
        guard let type = view.word(at + 4), let offset = view.double(at + 24),
            let size = view.double(at + 32), let link = view.word(at + 40),
            let entrySize = view.double(at + 56)
        else { return nil }
        return Section(type: type, offset: offset, size: size, link: link, entrySize: entrySize)
    }

    private func read(_ symbols: Section, _ strings: Section, _ bias: UInt64) -> SymbolTable {
        let names = Array(view.bytes[Int(strings.offset)..<Int(strings.offset + strings.size)])
        var places: [SymbolTable.Entry] = []
        var constants: [SymbolTable.Entry] = []
        for index in 0..<symbols.size / Self.symbolSize {
            let at = symbols.offset + index * Self.symbolSize
            guard let name = view.word(at), let attributes = view.read(at + 4, width: 1),
                let section = view.half(at + 6), let value = view.double(at + 8),
                let size = view.double(at + 16)
            else { break }
            let type = attributes & 15
            // Section 0 is undefined; types 3 and up name sections, files and thread-local offsets.
            guard section != 0, type < 3, name < strings.size, isWorthKeeping(names, Int(name))
            else {
                continue
            }
            // Functions and objects before labels, global before weak before local.
            let binding: UInt8 = attributes >> 4 == 1 ? 2 : attributes >> 4 == 2 ? 1 : 0
            let rank: UInt8 = (type == 0 ? 0 : 3) + binding
            let isPlace = section != 0xfff1
            let entry = SymbolTable.Entry(
                address: isPlace ? value &+ bias : value, size: size, name: UInt32(name), rank: rank
            )
            if isPlace { places.append(entry) } else { constants.append(entry) }
        }
        let end = segments.map { $0.virtual &+ $0.memorySize }.max() ?? 0
        return SymbolTable(places: places, constants: constants, names: names, limit: end &+ bias)
    }

    /// Not the assembler's own: mapping symbols (`$x`, `$d`) and local labels.
    private func isWorthKeeping(_ names: [UInt8], _ start: Int) -> Bool {
        guard let first = names[start...].first, first != 0, first != UInt8(ascii: "$") else {
            return false
        }
        return !names[start...].starts(with: ".L".utf8)
    }
}
