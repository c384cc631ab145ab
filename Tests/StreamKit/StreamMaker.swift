import Bits
import Hart
import RISCV
import TestKit

/// Makes streams from seeds.
package struct StreamMaker: Sendable {
    private let kinds: [(catalogue: Catalogue, isa: ISA)]

    /// Every other pair of streams has guests.
    package init() {
        var withGuests = ISA.standard
        withGuests.insert(.h)
        kinds = [ISA.standard, withGuests].map { (Catalogue(isa: $0), $0) }
    }

    package func stream(seed: UInt64) -> Stream {
        let (catalogue, isa) = kinds[Int(seed >> 1 & 1)]
        var work = StreamWork(catalogue, isa, SeededNumbers(seed: seed &* 0x9e37_79b9 &+ 1))
        work.fillMemory()
        for _ in 0..<(12 + work.random.below(20)) { work.addEpisode() }
        return Stream(
            seed: seed, isa: isa, memory: work.memory, steps: work.steps, roots: work.roots)
    }
}

/// A stream on its way.
private struct StreamWork {
    var random: SeededNumbers
    var memory: [UInt64: [UInt8]] = [:]
    var steps: [Step] = []
    private let isa: ISA
    private var source: InstructionSource
    private var spaces: AddressSpaces
    private var guests: GuestMaps?

    init(_ catalogue: Catalogue, _ isa: ISA, _ random: SeededNumbers) {
        var random = random
        self.isa = isa
        let roles = Roles(&random, hasGuests: isa.has(.h))
        spaces = AddressSpaces(&random)
        guests = isa.has(.h) ? GuestMaps(&random) : nil
        source = InstructionSource(
            catalogue: catalogue, roles: roles, random: SeededNumbers(seed: random.next()),
            weights: Self.weights(&random))
        self.random = random
    }

    /// By `Kind`; each stream has a taste of its own.
    private static func weights(_ random: inout SeededNumbers) -> [Int] {
        var weights = [260, 150, 110, 60, 14, 10, 40, 3, 130, 24, 8]
        switch random.below(7) {
        case 0: weights[Kind.float.rawValue] *= 5
        case 1: weights[Kind.integer.rawValue] *= 4
        case 2:
            for kind in [Kind.branch, .jump, .jumpRegister] { weights[kind.rawValue] *= 4 }
        case 3: for kind in [Kind.csr, .system] { weights[kind.rawValue] *= 5 }
        case 4: for kind in [Kind.load, .store] { weights[kind.rawValue] *= 4 }
        case 5: for kind in [Kind.atomic, .cache] { weights[kind.rawValue] *= 4 }
        default: break
        }
        return weights
    }

    var roots: Set<UInt64> { Set(spaces.satp + (guests?.hgatp ?? [])) }

    // MARK: Memory

    mutating func fillMemory() {
        memory[Place.page(Place.machineHandler)] = Handlers.machine(
            &random, hasGuests: guests != nil)
        memory[Place.page(Place.supervisorHandler)] = Handlers.supervisor(&random)
        if guests != nil { memory[Place.hypervisorHandler] = Handlers.hypervisor(&random) }
        var maker = CodeMaker(source)
        memory[Place.page(Place.code.lowerBound)] = maker.fill(Place.code.count << 12)
        source.random = maker.source.random
        for number in Place.data { memory[Place.page(number)] = dataPage() }
        memory[Place.rom] = (0..<Place.romPages).flatMap { _ in dataPage() }
        // Tables as runs of bytes: one for each page that has entries.
        var pages: [UInt64: [UInt8]] = [:]
        for (address, word) in spaces.words.merging(guests?.words ?? [:], uniquingKeysWith: { $1 })
        {
            for index in 0..<8 {
                pages[address & ~0xfff, default: Array(repeating: 0, count: 4096)][
                    Int(address & 0xfff) + index] = UInt8(
                        truncatingIfNeeded: word >> UInt64(8 * index))
            }
        }
        memory.merge(pages) { $1 }
    }

