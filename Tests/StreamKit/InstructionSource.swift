import RISCV
import TestKit

/// Which registers a stream keeps for what.
struct Roles {
    /// Hold addresses of data; of code.
    var data: [Int]
    var code: [Int]
    /// Hold values for `satp`; address-space identifiers.
    var spaces: [Int]
    var identifiers: [Int]
    /// Hold values for `hgatp`, where there are guests.
    var guests: [Int] = []
    /// For the trap handlers alone.
    static let handler: [Int] = [30, 31]

    /// Registers that instructions seldom write.
    var kept: UInt32 { Self.mask(data + code + identifiers) | roots }
    /// Those that no instruction writes: a root that is none could hide a global page, which engines may
    /// or may not remember.
    var roots: UInt32 { Self.mask(spaces + guests) }
    private static func mask(_ registers: [Int]) -> UInt32 {
        registers.reduce(0) { $0 | 1 << UInt32($1) }
    }

    init(_ random: inout SeededNumbers, hasGuests: Bool) {
        // Some of x8…x15 for compressed accesses, which the translator keeps in host registers too.
        var free = Array(1..<30).shuffled(using: &random)
        var near = Array(8..<16).shuffled(using: &random)
        let first = [2, near.removeLast(), near.removeLast()]
        free.removeAll { first.contains($0) }
        data = first + [free.removeLast(), free.removeLast()]
        code = [free.removeLast(), free.removeLast()]
        spaces = [free.removeLast(), free.removeLast()]
        identifiers = [free.removeLast()]
        if hasGuests { guests = [free.removeLast()] }
    }
}

/// Makes single instructions: a row of the catalogue with operands that find something.
struct InstructionSource {
    let catalogue: Catalogue
    let roles: Roles
    var random: SeededNumbers
    /// By `Kind`.
    var weights: [Int]
    /// Registers that are kept for a while, such as a loop's counter.
    var held: UInt32 = 0

    /// An encoding; the low two bits say how long it is.
    mutating func next() -> UInt32 {
        if random.once(in: 400), let bits = noise() { return bits }
        let kind = Kind.allCases[random.pick(weights: weights)]
        return instruction(kind)
    }

    private mutating func noise() -> UInt32? {
        let bits = UInt32(truncatingIfNeeded: random.next())
        let writes = catalogue.decoder.decode(bits).map { Footprint($0).writesX } ?? 0
        return writes & roles.roots == 0 ? bits : nil
    }

    mutating func instruction(_ kind: Kind) -> UInt32 {
        var bits: UInt32 = 0
        for _ in 0..<4 {
            let row = random.pick(catalogue.rows(kind, isShort: random.once(in: 3)))
            let noise = UInt32(truncatingIfNeeded: random.next())
            bits = fill(row, kind, row.match | noise & ~row.mask)
            // Reserved operands now and then.
            if random.once(in: 30) || catalogue.decoder.decode(bits) != nil { break }
        }
        return bits
    }

    /// Replaces operands by ones that lead somewhere.
    private mutating func fill(_ row: Row, _ kind: Kind, _ bits: UInt32) -> UInt32 {
        let i = row.instruction(bits)
        var (rd, rs1, rs2, immediate) = (i.rd, i.rs1, i.rs2, Int(i.immediate))
        switch kind {
        case .load, .store, .atomic, .cache:
            rs1 = base(row)
            if !row.isCompressed && kind != .atomic && kind != .cache { immediate = offset() }
        case .branch, .jump: immediate = distance(kind)
        case .jumpRegister:
            rs1 = random.pick(roles.code)
            if !row.isCompressed { immediate = random.below(64) - 16 }
        case .csr: return csr(row, i)
        case .system:
            if row.form == .addressPair {
                rs1 = random.once(in: 2) ? 0 : random.pick(roles.data + roles.code)
                rs2 = random.once(in: 2) ? 0 : random.pick(roles.identifiers)
            }
        case .integer, .float: break
        }
        let writes = Footprint(Instruction(i.opcode, rd: rd, rs1: rs1, rs2: rs2)).writesX
        let kept = random.once(in: 200) ? roles.roots : roles.kept
        if writes & (kept | held) != 0 { rd = scratch(kept) }
        return row.encode(
            Instruction(
                i.opcode, rd: rd, rs1: rs1, rs2: rs2, immediate: immediate,
                isCompressed: i.isCompressed))
    }

