import Bits
import RISCV
import Testing

/// Sparse memory for page tables that counts what the walk does.
struct TableMemory: PhysicalMemory {
    var words: [UInt64: UInt64] = [:]
    var loads = 0
    /// Called before each compare-and-swap: another hart's chance.
    var interference: ((inout TableMemory, UInt64) -> Void)?
    var swapsFail = false

    mutating func load64(_ address: GuestPhysical) -> UInt64? {
        loads += 1
        return words[address.rawValue]
    }
    mutating func compareAndSwap64(_ address: GuestPhysical, expected: UInt64, new: UInt64) -> Bool?
    {
        if swapsFail { return nil }
        if let interfere = interference { interfere(&self, address.rawValue) }
        guard words[address.rawValue] == expected else { return false }
        words[address.rawValue] = new
        return true
    }
}

/// One mapping: tables at 0x10000, 0x11000… from the root down to `level`, a leaf there.
struct Mapping {
    static let root: UInt64 = 0x10000
    var mode: PageTableMode
    var level: Int
    var virtual: UInt64
    var memory = TableMemory()

    init(_ mode: PageTableMode, level: Int = 0, virtual: UInt64, leaf: UInt64) {
        self.mode = mode
        self.level = level
        self.virtual = virtual
        var table = Self.root
        for depth in stride(from: mode.levels - 1, to: level, by: -1) {
            memory.words[slot(depth, table)] = entry(table + 0x1000, 0)
            table += 0x1000
        }
        memory.words[slot(level, table)] = leaf
    }
    func slot(_ depth: Int, _ table: UInt64) -> UInt64 {
        table + (virtual >> UInt64(12 + depth * 9) & 0x1ff) * 8
    }
    /// Where the leaf lies.
    var leafSlot: UInt64 { slot(level, Self.root + UInt64(mode.levels - 1 - level) * 0x1000) }

    func context(
        _ privilege: Privilege = .supervisor, sum: Bool = false, mxr: Bool = false,
        adue: Bool = false, pbmte: Bool = false, svnapot: Bool = false
    ) -> WalkContext {
        WalkContext(
            mode: mode, root: GuestPhysical(Self.root), privilege: privilege, sum: sum, mxr: mxr,
            adue: adue, pbmte: pbmte, svnapot: svnapot)
    }
    mutating func walk(_ access: AccessKind, _ context: WalkContext, offset: UInt64 = 0)
        -> Result<Translation, Trap>
    {
        do {
            return .success(
                try PageWalk.walk(GuestVirtual(virtual &+ offset), access, context, &memory))
        } catch {
            return .failure(error)
        }
    }
    /// The exception of the walk, or nil.
    mutating func cause(_ access: AccessKind, _ context: WalkContext) -> ExceptionCause? {
        switch walk(access, context) {
        case .success: nil
        case .failure(let trap): trap.value == virtual ? trap.cause : ExceptionCause(rawValue: 99)
        }
    }
}

func entry(_ physical: UInt64, _ bits: UInt64) -> UInt64 {
    (physical >> 12) << 10 | bits | PTE.valid
}

let rwx = PTE.read | PTE.write | PTE.execute
let ad = PTE.accessed | PTE.dirty

@Suite struct PageWalkTests {
    static let modes: [PageTableMode] = [.sv39, .sv48, .sv57]
    static let kinds: [AccessKind] = [.fetch, .load, .store]
    static let faults: [ExceptionCause] = [
        .instructionPageFault, .loadPageFault, .storePageFault,
    ]

