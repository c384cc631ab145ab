/// A shorter way to write an instruction whose operands have certain values ("Assembly programmer's
/// handbook" of the unprivileged specification).
struct Alias: Sendable {
    var opcode: Opcode
    var mnemonic: StaticString
    /// Values that operands must have; -1: any.
    var rd = -1
    var rs1 = -1
    var rs2 = -1
    var immediate = Int.min
    /// rs2 is the same register as rs1.
    var isSame = false
    var operands: [Operand]

    init(
        _ opcode: Opcode, _ mnemonic: StaticString, rd: Int = -1, rs1: Int = -1, rs2: Int = -1,
        immediate: Int = Int.min, isSame: Bool = false, _ operands: [Operand]
    ) {
        self.opcode = opcode
        self.mnemonic = mnemonic
        self.rd = rd
        self.rs1 = rs1
        self.rs2 = rs2
        self.immediate = immediate
        self.isSame = isSame
        self.operands = operands
    }

    func fits(_ i: Instruction) -> Bool {
        i.opcode == opcode && (rd < 0 || rd == i.rd) && (rs1 < 0 || rs1 == i.rs1)
            && (rs2 < 0 || rs2 == i.rs2) && (immediate == Int.min || immediate == i.immediate)
            && (!isSame || i.rs1 == i.rs2)
    }
}

extension Alias {
    /// In the order in which they are tried.
    static let all: [Alias] = integer + control + system + float

    private static let integer: [Alias] = [
        Alias(.addi, "nop", rd: 0, rs1: 0, immediate: 0, []),
        Alias(.addi, "li", rs1: 0, [.rd, .immediate]),
        Alias(.addi, "mv", immediate: 0, [.rd, .rs1]),
        Alias(.addiw, "sext.w", immediate: 0, [.rd, .rs1]),
        Alias(.xori, "not", immediate: -1, [.rd, .rs1]),
        Alias(.andi, "zext.b", immediate: 255, [.rd, .rs1]),
        Alias(.sub, "neg", rs1: 0, [.rd, .rs2]),
        Alias(.subw, "negw", rs1: 0, [.rd, .rs2]),
        Alias(.add_uw, "zext.w", rs2: 0, [.rd, .rs1]),
        Alias(.sltiu, "seqz", immediate: 1, [.rd, .rs1]),
        Alias(.sltu, "snez", rs1: 0, [.rd, .rs2]),
        Alias(.slt, "sltz", rs2: 0, [.rd, .rs1]),
        Alias(.slt, "sgtz", rs1: 0, [.rd, .rs2]),
    ]

    private static let control: [Alias] = [
        Alias(.beq, "beqz", rs2: 0, [.rs1, .target]),
        Alias(.bne, "bnez", rs2: 0, [.rs1, .target]),
        Alias(.bge, "blez", rs1: 0, [.rs2, .target]),
        Alias(.bge, "bgez", rs2: 0, [.rs1, .target]),
        Alias(.blt, "bltz", rs2: 0, [.rs1, .target]),
        Alias(.blt, "bgtz", rs1: 0, [.rs2, .target]),
        Alias(.jal, "j", rd: 0, [.target]),
        Alias(.jal, "jal", rd: 1, [.target]),
        Alias(.jalr, "ret", rd: 0, rs1: 1, immediate: 0, []),
        Alias(.jalr, "jr", rd: 0, immediate: 0, [.rs1]),
        Alias(.jalr, "jr", rd: 0, [.memory]),
        Alias(.jalr, "jalr", rd: 1, immediate: 0, [.rs1]),
        Alias(.jalr, "jalr", rd: 1, [.memory]),
    ]

    private static let system: [Alias] = [
        Alias(.fence, "fence", immediate: 0xff, []),
        Alias(.csrrw, "unimp", rd: 0, rs1: 0, immediate: 0xc00, []),
        Alias(.csrrs, "rdcycle", rs1: 0, immediate: 0xc00, [.rd]),
        Alias(.csrrs, "rdtime", rs1: 0, immediate: 0xc01, [.rd]),
        Alias(.csrrs, "rdinstret", rs1: 0, immediate: 0xc02, [.rd]),
        Alias(.csrrs, "frflags", rs1: 0, immediate: 1, [.rd]),
        Alias(.csrrs, "frrm", rs1: 0, immediate: 2, [.rd]),
        Alias(.csrrs, "frcsr", rs1: 0, immediate: 3, [.rd]),
        Alias(.csrrw, "fsflags", rd: 0, immediate: 1, [.rs1]),
        Alias(.csrrw, "fsrm", rd: 0, immediate: 2, [.rs1]),
        Alias(.csrrw, "fscsr", rd: 0, immediate: 3, [.rs1]),
        Alias(.csrrw, "fsflags", immediate: 1, [.rd, .rs1]),
        Alias(.csrrw, "fsrm", immediate: 2, [.rd, .rs1]),
        Alias(.csrrw, "fscsr", immediate: 3, [.rd, .rs1]),
        Alias(.csrrwi, "fsflagsi", rd: 0, immediate: 1, [.number]),
        Alias(.csrrwi, "fsrmi", rd: 0, immediate: 2, [.number]),
        Alias(.csrrwi, "fsflagsi", immediate: 1, [.rd, .number]),
        Alias(.csrrwi, "fsrmi", immediate: 2, [.rd, .number]),
        Alias(.csrrs, "csrr", rs1: 0, [.rd, .csr]),
        Alias(.csrrw, "csrw", rd: 0, [.csr, .rs1]),
        Alias(.csrrs, "csrs", rd: 0, [.csr, .rs1]),
        Alias(.csrrc, "csrc", rd: 0, [.csr, .rs1]),
        Alias(.csrrwi, "csrwi", rd: 0, [.csr, .number]),
        Alias(.csrrsi, "csrsi", rd: 0, [.csr, .number]),
        Alias(.csrrci, "csrci", rd: 0, [.csr, .number]),
        Alias(.sfence_vma, "sfence.vma", rs1: 0, rs2: 0, []),
        Alias(.sfence_vma, "sfence.vma", rs2: 0, [.rs1]),
        Alias(.hfence_vvma, "hfence.vvma", rs1: 0, rs2: 0, []),
        Alias(.hfence_vvma, "hfence.vvma", rs2: 0, [.rs1]),
        Alias(.hfence_gvma, "hfence.gvma", rs1: 0, rs2: 0, []),
        Alias(.hfence_gvma, "hfence.gvma", rs2: 0, [.rs1]),
    ]

    private static let float: [Alias] = [
        Alias(.fsgnj_s, "fmv.s", isSame: true, [.rd, .rs1]),
        Alias(.fsgnjx_s, "fabs.s", isSame: true, [.rd, .rs1]),
        Alias(.fsgnjn_s, "fneg.s", isSame: true, [.rd, .rs1]),
        Alias(.fsgnj_d, "fmv.d", isSame: true, [.rd, .rs1]),
        Alias(.fsgnjx_d, "fabs.d", isSame: true, [.rd, .rs1]),
        Alias(.fsgnjn_d, "fneg.d", isSame: true, [.rd, .rs1]),
        Alias(.fsgnj_h, "fmv.h", isSame: true, [.rd, .rs1]),
        Alias(.fsgnjx_h, "fabs.h", isSame: true, [.rd, .rs1]),
        Alias(.fsgnjn_h, "fneg.h", isSame: true, [.rd, .rs1]),
    ]
}
