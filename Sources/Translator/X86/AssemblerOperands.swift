/// The general registers of an x86-64 host, by their number in an encoding.
@frozen package enum HostRegister: UInt8, CaseIterable, Sendable {
    case rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
}

/// The vector registers that a legacy or VEX encoding reaches.
@frozen package enum HostVector: UInt8, CaseIterable, Sendable {
    case xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7
    case xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15
}

/// `[base + index << scale + displacement]`, in the segment of GS where `isGS`.
@frozen package struct HostMemory: Equatable, Sendable {
    package var displacement: Int32
    package var base: HostRegister?
    /// Never rsp, whose number means "no index".
    package var index: HostRegister?
    /// The logarithm, 0 to 3.
    package var scale: UInt8
    package var isGS: Bool

    @inline(__always)
    package init(
        base: HostRegister?, index: HostRegister? = nil, scale: UInt8 = 0, displacement: Int32,
        isGS: Bool = false
    ) {
        self.displacement = displacement
        self.base = base
        self.index = index
        self.scale = scale
        self.isGS = isGS
    }

    @inline(__always)
    package static func at(_ base: HostRegister, _ displacement: Int32 = 0) -> Self {
        Self(base: base, displacement: displacement)
    }
    @inline(__always)
    package static func at(
        _ base: HostRegister, _ index: HostRegister, scale: UInt8 = 0, _ displacement: Int32 = 0
    ) -> Self {
        Self(base: base, index: index, scale: scale, displacement: displacement)
    }
    @inline(__always)
    package static func gs(_ displacement: Int32) -> Self {
        Self(base: nil, displacement: displacement, isGS: true)
    }
    @inline(__always)
    package static func gs(_ base: HostRegister, _ displacement: Int32) -> Self {
        Self(base: base, displacement: displacement, isGS: true)
    }
}

/// What an encoding's r/m field names among integers.
@frozen package enum HostOperand: Equatable, Sendable {
    case register(HostRegister)
    case memory(HostMemory)
}

/// What an encoding's r/m field names among vectors.
@frozen package enum VectorOperand: Equatable, Sendable {
    case vector(HostVector)
    case memory(HostMemory)
}

/// How many bits an instruction works on: 8, 16, 32 (which clears the upper half) or 64.
@frozen package enum OperandSize: UInt8, CaseIterable, Sendable {
    case byte, word, long, quad
}

/// The two-operand arithmetic that shares one encoding.
@frozen package enum ALU: UInt8, CaseIterable, Sendable {
    case add = 0
    case or, adc, sbb, and, sub, xor, cmp
}

@frozen package enum Shift: UInt8, CaseIterable, Sendable {
    case rol = 0
    case ror = 1
    case shl = 4
    case shr = 5
    case sar = 7
}

/// What conditional jumps, moves and sets ask of the flags.
@frozen package enum Condition: UInt8, CaseIterable, Sendable {
    case o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g

    @inline(__always)
    package var inverted: Condition {
        Condition(rawValue: rawValue ^ 1) ?? self
    }
}