    /// Every level of every mode, at both ends of the address space.
    @Test func pagesAndSuperpages() {
        for mode in Self.modes {
            for level in 0..<mode.levels {
                let bits = 12 + level * 9
                let size = UInt64(1) << UInt64(bits)
                let high = ~UInt64(0) - size * 3 + 1
                for virtual in [size * 5 & ~(1 << UInt64(mode.virtualBits - 1)), high] {
                    let physical = size * 7 & ((1 << 56) - 1)
                    var map = Mapping(
                        mode, level: level, virtual: virtual, leaf: entry(physical, rwx | ad))
                    let offset = size - 3
                    let result = map.walk(.load, map.context(), offset: offset)
                    #expect(
                        result
                            == .success(
                                Translation(
                                    physical: GuestPhysical(physical + offset), pageBits: bits,
                                    permissions: .all, isUser: false, isGlobal: false,
                                    memoryType: 0)))
                    #expect(map.memory.loads == mode.levels - level)
                }
            }
        }
    }

    @Test func identityWithoutTranslation() throws {
        var memory = TableMemory()
        for (mode, privilege) in [(PageTableMode.bare, Privilege.user), (.sv48, .machine)] {
            let context = WalkContext(mode: mode, root: GuestPhysical(0), privilege: privilege)
            let result = try PageWalk.walk(
                GuestVirtual(0xdead_beef_0000_0123), .store, context, &memory)
            #expect(result.physical.rawValue == 0xdead_beef_0000_0123)
            #expect(result.permissions == .all)
        }
        #expect(memory.loads == 0)
    }

    /// The bits above the translated ones must all equal the topmost of those.
    @Test func canonicalAddresses() {
        for mode in Self.modes {
            let top = UInt64(mode.virtualBits)
            let negative = ~UInt64(0) << (top - 1)
            let pairs: [(bad: UInt64, good: UInt64)] = [
                (1 << (top - 1), negative), (1 << top, 0), (1 << 63, 0),
                (negative ^ 1 << 63, negative),
            ]
            for (bad, good) in pairs {
                for (access, fault) in zip(Self.kinds, Self.faults) {
                    // The same table slots, so that only the check can tell them apart.
                    var map = Mapping(mode, virtual: good, leaf: entry(0x5000, rwx | ad))
                    #expect(map.cause(access, map.context()) == nil)
                    map.virtual = bad
                    #expect(map.cause(access, map.context()) == fault)
                }
            }
        }
    }

    /// Whether steps 6 and 7 let an access through: the text read directly.
    private static func allowed(
        _ pte: UInt64, _ access: AccessKind, _ privilege: Privilege, sum: Bool, mxr: Bool
    ) -> Bool {
        let isReadable = pte & PTE.read != 0
        let isExecutable = pte & PTE.execute != 0
        let isUser = pte & PTE.user != 0
        if pte & PTE.write != 0 && !isReadable { return false }
        if privilege == .user && !isUser { return false }
        if privilege == .supervisor && isUser {
            // Supervisor mode never executes user pages, and touches them only under SUM.
            if access == .fetch || !sum { return false }
        }
        switch access {
        case .fetch: return isExecutable
        case .load: return isReadable || (mxr && isExecutable)
        case .store: return pte & PTE.write != 0
        }
    }

    /// All combinations of R W X U, mode, SUM, MXR and access.
    @Test func permissions() {
        for bits in UInt64(0)..<64 {
            let pte = (bits & 15) << 1
            let sum = bits.bit(4)
            let mxr = bits.bit(5)
            if pte & (PTE.read | PTE.execute) == 0 { continue }
            for privilege in [Privilege.user, .supervisor] {
                for (access, fault) in zip(Self.kinds, Self.faults) {
                    var map = Mapping(.sv39, virtual: 0x4000, leaf: entry(0x5000, pte | ad))
                    let context = map.context(privilege, sum: sum, mxr: mxr)
                    let expected = Self.allowed(pte, access, privilege, sum: sum, mxr: mxr)
                    let cause = map.cause(access, context)
                    #expect(cause == (expected ? nil : fault))
                    guard case .success(let translation) = map.walk(access, context) else {
                        continue
                    }
                    // What may be cached is what the other accesses would find.
                    for other in Self.kinds {
                        let found = map.cause(other, context) == nil
                        #expect(translation.permissions.allow(other) == found)
                    }
                    #expect(translation.isUser == (pte & PTE.user != 0))
                }
            }
        }
    }

    /// Every way in which an entry is not one, for each access, with the page fault of that access.
    @Test func malformedEntries() {
        let good = entry(0x20_0000, rwx | ad)
        let pbmt: UInt64 = 1 << 61
        let half: UInt64 = 0x6000_0000
        let cases: [(String, Int, UInt64)] = [
            ("invalid", 0, good & ~1),
            ("write without read", 0, good & ~(PTE.read)),
            ("write alone", 0, entry(0x5000, PTE.write | ad)),
            ("pointer at the last level", 0, entry(0x5000, 0)),
            ("PBMT off", 0, good | pbmt),
            ("PBMT off, non-leaf", 1, entry(0x12000, pbmt)),
            ("N without Svnapot", 0, entry(0x8000, rwx | ad) | PTE.napot),
            ("N in a pointer", 1, entry(0x12000, 0) | PTE.napot),
            ("A in a pointer", 1, entry(0x12000, PTE.accessed)),
            ("D in a pointer", 1, entry(0x12000, PTE.dirty)),
            ("U in a pointer", 1, entry(0x12000, PTE.user)),
            ("misaligned 2 MiB", 1, good + 0x400),
            ("misaligned 1 GiB", 2, entry(half, rwx | ad)),
        ]
        for (name, level, pte) in cases {
            for (access, fault) in zip(Self.kinds, Self.faults) {
                var map = Mapping(.sv39, level: level, virtual: 0x4000_0000, leaf: pte)
                // A pointer that passed by mistake would find a page behind it.
                for index in UInt64(0)..<512 where level > 0 {
                    map.memory.words[0x12000 + index * 8] = good
                }
                #expect(map.cause(access, map.context()) == fault, "\(name)")
            }
        }
        for bit in UInt64(54)...60 {
            var page = Mapping(.sv39, virtual: 0x4000, leaf: good | 1 << bit)
            #expect(page.cause(.load, page.context()) == .loadPageFault)
        }
    }

    @Test func accessFaultsWhereTheTableIsNotMemory() {
        let faults: [ExceptionCause] = [
            .instructionAccessFault, .loadAccessFault, .storeAccessFault,
        ]
        for mode in Self.modes {
            for missing in 0..<mode.levels {
                for (access, fault) in zip(Self.kinds, faults) {
                    var map = Mapping(mode, virtual: 0x4000, leaf: entry(0x5000, rwx | ad))
                    map.memory.words[
                        map.slot(
                            missing, Mapping.root + UInt64(mode.levels - 1 - missing) * 0x1000)] =
                        nil
                    #expect(map.cause(access, map.context()) == fault)
                }
            }
        }
        // The update of A needs write permission to the table.
        var map = Mapping(.sv39, virtual: 0x4000, leaf: entry(0x5000, rwx))
        map.memory.swapsFail = true
        #expect(map.cause(.fetch, map.context(adue: true)) == .instructionAccessFault)
    }

    @Test func globalFromAnyLevel() {
        for level in 0..<3 {
            var map = Mapping(.sv39, virtual: 0x4000, leaf: entry(0x5000, rwx | ad))
            let slot = map.slot(level, Mapping.root + UInt64(2 - level) * 0x1000)
            map.memory.words[slot, default: 0] |= PTE.global
            guard case .success(let result) = map.walk(.load, map.context()) else {
                Issue.record("no translation")
                continue
            }
            #expect(result.isGlobal)
        }
    }

    // MARK: A and D

    @Test func accessedAndDirtyAreSoftwaresWithoutSvadu() {
        for (bits, expected) in [
            (UInt64(0), [true, true, true]), (PTE.accessed, [false, false, true]),
            (PTE.dirty, [true, true, true]), (ad, [false, false, false]),
        ] {
            for (index, access) in Self.kinds.enumerated() {
                var map = Mapping(.sv39, virtual: 0x4000, leaf: entry(0x5000, rwx | bits))
                let fault: ExceptionCause? = expected[index] ? Self.faults[index] : nil
                #expect(map.cause(access, map.context()) == fault)
                #expect(map.memory.words[map.leafSlot] == entry(0x5000, rwx | bits))
            }
        }
    }

    @Test func hardwareSetsAccessedAndDirty() {
        for access in Self.kinds {
            var map = Mapping(.sv39, virtual: 0x4000, leaf: entry(0x5000, rwx))
            let result = map.walk(access, map.context(adue: true))
            let bits = access == .store ? ad : PTE.accessed
            #expect(map.memory.words[map.leafSlot] == entry(0x5000, rwx | bits))
            guard case .success(let translation) = result else {
                Issue.record("no translation")
                continue
            }
            // A clean page is not to be cached as writable.
            let expected: Permissions = access == .store ? .all : [.read, .execute]
            #expect(translation.permissions == expected)
        }
        // A refused access leaves both bits alone.
        var map = Mapping(.sv39, virtual: 0x4000, leaf: entry(0x5000, PTE.read))
        #expect(map.cause(.store, map.context(adue: true)) == .storePageFault)
        #expect(map.memory.words[map.leafSlot] == entry(0x5000, PTE.read))
    }

    /// An entry that changes between read and update is read again, whatever it has become.
    @Test func updateRaces() {
        func raced(_ body: @escaping (inout UInt64) -> Void) -> (ExceptionCause?, Mapping) {
            var map = Mapping(.sv39, virtual: 0x4000, leaf: entry(0x5000, rwx))
            map.memory.interference = { memory, slot in
                memory.interference = nil
                body(&memory.words[slot, default: 0])
            }
            let cause = map.cause(.store, map.context(adue: true))
            return (cause, map)
        }
        let (other, map) = raced { $0 |= PTE.accessed }
        #expect(other == nil && map.memory.words[map.leafSlot] == entry(0x5000, rwx | ad))
        #expect(raced { $0 = 0 }.0 == .storePageFault)
        #expect(raced { $0 &= ~PTE.write }.0 == .storePageFault)
        let (moved, after) = raced { $0 = entry(0x9000, rwx) }
        #expect(moved == nil && after.memory.words[after.leafSlot] == entry(0x9000, rwx | ad))
        // One that never holds still ends in a fault.
        var restless = Mapping(.sv39, virtual: 0x4000, leaf: entry(0x5000, rwx))
        restless.memory.interference = { $0.words[$1, default: 0] ^= 1 << 8 }
        #expect(restless.cause(.load, restless.context(adue: true)) == .loadPageFault)
    }

    // MARK: Svnapot and Svpbmt

    @Test func naturallyAlignedPowersOfTwo() {
        for page in UInt64(0)..<16 {
            for encoding in UInt64(0)..<16 {
                let pte = entry(0x70_0000 | encoding << 12, rwx | ad) | PTE.napot
                var map = Mapping(.sv39, virtual: 0x30000 | page << 12, leaf: pte)
                let result = map.walk(.load, map.context(svnapot: true), offset: 0x123)
                if encoding == 8 {
                    guard case .success(let translation) = result else {
                        Issue.record("no translation")
                        continue
                    }
                    #expect(translation.physical.rawValue == 0x70_0123 | page << 12)
                    #expect(translation.pageBits == 16)
                } else {
                    #expect(map.cause(.load, map.context(svnapot: true)) == .loadPageFault)
                }
            }
        }
        // N in a superpage is reserved.
        var large = Mapping(
            .sv39, level: 1, virtual: 0x20_0000,
            leaf: entry(0x40_0000, rwx | ad) | PTE.napot)
        #expect(large.cause(.load, large.context(svnapot: true)) == .loadPageFault)
    }

    @Test func memoryTypes() {
        for type in UInt64(0)..<4 {
            for level in 0..<3 {
                var map = Mapping(
                    .sv39, level: level, virtual: 0x4000_0000,
                    leaf: entry(0x4000_0000, rwx | ad) | type << 61)
                let result = map.walk(.load, map.context(pbmte: true))
                if type == 3 {
                    #expect(map.cause(.load, map.context(pbmte: true)) == .loadPageFault)
                } else if case .success(let translation) = result {
                    #expect(UInt64(translation.memoryType) == type)
                } else {
                    Issue.record("no translation")
                }
            }
        }
    }

    // MARK: What the file makes of its registers

    @Test func contextOfTheRegisters() {
        var csr = CSRFile(isa: fullISA)
        csr.set(CSR.satp, 9 << 60 | 0x1234 << 44 | 0x80123)
        csr.set(CSR.mstatus, Status.sum)
        csr.set(CSR.menvcfg, Environment.adue)
        #expect(
            csr.walkContext(effective: .user)
                == WalkContext(
                    mode: .sv48, root: GuestPhysical(0x8012_3000), privilege: .user, sum: true,
                    mxr: false, adue: true, pbmte: false, svnapot: true))
        #expect(csr.asid == 0x1234)
        csr.set(CSR.mstatus, Status.mxr)
        csr.set(CSR.menvcfg, Environment.pbmte)
        #expect(
            csr.walkContext(effective: .supervisor)
                == WalkContext(
                    mode: .sv48, root: GuestPhysical(0x8012_3000), privilege: .supervisor,
                    sum: false, mxr: true, adue: false, pbmte: true, svnapot: true))
    }

    @Test func modifiedPrivilege() {
        for (field, mode) in [(UInt64(0), Privilege.user), (1, .supervisor), (3, .machine)] {
            var csr = CSRFile(isa: fullISA)
            csr.set(CSR.mstatus, field << 11)
            #expect(csr.effectiveMode(.load, .machine).privilege == .machine)
            csr.set(CSR.mstatus, field << 11 | Status.mprv)
            #expect(csr.effectiveMode(.load, .machine).privilege == mode)
            #expect(csr.effectiveMode(.store, .machine).privilege == mode)
            #expect(csr.effectiveMode(.fetch, .machine).privilege == .machine)
        }
    }
}

@Suite struct ResetTests {
    /// Svadu alone updates A and D from reset on; with Svade beside it the guest has to ask.
    @Test func updatesOfAAndDFollowTheExtensions() {
        var isa = ISA.standard
        #expect(CSRFile(isa: isa).menvcfg == Environment.adue)
        isa.insert(.svade)
        #expect(CSRFile(isa: isa).menvcfg == 0)
        isa.remove(.svadu)
        #expect(CSRFile(isa: isa).menvcfg == 0)
    }
}
