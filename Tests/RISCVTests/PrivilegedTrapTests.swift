import Bits
import RISCV
import Testing

/// Traps, their delegation, vectors and status stacks.
@Suite struct PrivilegedTrapTests {
    static let modes: [Privilege] = [.user, .supervisor, .machine]

    static func file() -> CSRFile {
        var csr = CSRFile(isa: fullISA)
        csr.set(CSR.mtvec, 0x8000_0000)
        csr.set(CSR.stvec, 0xffff_ffc0_0000_0000)
        return csr
    }

    /// Every cause from every mode, delegated and not.
    @Test func delegation() {
        for code in UInt64(0)..<64 {
            for isInterrupt in [false, true] {
                for mode in Self.modes {
                    for isDelegated in [false, true] {
                        var csr = Self.file()
                        let bits: UInt64 = isDelegated ? 1 << code : ~(1 << code)
                        csr.set(isInterrupt ? CSR.mideleg : CSR.medeleg, bits)
                        // Only what the mask let through counts.
                        let stored = csr.get(isInterrupt ? CSR.mideleg : CSR.medeleg)
                        let toSupervisor = stored.bit(Int(code)) && mode != .machine
                        var privilege = mode
                        let cause = code | (isInterrupt ? 1 << 63 : 0)
                        let pc = csr.takeTrap(
                            cause: cause, value: 0x55, pc: 0x1234, privilege: &privilege)
                        if toSupervisor {
                            #expect(privilege == .supervisor && pc == 0xffff_ffc0_0000_0000)
                            #expect(csr.scause == cause && csr.stval == 0x55)
                            #expect(csr.sepc == 0x1234 && csr.mcause == 0 && csr.mepc == 0)
                        } else {
                            #expect(privilege == .machine && pc == 0x8000_0000)
                            #expect(csr.mcause == cause && csr.mtval == 0x55)
                            #expect(csr.mepc == 0x1234 && csr.scause == 0 && csr.sepc == 0)
                        }
                    }
                }
            }
        }
    }

    @Test func wildCausesGoToMachineMode() {
        var csr = Self.file()
        csr.set(CSR.medeleg, ~0)
        var privilege = Privilege.user
        _ = csr.takeTrap(cause: 64, value: 0, pc: 0, privilege: &privilege)
        #expect(privilege == .machine)
        privilege = .user
        _ = csr.takeTrap(cause: ~0 >> 1, value: 0, pc: 0, privilege: &privilege)
        #expect(privilege == .machine)
    }

    /// §3.1.7: only interrupts are vectored, four bytes apart.
    @Test func vectors() {
        for mode in UInt64(0)..<2 {
            for code in UInt64(0)..<16 {
                var csr = Self.file()
                csr.set(CSR.mtvec, 0x8000_0100 | mode)
                csr.set(CSR.stvec, 0x9000_0104 | mode)
                let offset = mode * 4 * code
                func target(_ cause: UInt64, from mode: Privilege) -> UInt64 {
                    var privilege = mode
                    return csr.takeTrap(cause: cause, value: 0, pc: 0, privilege: &privilege)
                }
                let interrupt = target(1 << 63 | code, from: .supervisor)
                #expect(interrupt == 0x8000_0100 + offset)
                let exception = target(code, from: .supervisor)
                #expect(exception == 0x8000_0100)
                csr.mideleg = ~0
                csr.medeleg = ~0
                let delegatedInterrupt = target(1 << 63 | code, from: .supervisor)
                #expect(delegatedInterrupt == 0x9000_0104 + offset)
                let delegatedException = target(code, from: .user)
                #expect(delegatedException == 0x9000_0104)
            }
        }
    }

    /// §3.1.6.1: the two-level stack, there and back, from every mode and enable.
    @Test func machineStack() throws {
        for mode in Self.modes {
            for enabled in [false, true] {
                var csr = Self.file()
                csr.mstatus.set(Status.mie, enabled)
                csr.mstatus |= Status.sie
                var privilege = mode
                _ = csr.takeTrap(cause: 2, value: 0, pc: 0x4002, privilege: &privilege)
                #expect(csr.mstatus & Status.mie == 0)
                #expect((csr.mstatus & Status.mpie != 0) == enabled)
                #expect(csr.mstatus.bits(12, 11) == UInt64(mode.rawValue))
                #expect(csr.mstatus & Status.sie != 0)
                csr.mstatus |= Status.mprv
                let pcmret = try csr.mret(privilege: &privilege)
                #expect(pcmret == 0x4002)
                #expect(privilege == mode)
                #expect((csr.mstatus & Status.mie != 0) == enabled)
                #expect(csr.mstatus & Status.mpie != 0)
                #expect(csr.mstatus.bits(12, 11) == 0)
                // MPRV ends where the return leaves machine mode.
                #expect((csr.mstatus & Status.mprv != 0) == (mode == .machine))
            }
        }
    }

