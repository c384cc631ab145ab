/// Scalar arithmetic that shares one encoding.
@frozen package enum VectorOperation: UInt8, CaseIterable, Sendable {
    case sqrt = 0x51
    case add = 0x58
    case mul = 0x59
    case sub = 0x5c
    case min = 0x5d
    case div = 0x5e
    case max = 0x5f
}

/// Logic on all 128 bits.
@frozen package enum VectorLogic: UInt8, CaseIterable, Sendable {
    case and = 0x54
    /// `~first & second`.
    case andn
    case or, xor
}

/// Which signs a fused multiply-add gives to product and addend.
@frozen package enum FusedKind: UInt8, CaseIterable, Sendable {
    /// `a·b + c`.
    case fmadd = 0x9
    /// `a·b − c`.
    case fmsub = 0xb
    /// `−(a·b) + c`.
    case fnmadd = 0xd
    /// `−(a·b) − c`.
    case fnmsub = 0xf
}

/// Which operands a fused multiply-add multiplies.
@frozen package enum FusedForm: UInt8, CaseIterable, Sendable {
    /// `d = d·b + a`.
    case form132 = 0x90
    /// `d = a·d + b`.
    case form213 = 0xa0
    /// `d = a·b + d`.
    case form231 = 0xb0
}

// Moves.
extension Assembler {
    /// Nothing at all where it would change nothing.
    @inline(__always) package mutating func movaps(_ d: HostVector, _ s: HostVector) {
        if d == s { return }
        // The store form of the encoding saves a prefix byte's bit where only the source is high.
        if s.rawValue >= 8 && d.rawValue < 8 {
            encode(VEXOpcode(.none, .x0F, 0x29), s.rawValue, 0, d.rawValue)
        } else {
            encode(VEXOpcode(.none, .x0F, 0x28), d.rawValue, 0, s.rawValue)
        }
    }
    /// Clears the upper half.
    @inline(__always) package mutating func movq(_ d: HostVector, _ s: HostRegister) {
        encode(Opcode(escaped: 0x6e, prefix: 0x66).wide(true), d.rawValue, s.rawValue)
    }
    @inline(__always) package mutating func movq(_ d: HostRegister, _ s: HostVector) {
        encode(Opcode(escaped: 0x7e, prefix: 0x66).wide(true), s.rawValue, d.rawValue)
    }
    /// Clears all but the lowest quarter.
    @inline(__always) package mutating func movd(_ d: HostVector, _ s: HostRegister) {
        encode(Opcode(escaped: 0x6e, prefix: 0x66), d.rawValue, s.rawValue)
    }
    /// Clears the upper half of `d`.
    @inline(__always) package mutating func movd(_ d: HostRegister, _ s: HostVector) {
        encode(Opcode(escaped: 0x7e, prefix: 0x66), s.rawValue, d.rawValue)
    }
    /// `long` or `quad`; the rest of the vector is cleared.
    @inline(__always)
    package mutating func loadVector(
        _ d: HostVector, _ m: HostMemory, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0x10, prefix: size == .long ? 0xf3 : 0xf2), d.rawValue, m)
    }
    /// `long` or `quad`.
    @inline(__always)
    package mutating func storeVector(
        _ m: HostMemory, _ s: HostVector, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0x11, prefix: size == .long ? 0xf3 : 0xf2), s.rawValue, m)
    }
}

