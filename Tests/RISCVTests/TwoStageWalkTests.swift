import Bits
import RISCV
import TestKit
import Testing

/// The walk of both stages against the model.
@Suite struct TwoStageWalkTests {
    private static let modes: [PageTableMode] = [.bare, .sv39, .sv48, .sv57]
    private static let address: UInt64 = 0x12_3456_7abc

    private func walk(
        _ tables: TwoStageTables, _ memory: inout TableMemory, _ address: UInt64,
        _ access: AccessKind, _ stages: TranslationStages
    ) -> Result<Translation, Trap> {
        do throws(Trap) {
            return .success(
                try TwoStageWalk.walk(GuestVirtual(address), access, stages, &memory))
        } catch { return .failure(error) }
    }

    /// §18.5: each read of an entry is itself translated: (n + 1)(m + 1) − 1 reads.
    @Test func reads() {
        for first in Self.modes {
            for guest in Self.modes {
                var tables = TwoStageTables(first, guest)
                let target: UInt64 = first == .bare ? Self.address & ~0xfff : 0x7_8000_3000
                tables.map(Self.address, target, 0xcf)
                tables.mapGuest(target, 0x8000_5000, 0xdf)
                var memory = TableMemory(words: tables.words)
                let result = walk(tables, &memory, Self.address, .load, tables.stages())
                guard case .success(let found) = result else {
                    Issue.record("\(first) on \(guest): \(result)")
                    continue
                }
                let page = guest == .bare ? target : 0x8000_5000
                #expect(found.physical.rawValue == page | 0xabc)
                #expect(memory.loads == (first.levels + 1) * (guest.levels + 1) - 1)
            }
        }
    }

    /// Superpages of each level of both stages: the bytes of the smaller, fences by the guest's own.
    @Test func superpages() {
        for first in Self.modes.dropFirst() {
            for guest in Self.modes.dropFirst() {
                for outer in 0..<min(3, first.levels) {
                    for inner in 0..<min(3, guest.levels) {
                        var tables = TwoStageTables(first, guest)
                        let page: UInt64 = 0x3_c000_0000
                        tables.map(Self.address, page, 0xcf, level: outer)
                        let offset = Self.address % (1 << UInt64(12 + 9 * outer))
                        tables.mapGuest(
                            page + offset, 0x9_4000_0000, 0xdf, level: inner)
                        var memory = TableMemory(words: tables.words)
                        let result = walk(tables, &memory, Self.address, .fetch, tables.stages())
                        let inside = (page + offset) % (1 << UInt64(12 + 9 * inner))
                        guard case .success(let found) = result else {
                            Issue.record("\(first) \(outer) on \(guest) \(inner): \(result)")
                            continue
                        }
                        #expect(found.physical.rawValue == 0x9_4000_0000 + inside)
                        #expect(found.pageBits == 12 + 9 * outer)
                    }
                }
            }
        }
    }

    /// Random tables, half of them with something wrong in them, in every mode; accesses of each kind.
    @Test(arguments: Effort.seeds) func model(_ seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        var counts: [ExceptionCause: Int] = [:]
        var successes = 0
        for _ in 0..<Effort.rounds(6000) {
            var tables = randomTables(&random)
            let addresses = (0..<3).map { _ in randomAddress(&random) }
            for address in addresses { mapSomething(&tables, address, &random) }
            spoil(&tables, &random)
            var memory = TableMemory(words: tables.words)
            for _ in 0..<6 {
                let stages = randomStages(tables, &random)
                let access = AccessKind.allCases.randomElement(using: &random) ?? .load
                var address = addresses.randomElement(using: &random) ?? 0
                if UInt64.random(in: 0..<12, using: &random) == 0 { address ^= 1 << 50 }
                var stagesOfAccess = stages
                if access != .load {
                    stagesOfAccess.first.readsCode = false
                    stagesOfAccess.guest?.readsCode = false
                }
                guard let guest = stagesOfAccess.guest else { continue }
                var model = TwoStageModel(
                    first: stagesOfAccess.first, guest: guest, words: memory.words)
                let expected = model.translate(address, access)
                let found = walk(tables, &memory, address, access, stagesOfAccess)
                #expect(found.map(\.physical.rawValue) == expected, "\(seed)")
                #expect(memory.words == model.words, "\(seed)")
                switch expected {
                case .success: successes += 1
                case .failure(let trap): counts[trap.cause, default: 0] += 1
                }
            }
        }
        // Every outcome occurs.
        #expect(successes > 1000)
        for kind in AccessKind.allCases {
            for cause in [kind.pageFault, kind.guestPageFault, kind.accessFault] {
                #expect(counts[cause, default: 0] > 50, "\(cause)")
            }
        }
    }

