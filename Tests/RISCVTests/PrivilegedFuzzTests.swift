import Bits
import RISCV
import Testing

/// Noise in, a value or a trap out: nothing ends the process, and every walk ends.
@Suite struct PrivilegedFuzzTests {
    /// Page tables made of whatever the generator says, most of it plausible.
    struct Noise: PhysicalMemory {
        var random: SplitMix
        var loads = 0
        mutating func load64(_ address: GuestPhysical) -> UInt64? {
            loads += 1
            let value = random.next()
            switch random.next() % 8 {
            case 0: return nil
            case 1: return value
            case 2, 3: return value & ~(0x3ff << 54) & ~0x1e | 1
            default: return value & ~(0x3ff << 54) & ~(0x7ff_ffff << 10) | 0xc1
            }
        }
        mutating func compareAndSwap64(_ address: GuestPhysical, expected: UInt64, new: UInt64)
            -> Bool?
        {
            let value = random.next() % 8
            return value == 0 ? nil : value == 1
        }
    }

    @Test func walksEnd() {
        var random = SplitMix(state: 42)
        var successes = 0
        for _ in 0..<200_000 {
            var csr = CSRFile(isa: fullISA)
            csr.set(CSR.satp, random.next() & ~(15 << 60) | (8 + random.next() % 3) << 60)
            csr.set(CSR.mstatus, random.next())
            csr.set(CSR.menvcfg, random.next())
            var memory = Noise(random: random)
            let address = Int64(bitPattern: random.next()) >> Int64(random.next() % 40)
            let context = csr.walkContext(effective: random.next() % 2 == 0 ? .user : .supervisor)
            let access: AccessKind = [.fetch, .load, .store][Int(random.next() % 3)]
            do {
                let result = try PageWalk.walk(
                    GuestVirtual(UInt64(bitPattern: address)), access, context, &memory)
                successes += 1
                #expect(result.permissions.allow(access))
                #expect(result.physical.rawValue >> 56 == 0)
            } catch {
                #expect([access.pageFault, access.accessFault].contains(error.cause))
                #expect(error.value == UInt64(bitPattern: address))
            }
            #expect(memory.loads <= 5 + 65)
            random = memory.random
        }
        // Otherwise the noise would prove little.
        #expect(successes > 1000)
    }

    /// A walk over random tables that differs from the model, if there is one. `plant` changes what the
    /// real walk is told, so that it errs.
    private static func difference(
        rounds: Int, plant: (inout WalkContext) -> Void = { _ in }
    ) -> String? {
        var random = SplitMix(state: 99)
        func flip() -> Bool { random.next() & 1 == 0 }
        for round in 0..<rounds {
            let mode: PageTableMode = [.sv39, .sv48, .sv57][Int(random.next() % 3)]
            let context = WalkContext(
                mode: mode, root: GuestPhysical(0x1000), privilege: flip() ? .user : .supervisor,
                sum: flip(), mxr: flip(), adue: flip(), pbmte: flip(), svnapot: flip())
            var memory = TableMemory()
            // Sixteen tables with few entries, whose pointers stay among them for the most part.
            for table in UInt64(1)..<16 {
                for slot in UInt64(0)..<4 { memory.words[table << 12 | slot * 8] = entry(&random) }
            }
            for _ in 0..<20 {
                var address: UInt64 = random.next() % 4096
                for level in 0..<mode.levels {
                    address |= (random.next() % 4) << UInt64(12 + 9 * level)
                }
                if random.next() % 32 == 0 { address ^= 1 << (63 - random.next() % 28) }
                let access: AccessKind = [.fetch, .load, .store][Int(random.next() % 3)]
                let expected = PageWalkModel(context: context, words: memory.words)
                    .translate(address, access)
                var told = context
                plant(&told)
                let found: Result<UInt64, Trap>
                do {
                    let result = try PageWalk.walk(GuestVirtual(address), access, told, &memory)
                    found = .success(result.physical.rawValue)
                } catch {
                    found = .failure(error)
                }
                if found != expected {
                    return "round \(round): \(access) of \(address) gave \(found), not \(expected)"
                }
            }
        }
        return nil
    }

