/// Zicbom, Zicboz and Zicbop.
let cacheRows: [Row] = [
    .cacheBlock(.cbo_inval, "cbo.inval", 0, .zicbom),
    .cacheBlock(.cbo_clean, "cbo.clean", 1, .zicbom),
    .cacheBlock(.cbo_flush, "cbo.flush", 2, .zicbom),
    .cacheBlock(.cbo_zero, "cbo.zero", 4, .zicboz),
    .prefetch(.prefetch_i, "prefetch.i", 0),
    .prefetch(.prefetch_r, "prefetch.r", 1),
    .prefetch(.prefetch_w, "prefetch.w", 3),
]

extension Row {
    fileprivate static func cacheBlock(
        _ opcode: Opcode, _ name: StaticString, _ operation: UInt32, _ needs: ISAExtension
    ) -> Row {
        Row(
            opcode, name, match: operation << 20 | 0b010 << 12 | 0b0001111, mask: 0xfff0_7fff,
            .address, needs)
    }
    /// An `ori` to x0: without Zicbop it still does nothing.
    fileprivate static func prefetch(
        _ opcode: Opcode, _ name: StaticString, _ operation: UInt32
    ) -> Row {
        Row(
            opcode, name, match: operation << 20 | 0b110 << 12 | 0b0010011, mask: 0x01f0_7fff,
            .prefetch, .zicbop)
    }
}
