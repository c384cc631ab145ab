/// One operand as assembly writes it.
package enum Operand: UInt8, Sendable {
    /// A register; which file it is in, the instruction's `Footprint` knows.
    case rd, rs1, rs2, rs3
    /// A number; twenty bits of one; the field of rs1 as a number.
    case immediate, upper, number
    /// imm(rs1); (rs1)
    case memory, address
    /// An address relative to the instruction's own.
    case target
    case csr
    /// Sets of accesses, before and after a fence.
    case predecessors, successors
    /// A rounding mode; one that is left out where it is the usual one; always `rtz`.
    case rounding, exactRounding, towardsZero
    /// What fli loads.
    case constant
}

extension Form {
    /// The operands in the order in which assembly writes them.
    var operands: [Operand] {
        switch self {
        case .none, .compressedMayBe: []
        case .register, .mayBeTwo: [.rd, .rs1, .rs2]
        case .unary, .mayBe: [.rd, .rs1]
        case .immediate, .shift, .shiftWord, .compressedStackAddress: [.rd, .rs1, .immediate]
        case .load, .jumpRegister, .compressedLoadByte, .compressedLoadHalf, .compressedLoadWord,
            .compressedLoadDouble, .compressedLoadStackWord, .compressedLoadStackDouble:
            [.rd, .memory]
        case .store, .compressedStoreByte, .compressedStoreHalf, .compressedStoreWord,
            .compressedStoreDouble, .compressedStoreStackWord, .compressedStoreStackDouble:
            [.rs2, .memory]
        case .branch: [.rs1, .rs2, .target]
        case .upper, .compressedUpper: [.rd, .upper]
        case .jump: [.rd, .target]
        case .csr: [.rd, .csr, .rs1]
        case .csrImmediate: [.rd, .csr, .number]
        case .fence: [.predecessors, .successors]
        case .atomic: [.rd, .rs2, .address]
        case .loadReserved, .addressLoad: [.rd, .address]
        case .addressPair: [.rs1, .rs2]
        case .address: [.address]
        case .addressStore: [.rs2, .address]
        case .prefetch: [.memory]
        case .floatFused: [.rd, .rs1, .rs2, .rs3, .rounding]
        case .float: [.rd, .rs1, .rs2, .rounding]
        case .floatUnary: [.rd, .rs1, .rounding]
        case .floatExact: [.rd, .rs1, .exactRounding]
        case .floatModular: [.rd, .rs1, .towardsZero]
        case .floatConstant: [.rd, .constant]
        case .compressedImmediate, .compressedLoadImmediate, .compressedStackAdjust,
            .compressedShiftLeft, .compressedShift, .compressedAnd:
            [.rd, .immediate]
        case .compressedArithmetic, .compressedMove, .compressedAdd: [.rd, .rs2]
        case .compressedNop: [.immediate]
        case .compressedUnary: [.rd]
        case .compressedJump: [.target]
        case .compressedBranch: [.rs1, .target]
        case .compressedJumpRegister: [.rs1]
        }
    }
}

/// The names of the registers in the calling convention, and the short lists that operands choose from.
package enum RegisterNames {
    package static let x: [StaticString] = [
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
        "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
        "t5", "t6",
    ]
    package static let f: [StaticString] = [
        "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2",
        "fa3", "fa4", "fa5", "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9",
        "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
    ]
    static let roundings: [StaticString] = [
        "rne", "rtz", "rdn", "rup", "rmm", "rm5", "rm6", "dyn",
    ]
    /// Table 2 of Zfa: what fli loads.
    static let constants: [StaticString] = [
        "-1.0", "min", "1.52587890625e-05", "3.0517578125e-05", "0.00390625", "0.0078125",
        "0.0625", "0.125", "0.25", "0.3125", "0.375", "0.4375", "0.5", "0.625", "0.75", "0.875",
        "1.0", "1.25", "1.5", "1.75", "2.0", "2.5", "3.0", "4.0", "8.0", "16.0", "128.0", "256.0",
        "32768.0", "65536.0", "inf", "nan",
    ]
}
