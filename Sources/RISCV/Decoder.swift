import Bits

/// All rows, in the order in which they are tried: a special case before its general row.
///
/// Cache rows come before the base ones: a prefetch is an `ori`.
package let allRows: [Row] =
    cacheRows + baseRows + systemRows + multiplyRows + atomicRows + bitmanipRows + floatRows
    + compressedRows

/// Finds the row of an encoding. Decoding is cold (a slot is decoded once), so small buckets are enough:
/// by major opcode and funct3; by funct5 for OP-FP, where funct3 is mostly the rounding mode; and by
/// quadrant and funct3 for compressed encodings.
package struct Decoder: Sendable {
    /// What decides whether a row is meant; the row itself is looked at once.
    private struct Candidate {
        var mask: UInt32
        var match: UInt32
        var row: Int
    }

    /// 32 majors × 8, then 3 quadrants × 8, then 32 of OP-FP: where each bucket's candidates start, and
    /// the end of the last.
    private var starts: [Int] = []
    private var candidates: [Candidate] = []
    private let rows = allRows
    package let isa: ISA

    package init(isa: ISA) {
        self.isa = isa
        var buckets: [[Candidate]] = Array(repeating: [], count: 256 + 32 + 32)
        for (index, row) in rows.enumerated() where isa.has(row.needs) && isa.has(row.also) {
            for bucket in Self.candidates(row) {
                buckets[bucket].append(Candidate(mask: row.mask, match: row.match, row: index))
            }
        }
        for bucket in buckets {
            starts.append(candidates.count)
            candidates += bucket
        }
        starts.append(candidates.count)
    }

    private static func bucket(_ bits: UInt32) -> Int {
        if bits & 0x7f == 0b1010011 { return 256 + 32 + Int(bits.bits(31, 27)) }
        return bits & 3 == 3
            ? Int(bits.bits(6, 2) * 8 + bits.bits(14, 12))
            : 256 + Int((bits & 3) * 8 + bits.bits(15, 13))
    }

    /// Every bucket whose members could match the row (funct3 may be an operand, funct5 never is).
    private static func candidates(_ row: Row) -> [Int] {
        if row.match & 0x7f == 0b1010011 { return [bucket(row.match)] }
        let shift: UInt32 = row.isCompressed ? 13 : 12
        let free = ~row.mask.bits(Int(shift) + 2, Int(shift)) & 7
        var result: [Int] = []
        for value in UInt32(0)..<8 where value & ~free == 0 {
            result.append(bucket(row.match | value << shift))
        }
        return result
    }

    /// The row of `bits` (low 16 used for a compressed encoding), or nil: an illegal instruction.
    package func row(_ bits: UInt32) -> Row? {
        let bits = bits & 3 == 3 ? bits : bits & 0xffff
        let bucket = Self.bucket(bits)
        for index in starts[bucket]..<starts[bucket + 1] {
            let candidate = candidates[index]
            guard bits & candidate.mask == candidate.match else { continue }
            let row = rows[candidate.row]
            return row.isReserved || row.hasReservedRounding(bits) ? nil : row
        }
        return nil
    }

    package func decode(_ bits: UInt32) -> Instruction? {
        let bits = bits & 3 == 3 ? bits : bits & 0xffff
        return row(bits)?.instruction(bits)
    }
}
