import TestKit

extension SeededNumbers {
    /// A number below `bound`.
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: (next() >> 11) % UInt64(max(bound, 1)))
    }
    /// True once in `count` times.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }
    mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }
    /// An index, chosen in proportion to its weight.
    mutating func pick(weights: [Int]) -> Int {
        var left = below(weights.reduce(0, +))
        for (index, weight) in weights.enumerated() {
            if left < weight { return index }
            left -= weight
        }
        return 0
    }
}

/// Values at which instructions are likely to go wrong.
enum Values {
    static let integers: [UInt64] = [
        0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff,
        0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000,
        ~0, ~1, ~0x7f, ~0x7fff_ffff, 0xaaaa_aaaa_aaaa_aaaa, 0x0123_4567_89ab_cdef,
    ]
    private static let doubles: [UInt64] = [
        0, 0x8000_0000_0000_0000, 0x3ff0_0000_0000_0000, 0xbff0_0000_0000_0000,
        0x7ff0_0000_0000_0000, 0xfff0_0000_0000_0000, 0x7ff8_0000_0000_0000,
        0x7ff0_0000_0000_0001, 0xfff4_0000_0000_0000, 0x0000_0000_0000_0001,
        0x000f_ffff_ffff_ffff, 0x0010_0000_0000_0000, 0x7fef_ffff_ffff_ffff,
        0x41df_ffff_ffc0_0000, 0x41e0_0000_0000_0000, 0xc1e0_0000_0020_0000,
        0x43e0_0000_0000_0000, 0xc3e0_0000_0000_0000, 0x43f0_0000_0000_0000,
        0x3fe0_0000_0000_0000, 0x4330_0000_0000_0001, 0x36a0_0000_0000_0000,
        0x47ef_ffff_f000_0000,
    ]
    private static let singles: [UInt32] = [
        0, 0x8000_0000, 0x3f80_0000, 0xbf80_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000,
        0x7f80_0001, 0xffa0_0000, 1, 0x007f_ffff, 0x0080_0000, 0x7f7f_ffff, 0x4eff_ffff,
        0x4f00_0000, 0x5f00_0000, 0x3f00_0000, 0x3380_0000, 0x477f_f000,
    ]
    private static let halves: [UInt32] = [
        0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xfd00, 1, 0x03ff, 0x0400,
        0x7bff, 0x3800,
    ]

    static func integer(_ random: inout SeededNumbers) -> UInt64 {
        switch random.below(4) {
        case 0: random.pick(integers)
        case 1: UInt64(random.below(4096))
        case 2: random.next() >> UInt64(random.below(64))
        default: random.next()
        }
    }
    static func float(_ random: inout SeededNumbers) -> UInt64 {
        switch random.below(8) {
        case 0, 1: random.pick(doubles)
        case 2, 3: 0xffff_ffff_0000_0000 | UInt64(random.pick(singles))
        case 4: 0xffff_ffff_ffff_0000 | UInt64(random.pick(halves))
        // Near one, so that sums and products are neither lost nor infinite.
        case 5: 0x3fe0_0000_0000_0000 | random.next() >> 10
        case 6: 0xffff_ffff_3f00_0000 | random.next() & 0x00ff_ffff
        default: random.next()
        }
    }
}
