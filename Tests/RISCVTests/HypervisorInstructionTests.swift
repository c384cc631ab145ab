import Bits
import RISCV
import Testing

/// Privileged instructions in all five modes, against the bits that take them away.
@Suite struct HypervisorInstructionTests {
    /// Calls `body` with every choice of these bits of `mstatus` and `hstatus`.
    private func each(
        _ bits: [(inout CSRFile) -> Void], _ body: (CSRFile, [Bool], Mode) -> Void
    ) {
        eachChoice(of: bits.count) { set in
            var csr = CSRFile.openToGuests()
            for (bit, isSet) in zip(bits, set) where isSet { bit(&csr) }
            for mode in Mode.all { body(csr, set, mode) }
        }
    }

    @Test func returns() {
        each([{ $0.mstatus |= Status.tsr }, { $0.hstatus |= HypervisorStatus.vtsr }]) {
            csr, set, mode in
            let sret = csr.fate(mode) { csr, privilege throws(Trap) in
                _ = try csr.sret(privilege: &privilege)
            }
            let expected: Fate =
                switch mode {
                case .m: .allowed
                case .hs: set[0] ? .illegal : .allowed
                case .vs: set[1] ? .virtual : .allowed
                case .vu: .virtual
                default: .illegal
                }
            #expect(sret == expected, "\(mode) \(set)")
            let mret = csr.fate(mode) { csr, privilege throws(Trap) in
                _ = try csr.mret(privilege: &privilege)
            }
            #expect(mret == (mode == .m ? .allowed : .illegal), "\(mode)")
        }
    }

    @Test func waiting() {
        each([{ $0.mstatus |= Status.tw }, { $0.hstatus |= HypervisorStatus.vtw }]) {
            csr, set, mode in
            let found = csr.fate(mode) { csr, privilege throws(Trap) in
                try csr.permitWaiting(privilege)
            }
            let expected: Fate =
                switch mode {
                case .m: .allowed
                case .hs: set[0] ? .illegal : .allowed
                case .vs: set[0] ? .illegal : set[1] ? .virtual : .allowed
                case .vu: set[0] ? .illegal : .virtual
                default: .illegal
                }
            #expect(found == expected, "\(mode) \(set)")
        }
    }

    @Test func fences() {
        each([{ $0.mstatus |= Status.tvm }, { $0.hstatus |= HypervisorStatus.vtvm }]) {
            csr, set, mode in
            func fate(_ body: (CSRFile, Privilege) throws(Trap) -> Void) -> Fate {
                csr.fate(mode) { csr, privilege throws(Trap) in try body(csr, privilege) }
            }
            let own: Fate = mode.isVirtual ? .virtual : mode == .u ? .illegal : .allowed
            // sfence.vma, sinval.vma
            let translation: Fate =
                switch mode {
                case .hs: set[0] ? .illegal : .allowed
                case .vs: set[1] ? .virtual : .allowed
                default: own
                }
            #expect(
                fate { csr, mode throws(Trap) in try csr.permitTranslationFence(mode) }
                    == translation)
            // sfence.w.inval, sfence.inval.ir
            #expect(
                fate { csr, mode throws(Trap) in try csr.permitInvalidationFence(mode) }
                    == (mode == .vs ? .allowed : own))
            // hfence.vvma, hinval.vvma
            #expect(
                fate { csr, mode throws(Trap) in try csr.permitGuestFence(mode) } == own)
            // hfence.gvma, hinval.gvma
            #expect(
                fate { csr, mode throws(Trap) in try csr.permitGuestPhysicalFence(mode) }
                    == (mode == .hs && set[0] ? .illegal : own))
        }
    }

    /// `hlv`, `hlvx`, `hsv`: U-mode's with HU.
    @Test func accessesOfGuestMemory() {
        for isOpen in [false, true] {
            var csr = CSRFile.openToGuests()
            csr.hstatus.set(HypervisorStatus.hu, isOpen)
            for mode in Mode.all {
                let found = csr.fate(mode) { csr, privilege throws(Trap) in
                    try csr.permitGuestAccess(privilege)
                }
                let expected: Fate =
                    mode.isVirtual ? .virtual : mode == .u && !isOpen ? .illegal : .allowed
                #expect(found == expected, "\(mode)")
            }
        }
    }

    /// CMO specification, §2.5.3: illegal by menvcfg, and by senvcfg in U-mode; the rest is virtual.
    @Test func cacheBlocks() {
        for bits in [Environment.cbcfe, Environment.cbze, Environment.cbie] {
            eachChoice(of: 3) { on in
                var csr = CSRFile.openToGuests()
                // The others are the opposite.
                csr.menvcfg = on[0] ? bits : 0xf0 & ~bits
                csr.henvcfg = on[1] ? bits : 0xf0 & ~bits
                csr.senvcfg = on[2] ? bits : 0xf0 & ~bits
                for mode in Mode.all {
                    let found = csr.fate(mode) { csr, privilege throws(Trap) in
                        switch bits {
                        case Environment.cbie:
                            _ = try csr.cacheInvalidationFlushes(privilege)
                        case Environment.cbze: try csr.permitCacheZero(privilege)
                        default: try csr.permitCacheClean(privilege)
                        }
                    }
                    let expected: Fate =
                        switch mode {
                        case .m: .allowed
                        case .hs: on[0] ? .allowed : .illegal
                        case .u: on[0] && on[2] ? .allowed : .illegal
                        case .vs: !on[0] ? .illegal : on[1] ? .allowed : .virtual
                        default: !on[0] ? .illegal : on[1] && on[2] ? .allowed : .virtual
                        }
                    #expect(found == expected, "\(mode) \(on)")
                }
            }
        }
    }
}
