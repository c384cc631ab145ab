import Bits
import RISCV
import Testing

/// Which register a guest may touch, and whose the refusal is: nobody's below machine mode (illegal), or
/// the hypervisor's (§18.6.1, virtual).
@Suite struct HypervisorAccessTests {
    /// Every number, read and written, with all gates open.
    @Test func everyNumberFromAGuest() {
        let csr = CSRFile.openToGuests()
        for number in 0..<4096 {
            for (mode, writes) in [(Mode.vs, false), (.vs, true), (.vu, false), (.vu, true)] {
                let level = number >> 8 & 3
                let isReadOnly = number >> 10 == 3
                var expected: Fate
                if CSR.name(number) == nil || level == 3 || (writes && isReadOnly) {
                    expected = .illegal
                } else if level == 2 || (level == 1 && mode == .vu) {
                    expected = .virtual
                } else {
                    expected = .allowed
                }
                if number == CSR.seed { expected = writes ? .virtual : .illegal }
                let found = csr.fate(number, mode, writes: writes)
                #expect(found == expected, "\(number) from \(mode), writes: \(writes)")
            }
        }
    }

    /// The registers of the hypervisor from its own side: HS and M reach all of them, U none.
    @Test func everyNumberFromTheHypervisor() {
        let csr = CSRFile.openToGuests()
        for (number, _) in CSR.names where number >> 8 & 3 == 2 {
            let writes = number != CSR.hgeip
            for write in writes ? [false, true] : [false] {
                #expect(csr.fate(number, .hs, writes: write) == .allowed, "\(number)")
                #expect(csr.fate(number, .m, writes: write) == .allowed, "\(number)")
                #expect(csr.fate(number, .u, writes: write) == .illegal, "\(number)")
            }
        }
        #expect(csr.fate(CSR.hgeip, .m, writes: true) == .illegal)
    }

    @Test func counters() {
        for index in 0..<32 {
            eachChoice(of: 3) { open in
                var csr = CSRFile.openToGuests()
                let bit = UInt64(1) << UInt64(index)
                // All others are the opposite, so that a wrong bit shows.
                csr.set(CSR.mcounteren, open[0] ? bit : ~bit)
                csr.set(CSR.hcounteren, open[1] ? bit : ~bit)
                csr.set(CSR.scounteren, open[2] ? bit : ~bit)
                let number = CSR.cycle + index
                let inVS: Fate = !open[0] ? .illegal : open[1] ? .allowed : .virtual
                let inVU: Fate = !open[0] ? .illegal : open[1] && open[2] ? .allowed : .virtual
                #expect(csr.fate(number, .vs) == inVS)
                #expect(csr.fate(number, .vu) == inVU)
                // Outside of guests hcounteren says nothing.
                #expect(csr.fate(number, .hs) == (open[0] ? .allowed : .illegal))
                #expect(csr.fate(number, .u) == (open[0] && open[2] ? .allowed : .illegal))
            }
        }
    }

    /// Sstc: menvcfg.STCE and mcounteren.TM for everyone, the hypervisor's for the guest.
    @Test func timerCompare() {
        eachChoice(of: 4) { open in
            var csr = CSRFile.openToGuests()
            csr.set(CSR.menvcfg, open[0] ? Environment.stce : 0)
            csr.set(CSR.mcounteren, open[1] ? 2 : ~2)
            csr.set(CSR.henvcfg, open[2] ? Environment.stce : 0)
            csr.set(CSR.hcounteren, open[3] ? 2 : ~2)
            let above = open[0] && open[1]
            let guest = open[2] && open[3]
            #expect(
                csr.fate(CSR.stimecmp, .vs) == (!above ? .illegal : guest ? .allowed : .virtual))
            #expect(csr.fate(CSR.stimecmp, .vu) == (above ? .virtual : .illegal))
            #expect(csr.fate(CSR.vstimecmp, .vs) == (above ? .virtual : .illegal))
            for number in [CSR.stimecmp, CSR.vstimecmp] {
                #expect(csr.fate(number, .hs) == (above ? .allowed : .illegal))
                #expect(csr.fate(number, .m) == .allowed)
                #expect(csr.fate(number, .u) == .illegal)
            }
        }
    }

    /// TVM is about HS-mode, VTVM about VS-mode.
    @Test func translationRegisters() {
        eachChoice(of: 2) { set in
            var csr = CSRFile.openToGuests()
            if set[0] { csr.mstatus |= Status.tvm }
            if set[1] { csr.hstatus |= HypervisorStatus.vtvm }
            #expect(csr.fate(CSR.satp, .vs) == (set[1] ? .virtual : .allowed))
            #expect(csr.fate(CSR.satp, .vu) == .virtual)
            #expect(csr.fate(CSR.satp, .hs) == (set[0] ? .illegal : .allowed))
            #expect(csr.fate(CSR.hgatp, .hs) == (set[0] ? .illegal : .allowed))
            #expect(csr.fate(CSR.hgatp, .m) == .allowed)
            for mode in [Mode.vs, .vu] {
                #expect(csr.fate(CSR.hgatp, mode) == .virtual)
                #expect(csr.fate(CSR.vsatp, mode) == .virtual)
            }
            #expect(csr.fate(CSR.vsatp, .hs) == .allowed)
        }
    }

    @Test func stateEnables() {
        for index in 0..<4 {
            for bit in [StateEnable.supervisor, StateEnable.envcfg] {
                let isEnvironment = bit == StateEnable.envcfg
                if isEnvironment && index != 0 { continue }
                let (guest, own) =
                    isEnvironment
                    ? (CSR.senvcfg, CSR.henvcfg) : (CSR.sstateen0 + index, CSR.hstateen0 + index)
                eachChoice(of: 2) { open in
                    var csr = CSRFile.openToGuests()
                    csr.set(CSR.mstateen0 + index, open[0] ? bit : ~bit)
                    csr.set(CSR.hstateen0 + index, open[1] ? bit : ~bit)
                    let inVS: Fate = !open[0] ? .illegal : open[1] ? .allowed : .virtual
                    #expect(csr.fate(guest, .vs) == inVS)
                    #expect(csr.fate(guest, .vu) == (open[0] ? .virtual : .illegal))
                    #expect(csr.fate(own, .vs) == (open[0] ? .virtual : .illegal))
                    #expect(csr.fate(own, .hs) == (open[0] ? .allowed : .illegal))
                    #expect(csr.fate(own, .m) == .allowed)
                }
            }
        }
    }

    /// Either FS off makes floating point illegal, never the hypervisor's (§18.2.13); Zkr: `seed` is the
    /// hypervisor's where the supervisor would have it.
    @Test func floatsAndSeed() {
        eachChoice(of: 2) { on in
            var csr = CSRFile.openToGuests()
            csr.set(CSR.mstatus, on[0] ? Status.fs : 0)
            csr.set(CSR.vsstatus, on[1] ? Status.fs : 0)
            for number in [CSR.fflags, CSR.frm, CSR.fcsr] {
                for mode in [Mode.vs, .vu] {
                    #expect(csr.fate(number, mode) == (on[0] && on[1] ? .allowed : .illegal))
                }
                #expect(csr.fate(number, .hs) == (on[0] ? .allowed : .illegal))
            }
            csr.set(CSR.mseccfg, (on[0] ? Security.sseed : 0) | (on[1] ? Security.useed : 0))
            for mode in [Mode.vs, .vu] {
                #expect(csr.fate(CSR.seed, mode, writes: true) == (on[0] ? .virtual : .illegal))
                #expect(csr.fate(CSR.seed, mode) == .illegal)
            }
        }
    }
}
