import RISCV
import Testing

/// The standard transformation (§18.6.3), against values worked out by hand from its figures.
@Suite struct TransformedInstructionTests {
    private static let decoder = Decoder(isa: hypervisorISA)

    /// The encoding, the offset of the fault and what htinst holds.
    private static let cases: [(name: String, bits: UInt32, offset: UInt64, result: UInt64)] = [
        ("lw a0, 8(a1)", 0x0085_a503, 0, 0x0000_2503),
        ("ld a0, -8(s1)", 0xff84_b503, 3, 0x0001_b503),
        ("lbu t0, 0(t1)", 0x0003_4283, 0, 0x0000_4283),
        ("flw fa0, 4(a1)", 0x0045_a507, 0, 0x0000_2507),
        ("sw a2, 12(a1)", 0x00c5_a623, 0, 0x00c0_2023),
        ("sd a2, -16(a1)", 0xfec5_b823, 5, 0x00c2_b023),
        ("fsd fa2, 8(a1)", 0x00c5_b427, 0, 0x00c0_3027),
        ("lr.d a0, (a1)", 0x1005_b52f, 0, 0x1000_352f),
        ("sc.w.rl a0, a2, (a1)", 0x1ac5_a52f, 0, 0x1ac0_252f),
        ("amoadd.d.aqrl a0, a2, (a1)", 0x06c5_b52f, 0, 0x06c0_352f),
        ("hlv.w a0, (a1)", 0x6805_c573, 0, 0x6800_4573),
        ("hlvx.hu a0, (a1)", 0x6435_c573, 1, 0x6430_c573),
        ("hsv.d a2, (a1)", 0x6ec5_c073, 0, 0x6ec0_4073),
        // Compressed: what they stand for, with bit 1 clear.
        ("c.ld a0, 8(a1)", 0x6588, 0, 0x0000_3501), ("c.lw a0, 0(a1)", 0x4188, 2, 0x0001_2501),
        ("c.sd a0, 8(a1)", 0xe588, 0, 0x00a0_3021), ("c.ldsp a0, 8(sp)", 0x6522, 0, 0x0000_3501),
        ("c.swsp a0, 4(sp)", 0xc22a, 0, 0x00a0_2021), ("c.fld fa0, 0(a1)", 0x2188, 0, 0x3505),
        ("c.lbu a0, 1(a1)", 0x81c8, 0, 0x0000_4501), ("c.sh a0, 0(a1)", 0x8d88, 0, 0x00a0_1021),
        ("cbo.zero (a1)", 0x0045_a00f, 0, 0), ("add a0, a1, a2", 0x00c5_8533, 0, 0),
    ]

    @Test func cases() throws {
        for (name, bits, offset, result) in Self.cases {
            let instruction = try #require(Self.decoder.decode(bits), "\(name)")
            #expect(instruction.transformed(offset: offset) ?? 0 == result, "\(name)")
        }
    }

    @Test func offsets() throws {
        for (bits, offset) in [
            (UInt32(0x0085_a503), Int64(8)), (0xff84_b503, -8), (0xfec5_b823, -16), (0x6588, 8),
            (0x6522, 8), (0xc22a, 4), (0x1005_b52f, 0), (0x6435_c573, 0), (0x81c8, 1),
        ] {
            let instruction = try #require(Self.decoder.decode(bits))
            #expect(instruction.addressOffset == UInt64(bitPattern: offset))
        }
    }
}
