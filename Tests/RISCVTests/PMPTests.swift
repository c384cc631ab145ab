import Bits
import RISCV
import Testing

/// Physical memory protection, §3.7.
@Suite struct PMPTests {
    static let modes: [Privilege] = [.user, .supervisor, .machine]
    static let kinds: [AccessKind] = [.fetch, .load, .store]
    static let napot: UInt8 = 3 << 3
    static let na4: UInt8 = 2 << 3
    static let tor: UInt8 = 1 << 3
    static let locked: UInt8 = 0x80

    /// Entries of (configuration, pmpaddr), from the first.
    static func pmp(_ entries: [(UInt8, UInt64)]) -> PMP {
        var pmp = PMP()
        for (index, entry) in entries.enumerated() { pmp.setAddress(index, entry.1) }
        var words: [UInt64] = [0, 0]
        for (index, entry) in entries.enumerated() {
            words[index / 8] |= UInt64(entry.0) << UInt64(index % 8 * 8)
        }
        pmp.setConfiguration(upper: false, words[0])
        pmp.setConfiguration(upper: true, words[1])
        return pmp
    }

    static func allows(
        _ pmp: PMP, _ address: UInt64, _ count: UInt64 = 1, _ access: AccessKind = .load,
        _ mode: Privilege = .supervisor
    ) -> Bool {
        pmp.check(GuestPhysical(address), count: count, access, privilege: mode)
    }

    @Test func everythingOff() {
        for access in Self.kinds {
            #expect(Self.allows(PMP(), 0x8000_0000, 8, access, .machine))
            #expect(!Self.allows(PMP(), 0x8000_0000, 8, access, .supervisor))
            #expect(!Self.allows(PMP(), 0x8000_0000, 8, access, .user))
        }
    }

