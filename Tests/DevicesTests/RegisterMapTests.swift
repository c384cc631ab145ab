import Bits
import Devices
import Testing

@Suite struct RegisterMapTests {
    private enum Register: Sendable { case only }

    private func access(
        _ size: AccessWidth, _ widths: RegisterWidths, _ offset: UInt64, _ width: AccessWidth
    ) -> RegisterAccess<Register>? {
        RegisterAccess(.only, at: 0x10, size, widths, offset: offset, width)
    }

    @Test func exactTakesOnlyItsSize() {
        #expect(access(.word, .exact, 0x10, .word) != nil)
        #expect(access(.word, .exact, 0x10, .half) == nil)
        #expect(access(.word, .exact, 0x10, .double) == nil)
        #expect(access(.word, .exact, 0x14, .word) == nil)
    }

    @Test func partsAreSlices() throws {
        let high = try #require(access(.double, .parts, 0x14, .word))
        #expect(high.part(of: 0x1122_3344_5566_7788) == 0x1122_3344)
        #expect(
            high.whole(0x1122_3344_5566_7788, writing: 0xffff_ffff_aabb_ccdd)
                == 0xaabb_ccdd_5566_7788)
        #expect(access(.double, .parts, 0x12, .word) == nil, "misaligned")
        #expect(access(.double, .parts, 0x18, .word) == nil)
        #expect(access(.double, .parts, 0x0c, .word) == nil)
    }

    @Test func widerMeansOneRegister() throws {
        let wide = try #require(access(.byte, .wider, 0x10, .double))
        #expect(wide.part(of: 0x1ff) == 0xff)
        #expect(wide.whole(0, writing: 0x1234) == 0x34)
        #expect(access(.word, .wider, 0x10, .half) == nil)
    }
}