// Arithmetic on the lowest element. The forms with three operands take the rest of the vector from the
// first source, so a boxed single in it gives a boxed result.
extension Assembler {
    @inline(__always)
    package mutating func float(
        _ op: VectorOperation, isDouble: Bool, _ d: HostVector, _ s: VectorOperand
    ) {
        encode(Opcode(escaped: op.rawValue, prefix: isDouble ? 0xf2 : 0xf3), d.rawValue, s)
    }
    @inline(__always)
    package mutating func float(
        _ op: VectorOperation, isDouble: Bool, _ d: HostVector, _ a: HostVector,
        _ b: VectorOperand
    ) {
        let opcode = VEXOpcode(isDouble ? .xF2 : .xF3, .x0F, op.rawValue)
        encode(opcode, d.rawValue, a.rawValue, b)
    }
    @inline(__always)
    package mutating func fma(
        _ kind: FusedKind, form: FusedForm, isDouble: Bool, _ d: HostVector, _ a: HostVector,
        _ b: VectorOperand
    ) {
        let opcode = VEXOpcode(.x66, .x0F38, form.rawValue | kind.rawValue, isWide: isDouble)
        encode(opcode, d.rawValue, a.rawValue, b)
    }
    /// Quiet: only signalling NaNs are invalid.
    @inline(__always)
    package mutating func ucomi(isDouble: Bool, _ a: HostVector, _ b: VectorOperand) {
        encode(VEXOpcode(isDouble ? .x66 : .none, .x0F, 0x2e), a.rawValue, 0, b)
    }
    /// Signalling: any NaN is invalid.
    @inline(__always)
    package mutating func comi(isDouble: Bool, _ a: HostVector, _ b: VectorOperand) {
        encode(VEXOpcode(isDouble ? .x66 : .none, .x0F, 0x2f), a.rawValue, 0, b)
    }
    /// `mode`: 0…3 as in MXCSR, 4 for MXCSR's own; plus 8: without the inexact flag.
    @inline(__always)
    package mutating func round(
        isDouble: Bool, mode: UInt8, _ d: HostVector, _ a: HostVector, _ b: VectorOperand
    ) {
        encode(VEXOpcode(.x66, .x0F3A, isDouble ? 0x0b : 0x0a), d.rawValue, a.rawValue, b)
        put8(mode)
    }
}

// Conversions.
extension Assembler {
    /// From a signed integer of 32 or 64 bits; the rest of `d` from `a`.
    @inline(__always)
    package mutating func convert(
        fromInteger s: HostOperand, _ size: OperandSize, isDouble: Bool, _ d: HostVector,
        _ a: HostVector
    ) {
        let prefix: VEXOpcode.Prefix = isDouble ? .xF2 : .xF3
        encode(
            VEXOpcode(prefix, .x0F, 0x2a, isWide: size == .quad), d.rawValue, a.rawValue, s)
    }
    /// To a signed integer of 32 or 64 bits.
    @inline(__always)
    package mutating func convert(
        toInteger d: HostRegister, _ size: OperandSize, isDouble: Bool, truncates: Bool,
        _ s: VectorOperand
    ) {
        let opcode = Opcode(
            escaped: truncates ? 0x2c : 0x2d, prefix: isDouble ? 0xf2 : 0xf3)
        encode(opcode.wide(size == .quad), d.rawValue, s)
    }
    /// To double from single, or to single from double; the rest of `d` from `a`.
    @inline(__always)
    package mutating func convert(
        toDouble: Bool, _ d: HostVector, _ a: HostVector, _ s: VectorOperand
    ) {
        encode(VEXOpcode(toDouble ? .xF3 : .xF2, .x0F, 0x5a), d.rawValue, a.rawValue, s)
    }
    /// Four halves to singles.
    @inline(__always)
    package mutating func vcvtph2ps(_ d: HostVector, _ s: HostVector) {
        encode(VEXOpcode(.x66, .x0F38, 0x13), d.rawValue, 0, s.rawValue)
    }
    /// Four singles to halves; `mode` 0…3, or 4 for MXCSR's own.
    @inline(__always)
    package mutating func vcvtps2ph(_ d: HostVector, _ s: HostVector, mode: UInt8) {
        encode(VEXOpcode(.x66, .x0F3A, 0x1d), s.rawValue, 0, d.rawValue)
        put8(mode)
    }
}

