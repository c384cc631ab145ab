import Bits
import Keel
import RISCV
import Testing

/// What keeps worlds apart that one hart runs in turns.
@Suite struct SharingTests {
    /// A hart keeps what it translated for one world while it runs another: all that tells them apart
    /// there is the ASID.
    @Test func noTwoWorldsShareAnASID() throws {
        let rig = try Rig()
        var seen: Set<UInt64> = [0]
        for owner in 0..<8 {
            var shadows = rig.shadows(.lazy, owner: owner)
            var csr = CSRFile(isa: Rig.isa, hartID: 0, largestMode: .sv57)
            for space in 0...16 as ClosedRange<UInt64> {
                // The last one is that of no translation.
                shadows.satpWritten(space == 16 ? 0 : 8 << 60 | space << 44 | 0x80001)
                for (status, privilege) in Self.views {
                    if space == 16 && (status != 0 || privilege == .user) { continue }
                    csr.mstatus = status
                    let asid = shadows.choose(&csr, privilege).satp.bits(59, 44)
                    #expect(seen.insert(asid).inserted, "\(owner) \(space) \(privilege)")
                    #expect(asid < 1 << 10)
                }
            }
        }
    }

    private static let views: [(UInt64, Privilege)] = [
        (0, .user), (Status.mxr, .user), (0, .supervisor), (Status.sum, .supervisor),
        (Status.mxr, .supervisor), (Status.sum | Status.mxr, .supervisor),
    ]
}