    private func randomTables(_ random: inout SeededNumbers) -> TwoStageTables {
        let modes = Self.modes + Self.modes.dropFirst() + [.sv39, .sv39]
        return TwoStageTables(
            modes.randomElement(using: &random) ?? .sv39,
            modes.randomElement(using: &random) ?? .sv39)
    }
    private func randomAddress(_ random: inout SeededNumbers) -> UInt64 {
        let low = UInt64.random(in: 0..<1 << 30, using: &random)
        switch UInt64.random(in: 0..<4, using: &random) {
        case 0: return ~0 << 38 | low
        case 1: return low
        default: return low & 0x3f_ffff | 5 << 35
        }
    }
    private func mapSomething(
        _ tables: inout TwoStageTables, _ address: UInt64, _ random: inout SeededNumbers
    ) {
        func flags() -> UInt64 {
            let all: [UInt64] = [0xcf, 0xdf, 0xd7, 0xdb, 0x5f, 0x1f, 0xd9, 0xd3, 0x59, 0xc9, 0x9f]
            return all.randomElement(using: &random) ?? 0xdf
        }
        let outer = Int.random(in: 0..<3, using: &random) / 2
        let inner = Int.random(in: 0..<3, using: &random) / 2
        var target = UInt64.random(in: 0..<1 << 38, using: &random) & ~0x1f_ffff
        if tables.modes.first == .bare { target = address & ~0xfff }
        tables.map(address, target, flags(), level: outer)
        let inside = tables.modes.first == .bare ? address : target | address & 0x1f_ffff
        let spot = outer == 0 && tables.modes.first != .bare ? target | address & 0xfff : inside
        guard spot >> 40 == 0 else { return }
        tables.mapGuest(spot, 0x1_2340_0000, flags() | 16, level: inner)
    }
    /// Flips a bit or two of entries that are in use.
    private func spoil(_ tables: inout TwoStageTables, _ random: inout SeededNumbers) {
        let used = tables.words.filter { $0.value != 0 }.keys.sorted()
        for _ in 0..<Int.random(in: 0..<3, using: &random) {
            guard let at = used.randomElement(using: &random) else { return }
            let bits: [UInt64] = [0, 1, 2, 3, 4, 5, 6, 7, 13, 19, 40, 54, 61, 62, 63]
            tables.words[at, default: 0] ^= 1 << (bits.randomElement(using: &random) ?? 0)
        }
    }
    private func randomStages(_ tables: TwoStageTables, _ random: inout SeededNumbers)
        -> TranslationStages
    {
        func coin() -> Bool { Bool.random(using: &random) }
        var stages = tables.stages(coin() ? .user : .supervisor)
        (stages.first.sum, stages.first.mxr) = (coin(), coin())
        (stages.first.adue, stages.first.pbmte) = (coin(), coin())
        stages.first.svnapot = coin()
        stages.guest?.mxr = stages.first.mxr && coin()
        stages.guest?.adue = coin()
        stages.guest?.pbmte = coin()
        stages.guest?.svnapot = stages.first.svnapot
        let readsCode = coin() && coin()
        stages.first.readsCode = readsCode
        stages.guest?.readsCode = readsCode
        return stages
    }
}
