import Bits
import RISCV
import Testing

/// Interrupts of a guest, its hypervisor and the machine, and the guest's timer.
@Suite struct HypervisorInterruptTests {
    private static let order: [UInt64] = [11, 3, 7, 9, 1, 5, 10, 2, 6, 13]

    private func file(_ pending: UInt64) -> CSRFile {
        var csr = CSRFile(isa: hypervisorISA)
        csr.set(CSR.mie, ~0)
        csr.lines = pending & ~0x444
        csr.set(CSR.hvip, pending)
        return csr
    }

    /// Every set of pending ones against delegations, modes and enables.
    @Test func priorities() {
        let delegations: [(UInt64, UInt64)] = [
            (0, 0), (0x2222, 0), (0x2222, 0x444), (0x0202, 0x404), (0x2020, 0x040),
        ]
        for subset in UInt64(0)..<1024 {
            let pending = Self.order.enumerated().filter { subset.bit($0.offset) }.map(\.element)
            for (mideleg, hideleg) in delegations {
                var csr = file(pending.reduce(0) { $0 | 1 << $1 })
                csr.set(CSR.mideleg, mideleg)
                csr.set(CSR.hideleg, hideleg)
                for mode in Mode.all {
                    for enabled in UInt64(0)..<8 {
                        csr.isVirtual = mode.isVirtual
                        csr.mstatus = (enabled & 1) << 3 | enabled & 2
                        csr.vsstatus = enabled >> 1 & 2
                        let expected = expected(
                            pending, mideleg | 0x444, hideleg, mode, enabled)
                        #expect(
                            csr.pendingInterrupt(privilege: mode.privilege) == expected,
                            "\(pending) \(mode) \(enabled)")
                    }
                }
            }
        }
    }

    /// `enabled`: MIE, SIE and the guest's SIE.
    private func expected(
        _ pending: [UInt64], _ mideleg: UInt64, _ hideleg: UInt64, _ mode: Mode, _ enabled: UInt64
    ) -> UInt64? {
        let rank: [(Mode, [UInt64])] = [
            (.m, pending.filter { !mideleg.bit(Int($0)) }),
            (.hs, pending.filter { mideleg.bit(Int($0)) && !hideleg.bit(Int($0)) }),
            (.vs, pending.filter { hideleg.bit(Int($0)) }),
        ]
        for (target, list) in rank {
            let listens: Bool
            switch target {
            case .m: listens = mode != .m || enabled & 1 != 0
            case .hs: listens = mode.isVirtual || mode == .u || mode == .hs && enabled & 2 != 0
            default: listens = mode == .vu || mode == .vs && enabled & 4 != 0
            }
            if listens, let first = list.first { return 1 << 63 | first }
        }
        return nil
    }

    /// A guest's interrupt ends `wfi` wherever it is enabled, and whoever's it is.
    @Test func wakes() {
        for hideleg in [UInt64(0), 0x444] {
            var csr = file(0x40)
            csr.set(CSR.hideleg, hideleg)
            #expect(csr.wakes)
            csr.set(CSR.hie, 0x404)
            #expect(!csr.wakes)
        }
    }

    /// Sstc: VSTIP is hvip's bit, or time + htimedelta >= vstimecmp without a sign, in 64 bits.
    @Test func guestTimer() {
        let cases: [(time: UInt64, delta: UInt64, compare: UInt64, isDue: Bool)] = [
            (99, 0, 100, false), (100, 0, 100, true), (49, 50, 100, false), (50, 50, 100, true),
            (150, 0 &- 50, 100, true), (149, 0 &- 50, 100, false), (0, 1 << 63, 1 << 63, true),
            (10, ~0, 10, false), (11, ~0, 10, true), (0, ~0, ~0, true), (5, ~0 - 5, ~0, true),
            (4, ~0 - 5, ~0, false), (0, 0, 0, true),
        ]
        for (time, delta, compare, isDue) in cases {
            var csr = CSRFile(isa: hypervisorISA)
            csr.set(CSR.menvcfg, Environment.stce)
            csr.set(CSR.henvcfg, Environment.stce)
            csr.set(CSR.htimedelta, delta)
            csr.set(CSR.vstimecmp, compare)
            csr.set(CSR.hideleg, 0x444)
            let context = CSRContext(time: time)
            let bit: UInt64 = isDue ? 0x40 : 0
            #expect(csr.value(CSR.hip, context) == bit, "\(time) \(delta) \(compare)")
            #expect(csr.value(CSR.mip, context) == bit)
            #expect(csr.value(CSR.vsip, context) == bit >> 1)
            #expect(csr.isTimerDue(at: time) == isDue)
            csr.updateTimer(time: time)
            #expect(csr.pending == bit && csr.get(CSR.hvip) == 0)
            // Without the hypervisor's STCE only hvip counts.
            csr.set(CSR.henvcfg, 0)
            csr.updateTimer(time: time)
            #expect(csr.value(CSR.hip, context) == 0)
            csr.set(CSR.hvip, 0x40)
            #expect(csr.value(CSR.hip, context) == 0x40)
            csr.isVirtual = true
            #expect(csr.value(CSR.time, context) == time &+ delta)
        }
    }

    /// A timer that is due already hides no other one: a guest's may stay so for as long as the
    /// hypervisor likes.
    @Test func deadlines() {
        var csr = CSRFile(isa: hypervisorISA)
        csr.set(CSR.stimecmp, 1000)
        csr.set(CSR.vstimecmp, 300)
        #expect(csr.timerDeadline(after: 0) == nil)
        csr.set(CSR.menvcfg, Environment.stce)
        #expect(csr.timerDeadline(after: 0) == 1000)
        csr.set(CSR.henvcfg, Environment.stce)
        csr.set(CSR.htimedelta, 100)
        for (now, next) in [
            (UInt64(0), UInt64?(200)), (199, 200), (200, 1000), (999, 1000), (1000, nil),
        ] { #expect(csr.timerDeadline(after: now) == next) }
        csr.set(CSR.stimecmp, 50)
        #expect(csr.timerDeadline(after: 60) == 200)
        csr.set(CSR.htimedelta, 0 &- 100)
        #expect(csr.timerDeadline(after: 60) == 400)
    }
}