    /// Mostly pointers, and leaves whose frames suit some level; now and then anything.
    private static func entry(_ random: inout SplitMix) -> UInt64? {
        let noise = random.next()
        let frame = (random.next() & 0xff) << (9 * (random.next() % 5)) & 0xfff_ffff_ffff
        let flags = noise & 0xff | (random.next() % 4 == 0 ? 1 : 0xc1)
        switch random.next() % 16 {
        case 0: return nil
        case 1: return noise
        case 2..<8: return (1 + random.next() % 16) << 10 | 1
        case 8: return (1 + random.next() % 16) << 10 | 1 | noise & 0xe000_0000_0000_00de
        case 9, 10: return frame << 10 | flags | noise & 3 << 61
        case 11, 12: return 1 << 63 | (frame & ~15 | 8) << 10 | flags
        default: return frame << 10 | flags
        }
    }

    @Test func walksAgreeWithTheModel() {
        #expect(Self.difference(rounds: 1000) == nil)
    }

    /// Each of these bugs is found, so the comparison would find one like it.
    @Test func plantedBugsAreFound() {
        let bugs: [(inout WalkContext) -> Void] = [
            { $0.sum.toggle() }, { $0.mxr.toggle() }, { $0.adue.toggle() },
            { $0.pbmte.toggle() }, { $0.svnapot.toggle() },
            { $0.privilege = $0.privilege == .user ? .supervisor : .user },
            { $0.mode = $0.mode == .sv48 ? .sv57 : .sv48 },
        ]
        for (index, bug) in bugs.enumerated() {
            #expect(Self.difference(rounds: 1000, plant: bug) != nil, "bug \(index)")
        }
    }

    /// Random accesses, traps and returns keep every legalised field legal.
    @Test func registersStayLegal() {
        var random = SplitMix(state: 1)
        var csr = CSRFile(isa: fullISA)
        var privilege = Privilege.machine
        for _ in 0..<300_000 {
            let named = CSR.names[Int(random.next() % UInt64(CSR.names.count))].number
            let number = random.next() % 16 == 0 ? Int(random.next() % 5000) : named
            let context = CSRContext(
                time: random.next(), cycle: random.next(), instret: random.next())
            let operation: CSROperation = [.write, .set, .clear][Int(random.next() % 3)]
            let before = csr
            do {
                _ = try csr.access(
                    number, operation, random.next(), writes: random.next() % 4 != 0,
                    privilege: privilege, context: context)
            } catch {
                #expect(error == .illegal && csr == before)
                _ = csr.takeTrap(
                    cause: error.cause.rawValue, value: random.next(), pc: random.next(),
                    privilege: &privilege)
            }
            switch random.next() % 16 {
            case 0: _ = try? csr.mret(privilege: &privilege)
            case 1: _ = try? csr.sret(privilege: &privilege)
            case 2:
                csr.lines = random.next() & 0xffff
                if let cause = csr.pendingInterrupt(privilege: privilege) {
                    _ = csr.takeTrap(cause: cause, value: 0, pc: 0, privilege: &privilege)
                }
            case 3: privilege = .machine
            default: break
            }
            #expect(csr.mstatus & ~Status.writable == 0 && csr.mstatus.bits(12, 11) != 2)
            #expect(csr.mtvec & 2 == 0 && csr.stvec & 2 == 0)
            #expect([0, 8, 9, 10].contains(csr.satp >> 60))
            #expect(csr.mideleg & ~0x2222 == 0 && csr.medeleg & ~0xb3fe == 0)
            #expect(csr.menvcfg.bits(5, 4) != 2 && csr.senvcfg.bits(5, 4) != 2)
        }
    }
}