// Bits.
extension Assembler {
    @inline(__always)
    package mutating func logic(_ op: VectorLogic, _ d: HostVector, _ s: VectorOperand) {
        encode(Opcode(escaped: op.rawValue), d.rawValue, s)
    }
    @inline(__always)
    package mutating func logic(
        _ op: VectorLogic, _ d: HostVector, _ a: HostVector, _ b: VectorOperand
    ) {
        encode(VEXOpcode(.none, .x0F, op.rawValue), d.rawValue, a.rawValue, b)
    }
    /// All bits one: it waits for no register.
    @inline(__always) package mutating func ones(_ d: HostVector) {
        encode(VEXOpcode(.x66, .x0F, 0x76), d.rawValue, d.rawValue, d.rawValue)
    }
    /// Each quarter all ones where equal.
    @inline(__always)
    package mutating func vpcmpeqd(_ d: HostVector, _ a: HostVector, _ b: VectorOperand) {
        encode(VEXOpcode(.x66, .x0F, 0x76), d.rawValue, a.rawValue, b)
    }
    /// Interleaves the lower quarters of `a` and `b`.
    @inline(__always)
    package mutating func vpunpckldq(_ d: HostVector, _ a: HostVector, _ b: VectorOperand) {
        encode(VEXOpcode(.x66, .x0F, 0x62), d.rawValue, a.rawValue, b)
    }
    /// `a` with the quarter of `b` that bits 6–7 of `mode` name (of memory, the only one) at the place
    /// that bits 4–5 name.
    @inline(__always)
    package mutating func vinsertps(
        _ d: HostVector, _ a: HostVector, _ b: VectorOperand, mode: UInt8
    ) {
        encode(VEXOpcode(.x66, .x0F3A, 0x21), d.rawValue, a.rawValue, b)
        put8(mode)
    }
    /// `a` with those 16-bit elements of `b` that `mask` names.
    @inline(__always)
    package mutating func vpblendw(
        _ d: HostVector, _ a: HostVector, _ b: VectorOperand, mask: UInt8
    ) {
        encode(VEXOpcode(.x66, .x0F3A, 0x0e), d.rawValue, a.rawValue, b)
        put8(mask)
    }
    /// `a` with its lowest quarter from `b`.
    @inline(__always)
    package mutating func vpinsrd(_ d: HostVector, _ a: HostVector, _ b: HostOperand) {
        encode(VEXOpcode(.x66, .x0F3A, 0x22), d.rawValue, a.rawValue, b)
        put8(0)
    }
    /// `a` with its lowest 16 bits from `b`.
    @inline(__always)
    package mutating func vpinsrw(_ d: HostVector, _ a: HostVector, _ b: HostOperand) {
        encode(VEXOpcode(.x66, .x0F, 0xc4), d.rawValue, a.rawValue, b)
        put8(0)
    }
    /// The second quarter of `s`.
    @inline(__always)
    package mutating func vpextrd1(_ d: HostRegister, _ s: HostVector) {
        encode(VEXOpcode(.x66, .x0F3A, 0x16), s.rawValue, 0, d.rawValue)
        put8(1)
    }
    /// All ones where `a` equals `b`, else zeros; quiet.
    @inline(__always)
    package mutating func vcmpeq(
        isDouble: Bool, _ d: HostVector, _ a: HostVector, _ b: VectorOperand
    ) {
        encode(VEXOpcode(isDouble ? .xF2 : .xF3, .x0F, 0xc2), d.rawValue, a.rawValue, b)
        put8(0)
    }
    /// Each half shifted by itself.
    @inline(__always)
    package mutating func vpsllq(_ d: HostVector, _ s: HostVector, by count: UInt8) {
        encode(VEXOpcode(.x66, .x0F, 0x73), 6, d.rawValue, s.rawValue)
        put8(count)
    }
    @inline(__always)
    package mutating func vpsrlq(_ d: HostVector, _ s: HostVector, by count: UInt8) {
        encode(VEXOpcode(.x66, .x0F, 0x73), 2, d.rawValue, s.rawValue)
        put8(count)
    }
    /// The whole vector, by bytes.
    @inline(__always)
    package mutating func psrldq(_ d: HostVector, by count: UInt8) {
        encode(Opcode(escaped: 0x73, prefix: 0x66), 3, d.rawValue)
        put8(count)
    }
    /// Carry-less product of the halves of `d` and `s` that bits 0 and 4 of `halves` name.
    @inline(__always)
    package mutating func pclmulqdq(_ d: HostVector, _ s: VectorOperand, halves: UInt8 = 0) {
        encode(Opcode(escaped: 0x3a, 0x44, prefix: 0x66), d.rawValue, s)
        put8(halves)
    }

    @inline(__always) package mutating func ldmxcsr(_ m: HostMemory) {
        encode(Opcode(escaped: 0xae), 2, m)
    }
    @inline(__always) package mutating func stmxcsr(_ m: HostMemory) {
        encode(Opcode(escaped: 0xae), 3, m)
    }
}