    @Test func supervisorStack() throws {
        for mode in [Privilege.user, .supervisor] {
            for enabled in [false, true] {
                var csr = Self.file()
                csr.medeleg = ~0
                csr.mstatus = Status.mie | (enabled ? Status.sie : 0)
                var privilege = mode
                _ = csr.takeTrap(cause: 8, value: 0, pc: 0x4002, privilege: &privilege)
                #expect(csr.mstatus & Status.sie == 0)
                #expect((csr.mstatus & Status.spie != 0) == enabled)
                #expect((csr.mstatus & Status.spp != 0) == (mode == .supervisor))
                #expect(csr.mstatus & Status.mie != 0)
                csr.mstatus |= Status.mprv
                let pcsret = try csr.sret(privilege: &privilege)
                #expect(pcsret == 0x4002)
                #expect(privilege == mode)
                #expect((csr.mstatus & Status.sie != 0) == enabled)
                #expect(csr.mstatus & Status.spie != 0)
                #expect(csr.mstatus & (Status.spp | Status.mprv) == 0)
            }
        }
    }

    @Test func returnAddressesAreAligned() throws {
        for (extensions, low) in [(fullISA, UInt64(0x1002)), (isa(without: .c), 0x1000)] {
            var csr = CSRFile(isa: extensions)
            csr.set(CSR.mepc, 0x1003)
            csr.set(CSR.sepc, 0x1003)
            var privilege = Privilege.machine
            let pcmret = try csr.mret(privilege: &privilege)
            #expect(pcmret == low)
            privilege = .machine
            let pcsret = try csr.sret(privilege: &privilege)
            #expect(pcsret == low)
        }
    }

    /// Which privileged instruction is illegal where: the mode, then TSR, TW, TVM.
    @Test func privilegedInstructions() {
        func refused(
            _ bits: UInt64, _ mode: Privilege,
            _ body: (inout CSRFile, inout Privilege) throws -> Void
        ) -> Bool {
            var csr = Self.file()
            csr.mstatus = bits
            let before = csr
            var privilege = mode
            do {
                try body(&csr, &privilege)
                return false
            } catch {
                return (error as? Trap) == .illegal && csr == before && privilege == mode
            }
        }
        for bits in [0, Status.tsr, Status.tw, Status.tvm] {
            for mode in Self.modes {
                #expect(
                    refused(bits, mode) { _ = try $0.mret(privilege: &$1) } == (mode != .machine))
                let isSupervisor = mode == .supervisor
                #expect(
                    refused(bits, mode) { _ = try $0.sret(privilege: &$1) }
                        == (mode == .user || isSupervisor && bits == Status.tsr))
                #expect(
                    refused(bits, mode) { try $0.permitWaiting($1) }
                        == (mode == .user || isSupervisor && bits == Status.tw))
                #expect(
                    refused(bits, mode) { try $0.permitTranslationFence($1) }
                        == (mode == .user || isSupervisor && bits == Status.tvm))
                #expect(
                    refused(bits, mode) { try $0.permitInvalidationFence($1) } == (mode == .user))
            }
        }
    }

    /// Zicbom and Zicboz: menvcfg for supervisor and user mode, senvcfg for user mode as well.
    @Test func cacheBlocks() {
        func allowed(_ body: () throws -> Void) -> Bool {
            do {
                try body()
                return true
            } catch {
                return false
            }
        }
        for machine in [false, true] {
            for supervisor in [false, true] {
                for mode in Self.modes {
                    var csr = Self.file()
                    csr.menvcfg = machine ? 0xc0 : 0x30
                    csr.senvcfg = supervisor ? 0xc0 : 0x30
                    let expected =
                        mode == .machine || machine && (mode == .supervisor || supervisor)
                    #expect(allowed { try csr.permitCacheClean(mode) } == expected)
                    #expect(allowed { try csr.permitCacheZero(mode) } == expected)
                }
            }
        }
        // CBIE: 0 illegal, 1 flush, 3 invalidate; nil stands for illegal.
        let values: [UInt64] = [0, 1, 3]
        for machine in values {
            for supervisor in values {
                var csr = Self.file()
                csr.menvcfg = machine << 4
                csr.senvcfg = supervisor << 4
                func flushes(_ mode: Privilege) -> Bool? { try? csr.cacheInvalidationFlushes(mode) }
                #expect(flushes(.machine) == false)
                #expect(flushes(.supervisor) == (machine == 0 ? nil : machine == 1))
                let user: Bool? =
                    machine == 0 || supervisor == 0 ? nil : machine == 1 || supervisor == 1
                #expect(flushes(.user) == user)
            }
        }
    }
}
