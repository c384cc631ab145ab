import CSkiff

extension Selftest {
    private static let pattern: UInt64 = 0x8182_8384_8586_8788

    func memory() {
        guard let page = kernel.pages.allocate() else { return check("memory", false) }
        defer { kernel.pages.release(page) }
        store64(page, Self.pattern)
        works("lb", 0xffff_ffff_ffff_ff88, op_lb, page)
        works("lbu", 0x88, op_lbu, page)
        works("lh", 0xffff_ffff_ffff_8788, op_lh, page)
        works("lhu", 0x8788, op_lhu, page)
        works("lw", 0xffff_ffff_8586_8788, op_lw, page)
        works("lwu", 0x8586_8788, op_lwu, page)
        works("ld", Self.pattern, op_ld, page)
        _ = op_sb(page + 1, 0x1_11)
        _ = op_sh(page + 2, 0x2_2222)
        _ = op_sw(page + 4, 0x3_3333_3333)
        equal("sb sh sw", load64(page), 0x3333_3333_2222_1188)
        misaligned(page)
    }

    /// A misaligned access does what an aligned one does or traps: nothing between the two (2.6).
    private func misaligned(_ page: UInt64) {
        for offset in 0..<UInt64(32) { store8(page + offset, UInt8(offset)) }
        var isRight = true
        for offset in 1..<UInt64(8) {
            switch attempt(op_ld, page + offset) {
            case .value(let got):
                isRight = isRight && got == 0x0706_0504_0302_0100 &+ offset &* 0x0101_0101_0101_0101
            case .trap(let cause, let value, _):
                isRight = isRight && cause == 4 && value == page + offset
            }
            switch attempt(op_sd, page + 64 + offset, Self.pattern) {
            case .value:
                for index in 0..<UInt64(8) {
                    let byte = UInt8(truncatingIfNeeded: Self.pattern >> (8 * index))
                    isRight = isRight && load8(page + 64 + offset + index) == byte
                }
            case .trap(let cause, let value, _):
                isRight = isRight && cause == 6 && value == page + 64 + offset
            }
        }
        check("misaligned accesses", isRight)
        // Without Zama16b an atomic access must be aligned (13.4): a misaligned or access fault.
        switch attempt(op_amoadd_d, page + 1, 1) {
        case .value: check("misaligned atomics", kernel.board.has("zama16b"))
        case .trap(let cause, let value, _):
            check("misaligned atomics", (cause == 6 || cause == 7) && value == page + 1)
        }
    }

    func atomics() {
        guard let page = kernel.pages.allocate() else { return check("atomics", false) }
        defer { kernel.pages.release(page) }
        /// Runs an operation on a cell of eight bytes: what it returns and what it leaves.
        func cell(
            _ name: StaticString, _ operation: Operation, _ before: UInt64, _ operand: UInt64,
            returns: UInt64, leaves: UInt64
        ) {
            store64(page, before)
            let got = operation(page, operand)
            check(name, got == returns && load64(page) == leaves)
        }
        let minus = UInt64.max
        cell("amoswap.d", op_amoswap_d, 1, 2, returns: 1, leaves: 2)
        cell("amoadd.d", op_amoadd_d, minus, 2, returns: minus, leaves: 1)
        cell("amoxor.d", op_amoxor_d, 0xff, 0xf, returns: 0xff, leaves: 0xf0)
        cell("amoand.d", op_amoand_d, 0xff, 0xf, returns: 0xff, leaves: 0xf)
        cell("amoor.d", op_amoor_d, 0xf0, 0xf, returns: 0xf0, leaves: 0xff)
        cell("amomin.d", op_amomin_d, 1, minus, returns: 1, leaves: minus)
        cell("amomax.d", op_amomax_d, 1, minus, returns: 1, leaves: 1)
        cell("amominu.d", op_amominu_d, 1, minus, returns: 1, leaves: 1)
        cell("amomaxu.d", op_amomaxu_d, 1, minus, returns: 1, leaves: minus)
        let high: UInt64 = 0x1234_5678_0000_0000
        cell(
            "amoswap.w", op_amoswap_w, high | 0x8000_0000, 7, returns: 0xffff_ffff_8000_0000,
            leaves: high | 7)
        cell("amoadd.w", op_amoadd_w, high | 0xffff_ffff, 1, returns: minus, leaves: high)
        cell(
            "amomin.w", op_amomin_w, high | 5, 0xffff_ffff, returns: 5, leaves: high | 0xffff_ffff)
        cell(
            "amomaxu.w", op_amomaxu_w, high | 5, 0x8000_0000, returns: 5,
            leaves: high | 0x8000_0000)
        store64(page, 5)
        equal("lr sc, and no second sc", op_lr_sc_sc(page, 9), 0)
        equal("sc stores", load64(page), 9)
        _ = op_lr_d(page, 0)
        _ = op_lr_d(page + 64, 0)
        check("sc needs its own reservation", op_sc_d(page, 1) != 0 && load64(page) == 9)
    }
}
