import Bits
import Keel
import RISCV
import TestKit
import Testing

/// Random sequences of a guest's page-table edits, fences, accesses and changes of space and view,
/// under each back-end, compared with a direct walk.
@Suite struct ModelTests {
    @Test(arguments: MMUKind.allCases, [PageTableMode.sv39, .sv48])
    func shadowsFollowTheGuestsTables(_ kind: MMUKind, _ mode: PageTableMode) throws {
        for seed in 0..<60 as Range<UInt64> {
            var random = SeededNumbers(seed: seed)
            // With few pages, shadows are given up all the time.
            var model = try Model(kind, mode, pages: seed & 3 == 0 ? 64 : 4096)
            for _ in 0..<400 { try model.step(&random) }
        }
    }
}

/// A guest whose page tables are mapped at its own addresses, so that it edits them by stores.
private struct Model: ~Copyable {
    private let rig: Rig
    private var shadows: Shadows
    private var csr = CSRFile(isa: Rig.isa)
    private var privilege = Privilege.supervisor
    private let mode: PageTableMode
    private var satps: [UInt64] = []
    /// Tables that may be edited, with their level.
    private var tables: [(address: UInt64, level: Int)] = []
    /// What entries held before they were edited last: often it comes back.
    private var before: [UInt64: UInt64] = [:]
    /// Pages whose entry was edited since the last fence for them: of all others a direct walk tells
    /// exactly what must be.
    private var unsettled: Set<UInt64> = []
    /// So was an entry that is no page's, or nothing was fenced yet.
    private var isUnsettled = true

    private static let data = GuestRAM.start + 0x20_0000
    private static let full =
        PTE.valid | PTE.read | PTE.write | PTE.execute | PTE.accessed | PTE.dirty

    init(_ kind: MMUKind, _ mode: PageTableMode, pages: UInt64) throws {
        rig = try Rig()
        shadows = rig.shadows(kind, pages: pages)
        self.mode = mode
        csr.store(CSR.pmpaddr0, ~0 >> 10, CSRContext())
        csr.store(CSR.pmpcfg0, 0x1f, CSRContext())
        // Two spaces share their lower tables, and a third table at a second place.
        let start = GuestRAM.start + 0x10_0000
        for space in 0..<2 {
            var level = mode.levels - 1
            var table = start + UInt64(space) * 0x1_0000
            satps.append(UInt64(mode.rawValue) << 60 | UInt64(space) << 44 | table >> 12)
            while level > 0 {
                let next = level == 1 ? start + 0x2_0000 : table + 0x1000
                rig.put(table, Self.pointer(next))
                // The tables themselves, in a gigapage of the kernel's, at their physical address.
                if level == 2 { rig.put(table + 16, (GuestRAM.start >> 2) | Self.full) }
                tables.append((table, level))
                if level == 1 { rig.put(table + 8, Self.pointer(start + 0x2_1000)) }
                table = next
                level -= 1
            }
        }
        tables.append((start + 0x2_0000, 0))
        tables.append((start + 0x2_1000, 0))
        csr.satp = satps[0]
        shadows.satpWritten(satps[0])
        shadows.fenced()
    }

    private static func pointer(_ table: UInt64) -> UInt64 { (table >> 12) << 10 | PTE.valid }

    mutating func step<R: RandomNumberGenerator>(_ random: inout R) throws {
        switch random.next() % 16 {
        case 0...3: try edit(&random)
        case 4, 5:
            shadows.fenced()
            unsettled = []
            isUnsettled = false
        case 9:
            guard let page = unsettled.randomElement(using: &random) else { return }
            shadows.fenced(page | random.next() & 0xfff)
            unsettled.remove(page)
        case 6:
            csr.satp = satps[Int(random.next() & 1)]
            shadows.satpWritten(csr.satp)
        case 7: csr.mstatus ^= random.next() & (Status.sum | Status.mxr)
        case 8: privilege = privilege == .user ? .supervisor : .user
        default: try access(&random)
        }
    }

