import RISCV
import TestKit

/// Fills pages with code: single instructions, and the shapes that a translator looks for.
struct CodeMaker {
    var source: InstructionSource
    private(set) var bytes: [UInt8] = []

    init(_ source: InstructionSource) { self.source = source }

    mutating func fill(_ count: Int) -> [UInt8] {
        while bytes.count < count { snippet() }
        return Array(bytes.prefix(count))
    }

    private mutating func append(_ bits: UInt32) {
        for shift in UInt32(0)..<(bits & 3 == 3 ? 4 : 2) {
            bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * shift)))
        }
    }
    private mutating func append(
        _ opcode: Opcode, rd: Int = 0, rs1: Int = 0, rs2: Int = 0, _ immediate: Int = 0
    ) {
        let i = Instruction(opcode, rd: rd, rs1: rs1, rs2: rs2, immediate: immediate)
        append(i.encoding ?? 0x13)
    }
    private mutating func body(_ count: Int) {
        for _ in 0..<count { append(source.next()) }
    }
    /// A register that the stream may spoil.
    private mutating func spare() -> Int {
        for _ in 0..<20 {
            let register = 1 + source.random.below(29)
            if (source.roles.kept | source.held) & 1 << UInt32(register) == 0 { return register }
        }
        return 29
    }

    private mutating func snippet() {
        switch source.random.below(28) {
        case 0: loop()
        case 1: copyLoop()
        case 2: call()
        case 3: constant()
        case 4: compareAndBranch()
        case 5: address()
        case 6: reservation()
        case 7: extensions()
        case 8: pointer()
        case 9: sameBase()
        default: body(1 + source.random.below(6))
        }
    }

    /// A counted loop.
    private mutating func loop() {
        let counter = spare()
        append(.addi, rd: counter, 1 + source.random.below(source.random.once(in: 6) ? 1000 : 20))
        let start = bytes.count
        let outer = source.held
        source.held |= 1 << UInt32(counter)
        body(1 + source.random.below(10))
        source.held = outer
        append(.addi, rd: counter, rs1: counter, -1)
        append(.bne, rs1: counter, rs2: 0, start - bytes.count)
    }

    /// Walks over page ends.
    private mutating func copyLoop() {
        let (from, to) = (
            source.random.pick(source.roles.data), source.random.pick(source.roles.data)
        )
        let (counter, value) = (spare(), spare())
        let widths: [(Opcode, Opcode, Int)] = [
            (.ld, .sd, 8), (.lw, .sw, 4), (.lhu, .sh, 2), (.lb, .sb, 1), (.fld, .fsd, 8),
        ]
        let (load, store, step) = source.random.pick(widths)
        append(.addi, rd: counter, 1 + source.random.below(60))
        let start = bytes.count
        append(load, rd: value, rs1: from, 0)
        append(store, rs1: to, rs2: value, 0)
        append(.addi, rd: from, rs1: from, step)
        append(.addi, rd: to, rs1: to, step)
        append(.addi, rd: counter, rs1: counter, -1)
        append(.bne, rs1: counter, rs2: 0, start - bytes.count)
    }

    private mutating func call() {
        let link = source.random.once(in: 4) ? 5 : 1
        var callee = CodeMaker(source)
        callee.source.held |= 1 << UInt32(link)
        callee.body(1 + source.random.below(4))
        callee.append(.jalr, rd: 0, rs1: link, 0)
        source.random = callee.source.random
        append(.jal, rd: link, 8)
        append(.jal, rd: 0, 4 + callee.bytes.count)
        bytes += callee.bytes
    }

    private mutating func constant() {
        let register = spare()
        append(.lui, rd: register, source.random.below(1 << 20) - (1 << 19))
        append(
            source.random.once(in: 2) ? .addi : .addiw, rd: register, rs1: register,
            source.random.below(4096) - 2048)
    }

    private mutating func compareAndBranch() {
        let (flag, a, b) = (spare(), source.random.below(32), source.random.below(32))
        switch source.random.below(3) {
        case 0: append(.slt, rd: flag, rs1: a, rs2: b)
        case 1: append(.sltu, rd: flag, rs1: a, rs2: b)
        default: append(.sltiu, rd: flag, rs1: a, source.random.below(64) - 16)
        }
        append(
            source.random.once(in: 2) ? .beq : .bne, rs1: flag, rs2: 0,
            4 + 2 * source.random.below(16))
    }

    /// Code that reads, writes or calls near itself.
    private mutating func address() {
        let register = spare()
        append(.auipc, rd: register, source.random.once(in: 4) ? 1 : 0)
        switch source.random.below(4) {
        case 0: append(.ld, rd: spare(), rs1: register, source.random.below(256) - 64)
        case 1:
            append(.addi, rd: register, rs1: register, source.random.below(512) & ~3)
            append(
                source.random.once(in: 2) ? .sw : .sh, rs1: register, rs2: source.random.below(32),
                source.random.below(16) & ~1)
            if source.random.once(in: 2) { append(.fence_i) }
        case 2:
            append(
                .jalr, rd: source.random.pick([0, 1]), rs1: register, 8 + source.random.below(48))
        default: append(.addi, rd: register, rs1: register, source.random.below(4096) - 2048)
        }
    }

    private mutating func reservation() {
        let (base, value, result) = (source.random.pick(source.roles.data), spare(), spare())
        let isWord = source.random.once(in: 2)
        append(isWord ? .lr_w : .lr_d, rd: value, rs1: base)
        append(.addi, rd: value, rs1: value, 1)
        if source.random.once(in: 4) { body(1) }
        append(isWord ? .sc_w : .sc_d, rd: result, rs1: base, rs2: value)
    }

    private mutating func extensions() {
        let (register, from) = (spare(), source.random.below(32))
        let shift = source.random.pick([32, 48, 56, source.random.below(64)])
        append(.slli, rd: register, rs1: from, shift)
        append(
            source.random.once(in: 2) ? .srli : .srai, rd: register, rs1: register,
            source.random.once(in: 4) ? source.random.below(64) : shift)
    }

    /// Moves a base a little, so that pages and alignments change.
    private mutating func pointer() {
        let base = source.random.pick(source.roles.data)
        let step = source.random.once(in: 3) ? source.random.below(8) : 8 * source.random.below(9)
        append(.addi, rd: base, rs1: base, source.random.once(in: 2) ? step : -step)
    }

    /// Several accesses off one base, which one check may cover.
    private mutating func sameBase() {
        let base = source.random.pick(source.roles.data)
        let start = (source.random.below(40) - 20) * 4
        for _ in 0..<(2 + source.random.below(6)) {
            let at = start + source.random.below(12) * 4 + (source.random.once(in: 8) ? 1 : 0)
            let opcodes: [Opcode] = [.ld, .lw, .lwu, .lh, .lbu, .fld, .flw, .sd, .sw, .sb, .fsd]
            let opcode = source.random.pick(opcodes)
            switch opcode {
            case .sd, .sw, .sb, .fsd:
                append(opcode, rs1: base, rs2: source.random.below(32), at)
            default: append(opcode, rd: spare(), rs1: base, at)
            }
            if source.random.once(in: 4) { body(1) }
        }
    }
}
