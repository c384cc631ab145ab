import Bits
import Keel
import RISCV
import Testing

/// The teaching figure of shadow page tables: the tables A and B of two programs lead to the
/// guest's frames 2, 6, 0, 5 and 1, 4, 3, and these lie in the host's frames BEEF, F000, CAFE,
/// 3333, 5555, BA11 and DEAD. A frame is known here by what it holds.
@Suite struct FigureTests {
    private static let hostFrames: [UInt64] = [
        0xbeef, 0xf000, 0xcafe, 0x3333, 0x5555, 0xba11, 0xdead,
    ]
    private static let start = GuestRAM.start

    /// Two levels as the figure draws them: a directory (under a root that only leads to it) whose
    /// first entries hold two pages each.
    private func buildTable(_ rig: Rig, at place: UInt64, _ frames: [UInt64]) -> UInt64 {
        let pointer: (UInt64) -> UInt64 = { ($0 >> 12) << 10 | PTE.valid }
        rig.put(place, pointer(place + 0x1000))
        for (index, frame) in frames.enumerated() {
            let table = place + 0x2000 + UInt64(index / 2) * 0x1000
            rig.put(place + 0x1000 + UInt64(index / 2) * 8, pointer(table))
            let flags = PTE.valid | PTE.read | PTE.write | PTE.user | PTE.accessed | PTE.dirty
            rig.put(table + UInt64(index % 2) * 8, ((Self.start + frame << 12) >> 12) << 10 | flags)
        }
        return 8 << 60 | place >> 12
    }
    private func address(_ index: Int) -> UInt64 {
        UInt64(index / 2) << 21 | UInt64(index % 2) << 12
    }

    @Test(arguments: MMUKind.allCases) func shadowsHoldTheHostFrames(_ kind: MMUKind) throws {
        let rig = try Rig()
        for (frame, name) in Self.hostFrames.enumerated() {
            rig.put(Self.start + UInt64(frame) << 12, name)
        }
        let (a, b): ([UInt64], [UInt64]) = ([2, 6, 0, 5], [1, 4, 3])
        let satpA = buildTable(rig, at: Self.start + 0x10_0000, a)
        let satpB = buildTable(rig, at: Self.start + 0x11_0000, b)
        var csr = CSRFile(isa: Rig.isa)
        csr.store(CSR.pmpaddr0, ~0 >> 10, CSRContext())
        csr.store(CSR.pmpcfg0, 0x1f, CSRContext())
        var shadows = rig.shadows(kind)
        for _ in 0..<2 {
            for (satp, frames) in [(satpA, a), (satpB, b)] {
                csr.satp = satp
                shadows.satpWritten(satp)
                var real = shadows.choose(&csr, .user).satp
                for (index, frame) in frames.enumerated() {
                    if RealWalk.translate(real, address(index), .store) == nil {
                        #expect(kind != .shadow, "the shadow is built as a whole")
                        let fill = try shadows.fill(address(index), .store, &csr, .user)
                        #expect(fill == .mapped)
                        real = shadows.choose(&csr, .user).satp
                    }
                    let host = try #require(RealWalk.translate(real, address(index), .store))
                    #expect(HostMemory.load64(host) == Self.hostFrames[Int(frame)])
                }
                // Nothing else is in it.
                #expect(RealWalk.translate(real, address(frames.count + 1), .load) == nil)
            }
        }
    }
}
