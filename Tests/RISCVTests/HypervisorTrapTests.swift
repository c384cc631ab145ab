import Bits
import RISCV
import Testing

/// Traps from all five modes, to wherever they are delegated, and back.
@Suite struct HypervisorTrapTests {
    private static let guest: UInt64 = 0x4000_0000
    private static let hypervisor: UInt64 = 0xffff_ffc0_0000_0000
    private static let machine: UInt64 = 0x8000_0000
    private static let details = TrapDetails(
        value2: 0x2000_0c1, instruction: 0x3000, isGuestAddress: true)

    private func file() -> CSRFile {
        var csr = CSRFile(isa: hypervisorISA)
        csr.set(CSR.mtvec, Self.machine | 1)
        csr.set(CSR.stvec, Self.hypervisor | 1)
        csr.set(CSR.vstvec, Self.guest | 1)
        return csr
    }

    /// Where a trap has to go, from the text of §3.1.8 and §18.2.2 alone.
    private func target(_ code: UInt64, isInterrupt: Bool, _ mode: Mode, _ level: Int) -> Mode {
        let exceptions: Set<UInt64> = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 20, 21, 22, 23]
        let belowHS = exceptions.subtracting([9, 10, 20, 21, 22, 23])
        let toHS: Bool
        let toVS: Bool
        if isInterrupt {
            toHS = [2, 6, 10].contains(code) || (level > 0 && [1, 5, 9, 13].contains(code))
            toVS = level > 1 && [2, 6, 10].contains(code)
        } else {
            toHS = level > 0 && exceptions.contains(code)
            toVS = level > 1 && belowHS.contains(code)
        }
        if mode == .m || !toHS { return .m }
        return toVS && mode.isVirtual ? .vs : .hs
    }

    /// Every cause × mode × delegation: nothing, to HS-mode, on to VS-mode.
    @Test(arguments: 0..<3) func delegation(_ level: Int) throws {
        for code in UInt64(0)..<64 {
            for isInterrupt in [false, true] {
                for mode in Mode.all {
                    var csr = file()
                    if level > 0 {
                        csr.set(CSR.medeleg, ~0)
                        csr.set(CSR.mideleg, ~0)
                    }
                    if level > 1 {
                        csr.set(CSR.hedeleg, ~0)
                        csr.set(CSR.hideleg, ~0)
                    }
                    check(
                        &csr, code, isInterrupt, mode,
                        target(
                            code, isInterrupt: isInterrupt, mode, level))
                }
            }
        }
    }

    private func check(
        _ csr: inout CSRFile, _ code: UInt64, _ isInterrupt: Bool, _ mode: Mode, _ target: Mode
    ) {
        let flag: UInt64 = isInterrupt ? 1 << 63 : 0
        csr.isVirtual = mode.isVirtual
        csr.mstatus |= Status.mie | Status.sie
        csr.vsstatus |= Status.sie
        csr.hstatus |= HypervisorStatus.spvp
        var expected = csr
        expected.isVirtual = target.isVirtual
        let isSupervisor = mode.privilege == .supervisor
        let pc: UInt64 = 0x1_2346
        switch target {
        case .vs:
            let code = isInterrupt ? code - 1 : code
            (expected.vscause, expected.vstval, expected.vsepc) = (flag | code, 0x55, pc)
            expected.vsstatus = Status.spie | (isSupervisor ? Status.spp : 0)
        case .hs:
            (expected.scause, expected.stval, expected.sepc) = (flag | code, 0x55, pc)
            expected.mstatus = Status.mie | Status.spie | (isSupervisor ? Status.spp : 0)
            expected.htval = Self.details.value2
            expected.htinst = Self.details.instruction
            // SPVP is left alone where the trap comes from no guest (§18.2.1).
            let previous = mode.isVirtual && !isSupervisor ? 0 : HypervisorStatus.spvp
            expected.hstatus =
                HypervisorStatus.gva | previous | (mode.isVirtual ? HypervisorStatus.spv : 0)
        default:
            (expected.mcause, expected.mtval, expected.mepc) = (flag | code, 0x55, pc)
            expected.mtval2 = Self.details.value2
            expected.mtinst = Self.details.instruction
            expected.mstatus =
                Status.sie | Status.mpie | UInt64(mode.privilege.rawValue) << 11 | Status.gva
                | (mode.isVirtual ? Status.mpv : 0)
        }
        var privilege = mode.privilege
        let start = csr.takeTrap(
            cause: flag | code, value: 0x55, details: Self.details, pc: pc, privilege: &privilege)
        #expect(privilege == target.privilege, "\(code) from \(mode)")
        #expect(csr == expected, "\(code) from \(mode) to \(target)")
        let base = target == .vs ? Self.guest : target == .hs ? Self.hypervisor : Self.machine
        let vector = isInterrupt ? (target == .vs ? code - 1 : code) * 4 : 0
        #expect(start == base + vector, "\(code) from \(mode)")
    }

    /// Every mode's trap to HS-mode or machine mode leads back there.
    @Test func returns() throws {
        for mode in Mode.all {
            for toMachine in [false, true] where toMachine || mode != .m {
                var csr = file()
                csr.set(CSR.medeleg, toMachine ? 0 : ~0)
                csr.isVirtual = mode.isVirtual
                var privilege = mode.privilege
                _ = csr.takeTrap(cause: 2, value: 0, pc: 0x4002, privilege: &privilege)
                #expect(!csr.isVirtual)
                let pc =
                    toMachine
                    ? try csr.mret(privilege: &privilege) : try csr.sret(privilege: &privilege)
                #expect(pc == 0x4002)
                #expect(Mode(privilege: privilege, isVirtual: csr.isVirtual) == mode)
                #expect(csr.hstatus & HypervisorStatus.spv == 0)
                #expect(csr.mstatus & (Status.mpv | Status.mpp | Status.spp) == 0)
            }
        }
    }

    /// MPV counts for nothing where MPP is machine mode; a return to less than that ends MPRV.
    @Test func machineReturn() throws {
        for field in [UInt64(0), 1, 3] {
            for virtual in [false, true] {
                var csr = file()
                csr.mstatus = field << 11 | (virtual ? Status.mpv : 0) | Status.mprv
                var privilege = Privilege.machine
                _ = try csr.mret(privilege: &privilege)
                #expect(UInt64(privilege.rawValue) == field)
                #expect(csr.isVirtual == (virtual && field != 3))
                #expect((csr.mstatus & Status.mprv != 0) == (field == 3))
                #expect(csr.mstatus & Status.mpv == 0)
            }
        }
    }

    /// `sret` of VS-mode stays in the guest, and knows its own stack only.
    @Test func guestReturn() throws {
        for supervisor in [false, true] {
            var csr = file()
            csr.isVirtual = true
            csr.vsepc = 0x4002
            csr.sepc = 0x8002
            csr.vsstatus = Status.spie | (supervisor ? Status.spp : 0)
            csr.mstatus = Status.spp
            csr.hstatus = HypervisorStatus.spvp
            var expected = csr
            expected.vsstatus = Status.sie | Status.spie
            var privilege = Privilege.supervisor
            let pc = try csr.sret(privilege: &privilege)
            #expect(pc == 0x4002 && privilege == (supervisor ? .supervisor : .user))
            #expect(csr == expected)
        }
    }

    /// Machine mode's `sret` goes by SPV too.
    @Test func supervisorReturnOfMachineMode() throws {
        for virtual in [false, true] {
            var csr = file()
            csr.mstatus = Status.spp
            csr.hstatus = virtual ? HypervisorStatus.spv : 0
            var privilege = Privilege.machine
            _ = try csr.sret(privilege: &privilege)
            #expect(privilege == .supervisor && csr.isVirtual == virtual && csr.hstatus == 0)
        }
    }

    @Test func floatStateOfBothWorlds() {
        eachChoice(of: 2) { on in
            var csr = file()
            csr.mstatus = on[0] ? 1 << 13 : 0
            csr.vsstatus = on[1] ? 2 << 13 : 0
            #expect(csr.isFloatOff == !on[0])
            csr.isVirtual = true
            #expect(csr.isFloatOff == !(on[0] && on[1]))
            csr.markFloatDirty()
            #expect(csr.mstatus & Status.fs == Status.fs && csr.vsstatus & Status.fs == Status.fs)
        }
        var csr = file()
        csr.vsstatus = 1 << 13
        csr.markFloatDirty()
        #expect(csr.vsstatus == 1 << 13)
    }
}
