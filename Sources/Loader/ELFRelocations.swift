import Bits

/// Tags of the dynamic section and the relocation types of the RISC-V psABI that a statically
/// linked position-independent program (static-pie) contains.
private enum Dynamic {
    static let null: UInt64 = 0
    static let symbols: UInt64 = 6
    static let rela: UInt64 = 7
    static let relaSize: UInt64 = 8
    static let rel: UInt64 = 17
    static let jumpRelocations: UInt64 = 23
    static let relr: UInt64 = 36
}

extension ELFFile {
    /// Applies what a dynamic linker would: the program was linked as if it lay at 0. Programs that
    /// also relocate themselves (OpenSBI does) write the same values again.
    func relocate(_ bytes: inout [UInt8], by bias: UInt64) throws(HullError) {
        guard let dynamic, bias != 0 else { return }
        var tags: [UInt64: UInt64] = [:]
        for at in stride(from: dynamic.lowerBound, to: dynamic.upperBound, by: 16) {
            guard let tag = view.double(at), let value = view.double(at &+ 8), tag != Dynamic.null
            else { break }
            tags[tag] = value
        }
        for unknown in [Dynamic.rel, Dynamic.relr, Dynamic.jumpRelocations]
        where tags[unknown] != nil {
            throw HullError(
                .unsupported,
                "\(name): a position-independent program with relocations of a kind that is not"
                    + " applied here (dynamic tag \(unknown)); link it with -no-pie")
        }
        guard let table = tags[Dynamic.rela], let size = tags[Dynamic.relaSize], size > 0 else {
            return
        }
        guard let start = offset(of: table, count: size) else {
            throw broken("its relocations at \(hex(table)) lie outside its segments")
        }
        for at in stride(from: start, to: start + size - size % 24, by: 24) {
            guard let target = view.double(at), let kind = view.double(at + 8),
                let addend = view.double(at + 16)
            else { throw broken("it ends inside its relocations") }
            let value = try value(kind, addend, symbols: tags[Dynamic.symbols], bias)
            guard let value else { continue }
            guard let place = offset(of: target, count: 8) else {
                throw broken("a relocation is for \(hex(target)), outside its segments")
            }
            for index in 0..<8 {
                bytes[Int(place) + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
            }
        }
    }

    /// What a relocation writes; nil when it writes nothing.
    private func value(
        _ kind: UInt64, _ addend: UInt64, symbols: UInt64?, _ bias: UInt64
    ) throws(HullError) -> UInt64? {
        switch kind & 0xffff_ffff {
        case 0: return nil
        case 3:  // R_RISCV_RELATIVE
            return addend &+ bias
        case 2:  // R_RISCV_64
            let index = kind >> 32
            guard let symbols, let at = offset(of: symbols &+ 24 &* index, count: 24),
                let section = view.half(at + 6), let symbol = view.double(at + 8)
            else { throw broken("a relocation names symbol \(index), which does not exist") }
            // An undefined symbol is a weak one here: its address is 0.
            return section == 0 ? addend : addend &+ symbol &+ bias
        case let type:
            throw HullError(
                .unsupported,
                "\(name): a position-independent program with relocation type \(type), which is not"
                    + " applied here; link it with -no-pie")
        }
    }

    /// Where bytes with this linked address lie in the file.
    private func offset(of address: UInt64, count: UInt64) -> UInt64? {
        for segment in segments {
            let into = address &- segment.virtual
            if into <= segment.fileSize, segment.fileSize &- into >= count {
                return segment.offset &+ into
            }
        }
        return nil
    }
}
