import CSkiff
import SkiffABI

private let ones = UInt64.max
private let sample: UInt64 = 0x0102_0304_8506_0780

extension Selftest {
    /// Instructions that the device tree claims.
    func extensions() {
        let board = kernel.board
        if board.has("zba") { addresses() } else { skip("Zba") }
        if board.has("zbb") { bits() } else { skip("Zbb") }
        if board.has("zbc") {
            table("clmul", op_clmul, [(3, 3, 5), (ones, 2, ones - 1), (1 << 63, 2, 0)])
            table("clmulh", op_clmulh, [(1 << 63, 2, 1), (ones, ones, 0x5555_5555_5555_5555)])
            table("clmulr", op_clmulr, [(1 << 63, 1, 1), (1 << 63, 2, 2)])
        } else {
            skip("Zbc")
        }
        if board.has("zbs") {
            table("bset", op_bset, [(0, 63, 1 << 63), (0, 64, 1)])
            table("bclr", op_bclr, [(ones, 0, ones - 1)])
            table("binv", op_binv, [(1, 0, 0), (0, 5, 32)])
            table("bext", op_bext, [(1 << 63, 63, 1), (1 << 63, 62, 0)])
        } else {
            skip("Zbs")
        }
        if board.has("zicond") {
            table("czero.eqz", op_czero_eqz, [(7, 0, 0), (7, 1, 7)])
            table("czero.nez", op_czero_nez, [(7, 0, 7), (7, 1, 0)])
        } else {
            skip("Zicond")
        }
        if board.has("zimop") {
            table("mop.r.0", op_mop_r_0, [(7, 0, 0)])
        } else {
            skip("Zimop")
        }
        inMemory()
    }

    private func addresses() {
        table("sh1add", op_sh1add, [(3, 1, 7), (1 << 63, 1, 1)])
        table("sh3add", op_sh3add, [(3, 1, 25)])
        table("add.uw", op_add_uw, [(ones, 1, 1 << 32)])
    }

    private func bits() {
        table("andn", op_andn, [(0xff, 0x0f, 0xf0)])
        table("orn", op_orn, [(1, ones - 1, 1), (0, 0, ones)])
        table("xnor", op_xnor, [(5, 5, ones)])
        table("clz", op_clz, [(0, 0, 64), (1, 0, 63), (ones, 0, 0)])
        table("ctz", op_ctz, [(0, 0, 64), (1 << 63, 0, 63)])
        table("cpop", op_cpop, [(ones, 0, 64), (sample, 0, 14)])
        table("clzw", op_clzw, [(0, 0, 32), (1 << 32, 0, 32), (0x8000_0000, 0, 0)])
        table("cpopw", op_cpopw, [(ones, 0, 32), (1 << 32, 0, 0)])
        table("max", op_max, [(ones, 1, 1)])
        table("maxu", op_maxu, [(ones, 1, ones)])
        table("min", op_min, [(ones, 1, ones)])
        table("minu", op_minu, [(ones, 1, 1)])
        table("sext.b", op_sext_b, [(0x180, 0, 0xffff_ffff_ffff_ff80)])
        table("sext.h", op_sext_h, [(0x1_8000, 0, 0xffff_ffff_ffff_8000)])
        table("zext.h", op_zext_h, [(ones, 0, 0xffff)])
        table("rol", op_rol, [(1 << 63, 1, 1), (1, 64, 1)])
        table("ror", op_ror, [(1, 1, 1 << 63), (1, 65, 1 << 63)])
        table("rolw", op_rolw, [(0x8000_0000, 1, 1), (0x4000_0000, 1, 0xffff_ffff_8000_0000)])
        table("rorw", op_rorw, [(1, 1, 0xffff_ffff_8000_0000)])
        table("orc.b", op_orc_b, [(sample, 0, ones), (0x0100_0080, 0, 0xff00_00ff)])
        table("rev8", op_rev8, [(sample, 0, 0x8007_0685_0403_0201)])
    }

    private func inMemory() {
        guard let page = kernel.pages.allocate() else { return check("memory", false) }
        defer { kernel.pages.release(page) }
        if kernel.board.has("zacas") {
            store64(page, 5)
            let first = op_amocas(page, 9)
            let second = op_amocas(page, 11)
            check("amocas.d", first == 5 && second == 9 && load64(page) == 9)
        } else {
            skip("Zacas")
        }
        if kernel.board.has("zicboz") {
            for offset in stride(from: UInt64(0), to: pageSize, by: 8) {
                store64(page + offset, ones)
            }
            switch attempt(op_cbo_zero, page + 0x808) {
            case .value:
                var cleared: UInt64 = 0
                for offset in stride(from: UInt64(0), to: pageSize, by: 8) {
                    if load64(page + offset) == 0 { cleared += 8 }
                }
                let isBlock = cleared >= 8 && cleared & (cleared - 1) == 0
                check("cbo.zero", isBlock && load64(page + 0x808) == 0 && load64(page) == ones)
            case .trap(let cause, _, _):
                check("cbo.zero", cause == 2 && csr_read_senvcfg() & 0x80 == 0)
            }
        } else {
            skip("Zicboz")
        }
    }
}
