import CSkiff

extension Selftest {
    /// Exceptions out of the kernel itself: cause, value and pc (privileged specification 10.1.7–9).
    func traps() {
        illegal("illegal instruction", probe_zero)
        illegal("illegal 32 bits", probe_unimp)
        illegal("no such register", probe_no_csr)
        illegal("machine register from below", probe_mstatus)
        illegal("mret from below", probe_mret)
        illegal("write to a read-only register", probe_write_time)
        if case .value = attempt(probe_set_nothing) {
            check("csrrs with x0 does not write", true)
            works(
                "csrrci with 0 does not write", 0,
                { a, b in probe_clear_nothing_immediate(a, b) & 0 })
        } else {
            skip("time")
        }
        switch attempt(probe_ebreak) {
        case .value: check("ebreak", false)
        case .trap(let cause, let value, let pc):
            check("ebreak", cause == 3 && (value == 0 || value == pc) && load32(pc) == 0x10_0073)
        }
        let missing = PagingWindow.base
        switch attempt(op_ld, missing) {
        case .value: check("sepc is the trapping instruction's", false)
        case .trap(_, _, let pc):
            // ld is an I-type load of width 3 (0x3003).
            check("sepc is the trapping instruction's", load32(pc) & 0x707f == 0x3003)
        }
        let before = csr_read_sstatus()
        traps("load page fault", cause: 13, value: missing + 8, op_ld, missing + 8)
        equal("sstatus after a trap", csr_read_sstatus() & ~Status.spp, before & ~Status.spp)
    }

    /// Supervisor registers keep what their fields can hold (WARL) and nothing else.
    func registers() {
        csr_write_sscratch(0x1234_5678_9abc_def1)
        let scratch = csr_read_sscratch()
        csr_set_sscratch(0xf00)
        let set = csr_read_sscratch()
        csr_clear_sscratch(0xff)
        let cleared = csr_read_sscratch()
        csr_write_sscratch(0)
        equal("sscratch", scratch, 0x1234_5678_9abc_def1)
        equal("csrrs", set, 0x1234_5678_9abc_dff1)
        equal("csrrc", cleared, 0x1234_5678_9abc_df00)
        csr_write_sepc(~0)
        equal("sepc is even", csr_read_sepc(), ~1)
        csr_write_scause(1 << 63 | 5)
        equal("scause", csr_read_scause(), 1 << 63 | 5)
        csr_write_stval(~0)
        equal("stval", csr_read_stval(), ~0)
        let vector = csr_read_stvec()
        csr_write_stvec(vector | 1)
        let vectored = csr_read_stvec()
        csr_write_stvec(vector | 2)
        let reserved = csr_read_stvec() & 3
        csr_write_stvec(vector)
        check("stvec modes", (vectored == vector || vectored == vector | 1) && reserved < 2)
        equal("sstatus.UXL is 64 bits", (csr_read_sstatus() >> 32) & 3, 2)
        csr_write_scounteren(0)
        let none = csr_read_scounteren()
        csr_write_scounteren(7)
        check("scounteren", none == 0 && csr_read_scounteren() & ~7 == 0)
        let sip = csr_read_sip()
        csr_set_sip(~0)
        let written = csr_read_sip()
        csr_write_sip(0)
        equal("only sip.SSIP is written", written & Interrupt.all, sip & Interrupt.all | 2)
        let time = read_time()
        check("time goes on", read_time() >= time)
        if case .value(let first) = attempt(probe_cycle),
            case .value(let second) = attempt(probe_cycle)
        {
            check("cycle goes on", second > first)
        } else {
            skip("cycle")
        }
        if case .value(let first) = attempt(probe_instret),
            case .value(let second) = attempt(probe_instret)
        {
            check("instret goes on", second > first)
        } else {
            skip("instret")
        }
    }
}
