import Bits

/// The extensions a hart may have; a row names the one that brings it.
@frozen @usableFromInline
package enum ISAExtension: UInt8, CaseIterable, Sendable {
    case i, m, a, f, d, c, h
    case zicsr, zifencei, zicntr, zihpm, zba, zbb, zbc, zbs, zicond
    case zicbom, zicboz, zicbop, zihintpause, zawrs, zacas, zfa, zfh, zfhmin, zcb, zimop, zcmop
    /// Svvptc: no hart remembers an invalid page table entry.
    case sstc, svinval, svnapot, svpbmt, svvptc, svadu, svade, sscofpmf, smstateen, zkr
    /// For teaching: two instructions that behave otherwise in U-mode, and do not trap there.
    case xhole
}

/// What a hart is told it has.
@frozen @usableFromInline
package struct ISA: Sendable, Equatable {
    @usableFromInline package private(set) var bits: UInt64
    package init(_ extensions: [ISAExtension] = []) {
        bits = 0
        for item in extensions { bits |= 1 &<< UInt64(item.rawValue) }
    }
    @inlinable package func has(_ item: ISAExtension) -> Bool { bits.bit(Int(item.rawValue)) }
    package mutating func insert(_ item: ISAExtension) { bits |= 1 &<< UInt64(item.rawValue) }
    package mutating func remove(_ item: ISAExtension) { bits &= ~(1 &<< UInt64(item.rawValue)) }
}

/// One encoding as data: decoder, encoder and disassembler read the same row.
///
/// A compressed row names the base instruction's opcode and a form that maps its operands, so that no
/// consumer knows compressed instructions but for their length.
package struct Row: Sendable {
    package var opcode: Opcode
    package var mnemonic: StaticString
    package var match: UInt32
    package var mask: UInt32
    package var form: Form
    package var needs: ISAExtension
    /// A second extension that has to be there (c.fld: C and D).
    package var also: ISAExtension

    package init(
        _ opcode: Opcode, _ mnemonic: StaticString, match: UInt32, mask: UInt32, _ form: Form,
        _ needs: ISAExtension, also: ISAExtension = .i
    ) {
        self.opcode = opcode
        self.mnemonic = mnemonic
        self.match = match
        self.mask = mask
        self.form = form
        self.needs = needs
        self.also = also
    }

    package var isCompressed: Bool { match & 3 != 3 }
    /// Encodings that the general row after this one would take, but that are reserved.
    package var isReserved: Bool { opcode == .illegal }
    /// Rounding modes 5 and 6 are reserved.
    func hasReservedRounding(_ bits: UInt32) -> Bool {
        switch form {
        case .float, .floatUnary, .floatFused, .floatExact:
            bits.bits(14, 12) == 5 || bits.bits(14, 12) == 6
        default: false
        }
    }
}

/// Rows by their fixed fields, in the manual's own terms.
extension Row {
    /// `funct7 | rs2 | rs1 | funct3 | rd | major` with funct7 and funct3 fixed.
    static func r(
        _ opcode: Opcode, _ name: StaticString, _ funct7: UInt32, _ funct3: UInt32,
        _ major: UInt32, _ form: Form = .register, _ needs: ISAExtension
    ) -> Row {
        Row(
            opcode, name, match: funct7 << 25 | funct3 << 12 | major, mask: 0xfe00_707f, form, needs
        )
    }
    /// As `r`, but rs2 is fixed as well: one operand in, one out.
    static func r2(
        _ opcode: Opcode, _ name: StaticString, _ funct7: UInt32, _ rs2: UInt32, _ funct3: UInt32,
        _ major: UInt32, _ needs: ISAExtension
    ) -> Row {
        Row(
            opcode, name, match: funct7 << 25 | rs2 << 20 | funct3 << 12 | major,
            mask: 0xfff0_707f, .unary, needs)
    }
    /// `funct6 | shamt | rs1 | funct3 | rd | major`.
    static func shift6(
        _ opcode: Opcode, _ name: StaticString, _ funct6: UInt32, _ funct3: UInt32,
        _ major: UInt32, _ needs: ISAExtension
    ) -> Row {
        Row(
            opcode, name, match: funct6 << 26 | funct3 << 12 | major, mask: 0xfc00_707f, .shift,
            needs)
    }
    /// Only funct3 and the major opcode are fixed.
    static func i(
        _ opcode: Opcode, _ name: StaticString, _ funct3: UInt32, _ major: UInt32,
        _ form: Form, _ needs: ISAExtension
    ) -> Row {
        Row(opcode, name, match: funct3 << 12 | major, mask: 0x707f, form, needs)
    }
    /// Only the major opcode is fixed.
    static func u(
        _ opcode: Opcode, _ name: StaticString, _ major: UInt32, _ form: Form,
        _ needs: ISAExtension
    ) -> Row {
        Row(opcode, name, match: major, mask: 0x7f, form, needs)
    }
    /// Every bit is fixed.
    static func fixed(
        _ opcode: Opcode, _ name: StaticString, _ bits: UInt32, _ needs: ISAExtension
    ) -> Row {
        Row(opcode, name, match: bits, mask: ~0, .none, needs)
    }
    /// funct5, funct3 and major are fixed; aq and rl are operands.
    static func atomic(
        _ opcode: Opcode, _ name: StaticString, _ funct5: UInt32, _ funct3: UInt32,
        _ form: Form = .atomic, _ needs: ISAExtension = .a
    ) -> Row {
        Row(
            opcode, name, match: funct5 << 27 | funct3 << 12 | 0b0101111, mask: 0xf800_707f, form,
            needs)
    }
}

/// Compressed rows, in the manual's own terms.
extension Row {
    /// Only funct3 and the quadrant are fixed, and what `match` and `mask` add.
    static func c(
        _ opcode: Opcode, _ name: StaticString, _ funct3: UInt32, _ quadrant: UInt32,
        match: UInt32 = 0, mask: UInt32 = 0, _ form: Form, _ needs: ISAExtension = .c,
        also: ISAExtension = .i
    ) -> Row {
        Row(
            opcode, name, match: funct3 << 13 | quadrant | match, mask: 0xe003 | mask, form, needs,
            also: also)
    }
    /// Reserved encodings: written before the row that would otherwise take them.
    static func reserved(
        _ funct3: UInt32, _ quadrant: UInt32, match: UInt32 = 0, mask: UInt32
    ) -> Row {
        c(.illegal, "reserved", funct3, quadrant, match: match, mask: mask, .none)
    }
}

extension ISA {
    /// All that the specifications know.
    package static var everything: ISA {
        ISA(ISAExtension.allCases.filter { $0 != .xhole })
    }
    /// What the `virt` machine's hart has unless it is told otherwise. Svadu without Svade: the hart
    /// sets A and D itself, and no guest has to ask for it.
    package static var standard: ISA {
        ISA([
            .i, .m, .a, .f, .d, .c, .zicsr, .zifencei, .zicntr, .zihpm, .zba, .zbb, .zbc, .zbs,
            .zicond, .zicbom, .zicboz, .zicbop, .zihintpause, .zawrs, .zacas, .zfa, .zfh, .zfhmin,
            .zcb, .zimop, .zcmop, .sstc, .svinval, .svnapot, .svpbmt, .svvptc, .svadu,
            .sscofpmf, .smstateen, .zkr,
        ])
    }
}