    private mutating func scratch(_ kept: UInt32) -> Int {
        for _ in 0..<16 {
            // Half of them such as three bits can name.
            let register = random.once(in: 2) ? 8 + random.below(8) : random.below(32)
            if (kept | held) & 1 << UInt32(register) == 0 { return register }
        }
        return 0
    }

    private mutating func base(_ row: Row) -> Int {
        if random.once(in: 100) { return random.below(32) }
        if random.once(in: 40) { return random.pick(roles.code) }
        let near = roles.data.filter { 8..<16 ~= $0 }
        return random.pick(row.isCompressed ? near : roles.data)
    }

    private mutating func offset() -> Int {
        switch random.below(16) {
        case 0: random.below(4096) - 2048
        case 1, 2: random.below(80) - 16
        default: (random.below(10) - 2) * 8
        }
    }

    private mutating func distance(_ kind: Kind) -> Int {
        switch random.below(16) {
        case 0: (random.below(4096) - 2048) * 2
        case 1 where kind == .jump: (random.below(16_384) - 8192) * 2
        case 2: -2 * random.below(40)
        default: 2 * (2 + random.below(24))
        }
    }

    /// By weight: what engines keep copies of, then clocks, then what is only a register.
    private static let csrs: [(number: Int, weight: Int)] = [
        (CSR.fflags, 8), (CSR.frm, 8), (CSR.fcsr, 8), (CSR.sstatus, 10), (CSR.mstatus, 6),
        (CSR.satp, 6), (CSR.instret, 8), (CSR.cycle, 4), (CSR.time, 4), (CSR.minstret, 2),
        (CSR.mcycle, 2), (CSR.mcountinhibit, 1), (CSR.sscratch, 2), (CSR.sepc, 2), (CSR.mepc, 2),
        (CSR.scause, 1), (CSR.stval, 1), (CSR.mtval, 1), (CSR.sie, 3), (CSR.mie, 2), (CSR.sip, 3),
        (CSR.mip, 2), (CSR.stimecmp, 2), (CSR.medeleg, 1), (CSR.mideleg, 1), (CSR.menvcfg, 1),
        (CSR.senvcfg, 1), (CSR.scounteren, 1), (CSR.mcounteren, 1), (CSR.pmpcfg0, 1),
        (CSR.pmpaddr0, 1), (CSR.pmpaddr0 + 1, 1), (CSR.seed, 1), (CSR.stvec, 1), (0x7ff, 1),
    ]

    /// The same of a hypervisor.
    private static let guestCSRs: [(number: Int, weight: Int)] = [
        (CSR.vsstatus, 6), (CSR.hstatus, 4), (CSR.vsatp, 4), (CSR.hgatp, 4), (CSR.hvip, 3),
        (CSR.hip, 1), (CSR.hie, 2), (CSR.vsie, 2), (CSR.vsip, 2), (CSR.hideleg, 1),
        (CSR.hedeleg, 1), (CSR.htimedelta, 1), (CSR.vstimecmp, 2), (CSR.henvcfg, 1),
        (CSR.hcounteren, 1), (CSR.hstateen0, 1), (CSR.htval, 1), (CSR.htinst, 1),
        (CSR.mtval2, 1), (CSR.mtinst, 1), (CSR.vsscratch, 1), (CSR.vsepc, 1), (CSR.vscause, 1),
        (CSR.vstval, 1), (CSR.vstvec, 1), (CSR.hgeip, 1),
    ]

    private mutating func csr(_ row: Row, _ i: Instruction) -> UInt32 {
        let isOfGuests = !roles.guests.isEmpty && random.once(in: 3)
        let list = isOfGuests ? Self.guestCSRs : Self.csrs
        let number = list[random.pick(weights: list.map(\.weight))].number
        var rs1 = i.rs1
        if [CSR.satp, CSR.vsatp, CSR.hgatp].contains(number) {
            // Only spaces that exist.
            guard row.opcode == .csrrw || row.opcode == .csrrs && random.once(in: 4) else {
                return instruction(.system)
            }
            let register = random.pick(number == CSR.hgatp ? roles.guests : roles.spaces)
            rs1 = row.opcode == .csrrs ? 0 : register
        }
        let isRare = [
            CSR.stvec, CSR.pmpcfg0, CSR.menvcfg, CSR.mstatus, CSR.vstvec, CSR.hstatus,
        ].contains(number)
        if isRare && !random.once(in: 3) { rs1 = 0 }
        let opcode = isRare && rs1 == 0 ? Opcode.csrrs : row.opcode
        let i = Instruction(opcode, rd: scratch(roles.kept), rs1: rs1, immediate: number)
        return i.encoding ?? instruction(.system)
    }
}