    private mutating func access<R: RandomNumberGenerator>(_ random: inout R) throws {
        let page = random.next() % 4 == 0 ? random.next() & 0x3ff : random.next() & 3
        let kinds: [AccessKind] = [.fetch, .load, .store]
        try compare(page << 12 | 8, kinds[Int(random.next() % 3)])
    }

    /// One access as the real hart makes it, hidden faults included, against the direct walk.
    private mutating func compare(_ address: UInt64, _ kind: AccessKind) throws {
        var direct = DirectTables(ram: rig.ram)
        let context = csr.walkContext(effective: privilege)
        let expected = Result { () throws(Trap) in
            try PageWalk.walk(GuestVirtual(address), kind, context, &direct)
        }
        let found = run(address, kind)
        guard !isUnsettled, !unsettled.contains(address & ~0xfff) else { return }
        switch (expected, found) {
        case (.success(let translation), .success(let reach)):
            #expect(reach.host == rig.ram.host(translation.physical, count: 1))
        case (.failure(let one), .failure(let other)): #expect(one == other)
        default: Issue.record("\(kind) \(String(address, radix: 16)): \(expected), \(found)")
        }
    }

    /// Where an access goes, and whether the monitor carries it out.
    private struct Reach { var host: UInt64?; var isEmulated = false }

    private mutating func run(_ address: UInt64, _ kind: AccessKind) -> Result<Reach, Trap> {
        for _ in 0..<8 {
            let satp = shadows.choose(&csr, privilege).satp
            shadows.fences.clear()
            if let host = RealWalk.translate(satp, address, kind) {
                return .success(Reach(host: host))
            }
            do throws(Trap) {
                if try shadows.fill(address, kind, &csr, privilege) == .emulate {
                    var tables = DirectTables(ram: rig.ram)
                    let page = try PageWalk.walk(
                        GuestVirtual(address), kind, csr.walkContext(effective: privilege),
                        &tables)
                    return .success(
                        Reach(host: rig.ram.host(page.physical, count: 1), isEmulated: true))
                }
            } catch {
                return .failure(error)
            }
        }
        Issue.record("the shadow does not take \(String(address, radix: 16))")
        return .success(Reach())
    }

    /// The guest's kernel writes one entry of a table.
    private mutating func edit<R: RandomNumberGenerator>(_ random: inout R) throws {
        let (table, level) = tables[Int(random.next() % UInt64(tables.count))]
        let index = level == 0 ? random.next() & 3 : random.next() & 1
        guard random.next() % 4 == 0 || level == 0 else { return }
        let address = table + index * 8
        let saved = privilege
        privilege = .supervisor
        defer { privilege = saved }
        let old = rig.word(address)
        guard case .success(let reach) = run(address, .store) else { return }
        // Whoever may write does so without the monitor.
        if reach.isEmulated { shadows.willStore(GuestPhysical(address), .double) }
        let isUndone = random.next() & 1 == 0
        rig.put(address, isUndone ? before[address] ?? old : Self.entry(level, old, &random))
        before[address] = old
        if level == 0 {
            let slot: UInt64 = table & 0x1000 == 0 ? 0 : 1
            unsettled.insert(slot << 21 | index << 12)
        } else {
            isUnsettled = true
        }
    }

    private static func entry<R: RandomNumberGenerator>(
        _ level: Int, _ old: UInt64, _ random: inout R
    ) -> UInt64 {
        if level > 0 {
            // Taken out and put back, or a leaf for a while.
            return old & PTE.valid != 0 ? old & ~PTE.valid : old | PTE.valid
        }
        // Few values, so that an entry often comes back to what it was.
        let frame = (data >> 12) + random.next() % 3
        let choices: [UInt64] = [
            full, full | PTE.user, full & ~PTE.write, full & ~PTE.dirty, full & ~PTE.accessed,
            full & ~PTE.read & ~PTE.write | PTE.user, 0, random.next() & 0xdf,
        ]
        return frame << 10 | choices[Int(random.next() % 8)]
    }
}