    private mutating func dataPage() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4096)
        for _ in 0..<512 {
            let word =
                switch random.below(6) {
                case 0: Values.float(&random)
                case 1: pointer(random.pick([0, Place.userOffset]))
                case 2: UInt64(source.next()) | UInt64(source.next()) << 32
                default: Values.integer(&random)
                }
            for index in 0..<8 {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * index)))
            }
        }
        return bytes
    }

    /// An address of data, as `offset` below the supervisor's view.
    private mutating func pointer(_ offset: UInt64) -> UInt64 {
        let page = Place.page(
            random.once(in: 6) ? random.pick(Array(Place.code)) : 10 + random.below(12))
        return page &- offset &+ inPage()
    }
    private mutating func inPage() -> UInt64 {
        switch random.below(8) {
        case 0: UInt64(random.below(4096))
        case 1, 2: UInt64(4096 - 8 * random.below(6)) &- (random.once(in: 3) ? 3 : 0)
        case 3: UInt64(random.below(512) * 8 + random.below(8))
        default: UInt64(random.below(256) * 16)
        }
    }

    // MARK: Episodes

    mutating func addEpisode() {
        let entry = entry()
        steps.append(.enter(entry))
        if random.once(in: 12) { steps.append(.breakpoints(breakpoints(entry))) }
        let length =
            switch random.below(40) {
            case 0: 8000 + random.below(12_000)
            case 1...6: 800 + random.below(2400)
            default: 60 + random.below(400)
            }
        // Budgets that expire anywhere, or so long that loops get hot.
        let longest = length >= 8000 ? 10_000 : random.pick([1, 3, 8, 40, 300, 3000])
        var left = length
        while left > 0 {
            let budget = 1 + random.below(longest)
            steps.append(.run(UInt64(budget)))
            left -= budget
            guard random.once(in: longest < 20 ? 40 : 6) else { continue }
            steps.append(disturbance(entry))
            // Whatever the first hart still holds of before, the second does not.
            if case .remap = steps.last, random.once(in: 3) { steps.append(.flush(both: false)) }
        }
        steps.append(.breakpoints([]))
    }

    private mutating func disturbance(_ entry: Entry) -> Step {
        switch random.below(12) {
        case 0: .lines([2, 8, 0x20, 0x80, 0x200, 0x800][random.below(6)], random.once(in: 2))
        case 1: .time
        case 2, 3: .flush(both: random.once(in: 4))
        case 4, 5:
            .forget(page: Place.page(2 + random.below(20)), both: random.once(in: 4))
        case 6, 7: .write(writtenAddress(), written())
        case 8: .lines(0xaaa, false)
        default: .remap(change(entry))
        }
    }
    private mutating func change(_ entry: Entry) -> Remap {
        if guests != nil && random.once(in: 2),
            let change = guests?.change(&random, in: entry.csr.hgatp)
        {
            return change
        }
        var change = spaces.change(&random, used: used(entry))
        // 0: a guest without a stage of its own.
        change.guests = guests.map { $0.hgatp + [0] } ?? []
        return change
    }
    /// The pages that an episode is likely to use, and its space.
    private func used(_ entry: Entry) -> (space: Int?, pages: [UInt64]) {
        let registers = source.roles.data + source.roles.code
        let pages = registers.map { entry.x[$0] & ~0xfff } + [entry.pc & ~0xfff]
        let space = entry.csr.isVirtual ? entry.csr.vsatp : entry.csr.satp
        return (spaces.satp.firstIndex(of: space), pages)
    }
    private mutating func writtenAddress() -> UInt64 {
        Place.page(2 + random.below(14)) + UInt64(random.below(2048) * 2)
    }
    private mutating func written() -> [UInt8] {
        var maker = CodeMaker(source)
        defer { source.random = maker.source.random }
        return maker.fill(2 * (1 + random.below(20)))
    }
    private mutating func breakpoints(_ entry: Entry) -> [UInt64] {
        (0..<(1 + random.below(4))).map { _ in
            (entry.pc & ~0xfff) + UInt64(random.below(2048) * 2)
        }
    }

    private mutating func entry() -> Entry {
        var entry = Entry(csr: CSRFile(isa: isa))
        entry.privilege = random.pick([.machine, .supervisor, .supervisor, .user, .user])
        let satp = random.once(in: 5) ? 0 : random.pick(spaces.satp)
        let isTranslated = satp != 0 && entry.privilege != .machine
        var view: UInt64 = isTranslated && entry.privilege == .user ? Place.userOffset : 0
        if isTranslated && entry.privilege == .supervisor && random.once(in: 4) {
            view = Place.ram &- Place.high
        }
        func code(_ random: inout SeededNumbers) -> UInt64 {
            let pages = view > Place.userOffset ? 6 : Place.code.count
            return Place.ram &- view &+ UInt64(2 + random.below(pages)) << 12
                &+ UInt64(random.below(2048) * 2)
        }
        // In the upper view page numbers count from its own start.
        entry.pc = code(&random)
        if isTranslated && entry.privilege == .supervisor && random.once(in: 12) {
            entry.pc = Place.large + entry.pc & 0x1f_ffff
        }
        for register in 1..<32 { entry.x[register] = value(view) }
        let roles = source.roles
        for register in roles.data { entry.x[register] = dataAddress(view, isTranslated) }
        for register in roles.code { entry.x[register] = code(&random) }
        for register in roles.spaces { entry.x[register] = random.pick(spaces.satp + [0]) }
        for register in roles.identifiers { entry.x[register] = UInt64(1 + random.below(4)) }
        for register in roles.guests {
            entry.x[register] = random.pick((guests?.hgatp ?? []) + [0])
        }
        for register in 0..<32 { entry.f[register] = Values.float(&random) }
        fillCSRs(&entry, satp: satp)
        entry.exitsOnFirmwareCall = random.once(in: 4)
        return entry
    }

    private mutating func value(_ view: UInt64) -> UInt64 {
        switch random.below(5) {
        case 0: UInt64(source.next())
        case 1: pointer(view)
        default: Values.integer(&random)
        }
    }

    private mutating func dataAddress(_ view: UInt64, _ isTranslated: Bool) -> UInt64 {
        switch random.below(16) {
        case 0: (isTranslated ? Place.odds + 4096 : Place.rom) + inPage()
        case 1: (isTranslated ? Place.odds : Place.device) + UInt64(random.below(40) * 8)
        case 2 where isTranslated: Place.napot + UInt64(random.below(16)) << 12 + inPage()
        case 3 where isTranslated: Place.large + UInt64(random.below(22)) << 12 + inPage()
        case 4 where isTranslated: pointer(Place.userOffset)
        case 5: pointer(0)
        default: pointer(view)
        }
    }

    private mutating func fillCSRs(_ entry: inout Entry, satp: UInt64) {
        let context = CSRContext()
        func set(_ number: Int, _ value: UInt64) { entry.csr.store(number, value, context) }
        set(CSR.mtvec, Place.page(Place.machineHandler))
        set(CSR.stvec, Place.page(Place.supervisorHandler))
        let restart = Place.page(2 + random.below(8)) + UInt64(random.below(2048) * 2)
        set(CSR.mscratch, restart)
        set(CSR.sscratch, restart)
        set(CSR.mepc, restart)
        set(CSR.sepc, restart)
        set(CSR.medeleg, random.once(in: 3) ? random.next() : random.pick([0, 0xb1ff]))
        set(CSR.mideleg, random.pick([0, 0x222, random.next()]))
        set(CSR.mie, random.pick([0, 0xaaa, random.next()]))
        set(CSR.mcounteren, random.once(in: 4) ? 0 : 7)
        set(CSR.scounteren, random.once(in: 4) ? 0 : 7)
        set(CSR.stimecmp, random.pick([~0, UInt64(random.below(4000))]))
        var environment = Environment.cbie | Environment.cbcfe | Environment.cbze
        if !random.once(in: 4) { environment |= Environment.adue }
        if random.once(in: 2) { environment |= Environment.stce }
        set(CSR.menvcfg, environment)
        set(CSR.senvcfg, random.once(in: 4) ? 0 : environment)
        set(CSR.mstateen0, random.once(in: 4) ? 0 : ~0)
        var status = Status.fs
        if random.once(in: 6) { status = UInt64(random.below(4)) << 13 }
        if random.once(in: 3) { status |= Status.sum }
        if random.once(in: 4) { status |= Status.mxr }
        if random.once(in: 3) { status |= Status.sie | Status.mie }
        if random.once(in: 8) { status |= Status.mprv | UInt64(random.below(4)) << 11 }
        if random.once(in: 12) { status |= random.pick([Status.tvm, Status.tw, Status.tsr]) }
        set(CSR.mstatus, status)
        set(CSR.satp, satp)
        set(CSR.frm, UInt64(random.once(in: 3) ? random.below(8) : random.below(5)))
        set(CSR.fflags, UInt64(random.once(in: 2) ? 0 : random.below(32)))
        guests?.fill(&entry, satp: satp, spaces: spaces.satp, restart: restart, &random)
        protect(&entry, context)
    }

    private mutating func protect(_ entry: inout Entry, _ context: CSRContext) {
        if random.once(in: 6) {
            // A page or a part of one that may be used less, before everything else.
            entry.csr.store(
                CSR.pmpaddr0,
                (Place.page(random.below(22)) + UInt64(random.below(512) * 8)) >> 2
                    | (random.once(in: 2) ? 0x1ff : 1), context)
            let byte = UInt64(0x18 | random.below(8) | (random.once(in: 4) ? 0x80 : 0))
            entry.csr.store(CSR.pmpcfg0, byte, context)
        }
        entry.csr.store(CSR.pmpaddr0 + 15, ~0, context)
        entry.csr.store(CSR.pmpcfg2, 0x1f << 56, context)
    }
}
