import Bits
import RISCV
import Testing

@Suite struct PrivilegedInterruptTests {
    static let order: [UInt64] = [11, 3, 7, 9, 1, 5, 13]

    /// §3.1.9: of all that are pending, the one that stands first in the order; machine mode's first,
    /// whatever its place.
    @Test func priorities() {
        for subset in UInt64(1)..<128 {
            for delegated in [UInt64(0), 0x2222, 0x0202, 0x2020] {
                var csr = CSRFile(isa: fullISA)
                csr.set(CSR.mideleg, delegated)
                csr.set(CSR.mie, ~0)
                let pending = Self.order.enumerated().filter { subset.bit($0.offset) }
                    .map { $0.element }
                for code in pending { csr.lines |= 1 << code }
                let toMachine = pending.filter { !delegated.bit(Int($0)) }
                let toSupervisor = pending.filter { delegated.bit(Int($0)) }
                let flag: UInt64 = 1 << 63
                let expected = (toMachine.first ?? toSupervisor.first).map { flag | $0 }
                #expect(csr.pendingInterrupt(privilege: .user) == expected)
                // Both enables off: supervisor mode hears machine mode's, machine mode none.
                #expect(
                    csr.pendingInterrupt(privilege: .supervisor)
                        == toMachine.first.map { flag | $0 })
                #expect(csr.pendingInterrupt(privilege: .machine) == nil)
                csr.mstatus = Status.sie
                #expect(csr.pendingInterrupt(privilege: .supervisor) == expected)
                #expect(csr.pendingInterrupt(privilege: .machine) == nil)
                // In machine mode a delegated one waits even with MIE set.
                csr.mstatus = Status.mie
                #expect(
                    csr.pendingInterrupt(privilege: .machine) == toMachine.first.map { flag | $0 })
            }
        }
    }

    @Test func enablesMaskEachInterrupt() {
        for code in Self.order {
            var csr = CSRFile(isa: fullISA)
            csr.lines = ~0
            csr.set(CSR.mie, 1 << code)
            #expect(csr.pendingInterrupt(privilege: .user) == 1 << 63 | code)
            #expect(csr.wakes)
            csr.set(CSR.mie, 0)
            #expect(csr.pendingInterrupt(privilege: .user) == nil)
            #expect(!csr.wakes)
        }
    }

    /// A hart wakes for what is enabled in `mie`, although the global enables are off.
    @Test func wakesWithoutDelivery() {
        var csr = CSRFile(isa: fullISA)
        csr.set(CSR.mie, Interrupts.machineTimer)
        csr.setLine(Interrupts.machineTimer, true)
        #expect(csr.pendingInterrupt(privilege: .machine) == nil)
        #expect(csr.wakes)
    }

    @Test func softwareLineIsAnEdge() {
        var csr = CSRFile(isa: fullISA)
        csr.setLine(Interrupts.supervisorSoftware, true)
        csr.setLine(Interrupts.supervisorSoftware, false)
        #expect(csr.get(CSR.mip) == Interrupts.supervisorSoftware)
        csr.set(CSR.mideleg, ~0)
        csr.set(CSR.sip, 0)
        #expect(csr.get(CSR.mip) == 0)
        csr.setLine(Interrupts.machineSoftware, true)
        #expect(csr.get(CSR.mip) == Interrupts.machineSoftware)
        csr.setLine(Interrupts.machineSoftware, false)
        #expect(csr.get(CSR.mip) == 0)
    }

    /// Sstc: STIP is time >= stimecmp, unsigned, and read-only while STCE is set.
    @Test func supervisorTimer() {
        var csr = CSRFile(isa: fullISA)
        let stip = Interrupts.supervisorTimer
        csr.set(CSR.mip, stip)
        #expect(csr.get(CSR.mip) == stip)
        csr.set(CSR.menvcfg, Environment.stce)
        #expect(csr.get(CSR.mip) == 0)
        csr.set(CSR.mip, stip)
        #expect(csr.get(CSR.mip) == 0)
        csr.set(CSR.stimecmp, 1 << 63)
        for (time, isDue) in [
            (UInt64(0), false), ((1 << 63) - 1, false), (1 << 63, true), (~0, true),
        ] {
            #expect((csr.value(CSR.mip, CSRContext(time: time)) == stip) == isDue)
            csr.updateTimer(time: time)
            #expect((csr.pending == stip) == isDue)
        }
        csr.set(CSR.mideleg, ~0)
        #expect(csr.value(CSR.sip, CSRContext(time: ~0)) == stip)
        csr.set(CSR.menvcfg, 0)
        csr.updateTimer(time: ~0)
        #expect(csr.get(CSR.mip) == 0)
    }
}
