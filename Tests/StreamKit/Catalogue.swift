import RISCV

/// What a stream is mixed from.
enum Kind: Int, CaseIterable {
    case integer, load, store, branch, jump, jumpRegister, atomic, cache, float, csr, system
}

/// The rows of the instruction set by kind.
struct Catalogue: Sendable {
    let decoder: Decoder
    private var rows: [[Row]] = Array(repeating: [], count: Kind.allCases.count)
    private var compressed: [[Row]] = Array(repeating: [], count: Kind.allCases.count)

    init(isa: ISA) {
        decoder = Decoder(isa: isa)
        for row in allRows where isa.has(row.needs) && isa.has(row.also) && !row.isReserved {
            rows[Self.kind(row).rawValue].append(row)
            if row.isCompressed { compressed[Self.kind(row).rawValue].append(row) }
        }
    }

    /// All of a kind, or those of two bytes where there are some.
    func rows(_ kind: Kind, isShort: Bool) -> [Row] {
        let short = compressed[kind.rawValue]
        return isShort && !short.isEmpty ? short : rows[kind.rawValue]
    }

    private static func kind(_ row: Row) -> Kind {
        // Registers other than x0 in every field.
        let footprint = Footprint(row.instruction(row.match | 0x0291_8480 & ~row.mask))
        if footprint.csr != nil { return .csr }
        switch footprint.memory?.kind {
        case .load, .guestLoad: return .load
        case .store, .guestStore: return .store
        case .loadReserved, .storeConditional, .atomic: return .atomic
        case .cacheBlock, .zeroBlock: return .cache
        case nil: break
        }
        switch footprint.control {
        case .branch: return .branch
        case .jump: return .jump
        case .jumpRegister: return .jumpRegister
        case .trap, .trapReturn: return .system
        case .next: break
        }
        if footprint.isSystem || row.opcode == .fence { return .system }
        return footprint.usesFloat ? .float : .integer
    }
}