    /// Each of the legal combinations of R, W and X, for each mode and access, locked or not.
    @Test func permissions() {
        for bits: UInt8 in [0, 1, 3, 4, 5, 7] {
            for isLocked in [false, true] {
                let configuration = bits | Self.napot | (isLocked ? Self.locked : 0)
                let pmp = Self.pmp([(configuration, 0x2000_0000 | 0x1ff)])
                for mode in Self.modes {
                    for (access, bit) in zip(Self.kinds, [UInt8(4), 1, 2]) {
                        let free = mode == .machine && !isLocked
                        #expect(
                            Self.allows(pmp, 0x8000_0ff8, 8, access, mode)
                                == (free || bits & bit != 0))
                        // Outside of every entry.
                        #expect(
                            Self.allows(pmp, 0x8000_1000, 8, access, mode) == (mode == .machine))
                    }
                }
            }
        }
    }

    /// Table "NAPOT range encoding": k trailing ones are 2^(k+3) bytes.
    @Test func napotSizes() {
        for ones in UInt64(0)...53 {
            let size: UInt64 = 8 << ones
            let base = ones >= 50 ? 0 : size * 2
            let pmp = Self.pmp([(7 | Self.napot, base >> 2 | ((1 << ones) - 1))])
            #expect(Self.allows(pmp, base))
            #expect(Self.allows(pmp, base + size - 1))
            if ones < 50 {
                #expect(!Self.allows(pmp, base - 1))
                #expect(!Self.allows(pmp, base + size))
            }
        }
        // All ones: the whole address space.
        let all = Self.pmp([(7 | Self.napot, ~0)])
        #expect(Self.allows(all, 0, 8) && Self.allows(all, (1 << 56) - 8, 8))
    }

    @Test func na4() {
        let pmp = Self.pmp([(1 | Self.na4, 0x8000_0010 >> 2)])
        #expect(!Self.allows(pmp, 0x8000_000f))
        #expect(Self.allows(pmp, 0x8000_0010, 4))
        #expect(Self.allows(pmp, 0x8000_0013))
        #expect(!Self.allows(pmp, 0x8000_0014))
        // Eight bytes are only half inside: refused, in machine mode as well.
        #expect(!Self.allows(pmp, 0x8000_0010, 8))
        #expect(!Self.allows(pmp, 0x8000_0010, 8, .load, .machine))
    }

    @Test func topOfRange() {
        // Entry 0's bottom is address 0; entry 2's is pmpaddr1 although entry 1 is off.
        let pmp = Self.pmp([
            (1 | Self.tor, 0x1000 >> 2), (0, 0x4000 >> 2), (3 | Self.tor, 0x8004 >> 2),
        ])
        #expect(Self.allows(pmp, 0) && Self.allows(pmp, 0xff8, 8) && !Self.allows(pmp, 0x1000))
        #expect(!Self.allows(pmp, 0x3fff) && Self.allows(pmp, 0x4000, 8, .store))
        #expect(Self.allows(pmp, 0x8000, 4) && !Self.allows(pmp, 0x8004))
        #expect(!Self.allows(pmp, 0x8000, 8))
        // Bottom at or above the top: matches nothing, also where an access spans it.
        for top: UInt64 in [0x4000, 0x3000] {
            let empty = Self.pmp([(0, 0x4000 >> 2), (Self.tor, top >> 2), (7 | Self.napot, ~0)])
            #expect(Self.allows(empty, top - 4, 8) && Self.allows(empty, 0x3ffc, 8))
        }
    }

    @Test func lowestEntryDecides() {
        let pmp = Self.pmp([
            (Self.na4, 0x8000_0000 >> 2), (7 | Self.napot, 0x2000_0000 | 0x1ff),
        ])
        #expect(!Self.allows(pmp, 0x8000_0000, 4))
        #expect(Self.allows(pmp, 0x8000_0004, 4))
        #expect(!Self.allows(pmp, 0x8000_0000, 8))
        // All sixteen entries take part.
        var entries = Array(repeating: (UInt8(0), UInt64(0)), count: 15)
        entries.append((7 | Self.napot, ~0))
        #expect(Self.allows(Self.pmp(entries), 0x1234))
    }

    @Test func locks() {
        var csr = CSRFile(isa: fullISA)
        // Entry 1 is locked and off: its bytes cannot change any more.
        csr.set(CSR.pmpaddr0 + 1, 0x100)
        csr.set(CSR.pmpcfg0, 0x8000)
        csr.set(CSR.pmpcfg0, 0x1f1f_1f1f)
        #expect(csr.get(CSR.pmpcfg0) == 0x1f1f_801f)
        csr.set(CSR.pmpaddr0 + 1, 0x200)
        #expect(csr.get(CSR.pmpaddr0 + 1) == 0x100)
        // Its lower neighbour is free, because entry 1 is not TOR.
        csr.set(CSR.pmpaddr0, 0x300)
        #expect(csr.get(CSR.pmpaddr0) == 0x300)
        // A locked TOR entry locks the address below, across the configuration registers as well.
        csr.set(CSR.pmpaddr0 + 7, 0x400)
        csr.set(CSR.pmpcfg2, 0x88)
        csr.set(CSR.pmpaddr0 + 7, 0x500)
        csr.set(CSR.pmpaddr0 + 8, 0x500)
        #expect(csr.get(CSR.pmpaddr0 + 7) == 0x400)
        #expect(csr.get(CSR.pmpaddr0 + 8) == 0)
        csr.set(CSR.pmpcfg2, 0)
        #expect(csr.get(CSR.pmpcfg2) == 0x88)
    }

    @Test func pages() {
        func page(_ pmp: PMP, _ mode: Privilege = .supervisor) -> Permissions? {
            pmp.pagePermissions(GuestPhysical(0x8000_0abc), privilege: mode)
        }
        #expect(page(PMP()) == [])
        #expect(page(PMP(), .machine) == .all)
        // The page itself, and a range around it.
        let exact = Self.pmp([(5 | Self.napot, 0x2000_0000 | 0x1ff)])
        #expect(page(exact) == [.read, .execute])
        #expect(page(exact, .machine) == .all)
        #expect(page(Self.pmp([(1 | Self.napot, ~0)])) == .read)
        // Four bytes of it differ; below an entry for all of it they do not matter.
        let divided: (UInt8, UInt64) = (Self.na4, 0x8000_0ffc >> 2)
        #expect(page(Self.pmp([divided, (7 | Self.napot, ~0)])) == nil)
        #expect(page(Self.pmp([divided, (7 | Self.napot, ~0)]), .machine) == nil)
        #expect(page(Self.pmp([(7 | Self.napot, ~0), divided])) == .all)
        // Its neighbours' entries do not divide it.
        #expect(
            page(Self.pmp([(0 | Self.tor, 0x8000_0000 >> 2), (3 | Self.napot, ~0)]))
                == [.read, .write])
    }

    /// Against the text read directly: byte by byte, the lowest entry that holds the byte.
    @Test func randomEntries() {
        var random = SplitMix(state: 7)
        for _ in 0..<400 {
            let entries: [(UInt8, UInt64)] = (0..<16).map { _ in
                (
                    UInt8.random(in: 0...255, using: &random) & 0x9f,
                    .random(in: 0..<64, using: &random)
                )
            }
            let pmp = Self.pmp(entries)
            for _ in 0..<50 {
                let start = UInt64.random(in: 0..<300, using: &random)
                let count = UInt64(1) << UInt64.random(in: 0..<4, using: &random)
                let access = Self.kinds[Int.random(in: 0..<3, using: &random)]
                let mode = Self.modes[Int.random(in: 0..<3, using: &random)]
                #expect(
                    Self.allows(pmp, start, count, access, mode)
                        == Self.model(pmp, start, count, access, mode))
            }
        }
    }

    /// The entry that holds a byte, by the definition of each mode.
    private static func entry(_ pmp: PMP, of byte: UInt64) -> Int? {
        for index in 0..<16 {
            let address = pmp.addresses[index]
            let word = byte >> 2
            let matches =
                switch pmp.configurationByte(index) >> 3 & 3 {
                case 1: word >= (index == 0 ? 0 : pmp.addresses[index - 1]) && word < address
                case 2: word == address
                case 3: word | (address ^ (address + 1)) == address | (address ^ (address + 1))
                default: false
                }
            if matches { return index }
        }
        return nil
    }

    private static func model(
        _ pmp: PMP, _ start: UInt64, _ count: UInt64, _ access: AccessKind, _ mode: Privilege
    ) -> Bool {
        let owners = (start..<start + count).map { entry(pmp, of: $0) }
        // The lowest-numbered entry that matches any byte must match them all; a lower entry may hide
        // part of it, so count by that lowest one.
        guard let lowest = owners.compactMap({ $0 }).min() else { return mode == .machine }
        guard owners.allSatisfy({ $0 == lowest }) else { return false }
        let byte = pmp.configurationByte(lowest)
        if mode == .machine && byte & 0x80 == 0 { return true }
        let bit: UInt8 = access == .load ? 1 : access == .store ? 2 : 4
        return byte & bit != 0
    }

    /// The short answer never says more than the long one.
    @Test func openMemoryIsOpen() {
        let everywhere = (Self.napot | 7, UInt64.max)
        let cases: [(entries: [(UInt8, UInt64)], isOpen: Bool)] = [
            ([everywhere], true),
            ([(Self.tor | 7, 0), everywhere], true),
            ([(Self.napot | Self.locked | 7, UInt64.max)], true),
            ([(Self.napot | 5, UInt64.max)], false),
            ([(Self.na4, 0x2000_0000), everywhere], false),
            ([(Self.tor | 7, 0x2000_0000), everywhere], false),
            ([], false),
        ]
        for (entries, isOpen) in cases {
            let pmp = Self.pmp(entries)
            for mode in Self.modes {
                let address = GuestPhysical(0x8000_0000)
                let says = pmp.isOpen(address, count: 4096, mode)
                #expect(says == (isOpen || entries.isEmpty && mode == .machine))
                if says {
                    #expect(pmp.permissions(address, count: 4096, privilege: mode) == .all)
                }
            }
        }
        let half = Self.pmp([(Self.tor | 7, 0x2000_0000), (Self.tor | 5, 0x3000_0000)])
        #expect(half.isOpen(GuestPhysical(0x7fff_f000), count: 4096, .user))
        #expect(!half.isOpen(GuestPhysical(0x7fff_f001), count: 4096, .user))
        #expect(!half.isOpen(GuestPhysical(~0), count: 8, .user))
    }
}
