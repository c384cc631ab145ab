import Bits
import EngineKit
import GuestMemory
import Hart
import RISCV
import StreamKit
import TestKit
import Testing

/// What streams have found, each as small as it could be made.
@Suite struct FoundTests {
    /// Runs a program of machine mode on both engines with these budgets; what differs.
    private func difference(
        _ source: String, budgets: [UInt64] = [1000], _ prepare: (inout Entry) -> Void = { _ in }
    ) throws -> Difference? {
        let bytes = try Toolchain.link(
            ".globl _start\n_start:\n" + source + "\nend: j end\n",
            flags: ["-march=rv64gc_zba_zbb_zbs_zfh", "-mabi=lp64d", "-mno-relax"],
            linkerFlags: ["-Ttext=0x80000000", "--oformat=binary"])
        var entry = Entry(pc: Place.ram, csr: CSRFile(isa: .standard))
        prepare(&entry)
        let stream = Stream(
            seed: 0, isa: .standard, memory: [Place.ram: bytes],
            steps: [.enter(entry)] + budgets.map { .run($0) })
        let duel = try Duel(
            stream, ({ Interpreter(memory: $0) }, { EngineChoice.translator.make($0) }))
        return duel.run(stream, comparesMemoryOften: true)
    }

    /// A write of a5 that is written again was dropped, though the unit may be left between the two:
    /// what `fneg.s` reads is no boxed number.
    @Test func aUnitIsLeftBetweenTwoWrites() throws {
        let found = try difference(
            """
            fadd.s fa0, fa1, fa2
            lui a5, 0xffffb
            fneg.s fs10, fs2
            slli a5, a5, 41
            """
        ) {
            $0.f[11] = 0xffff_ffff_3f80_0000
            $0.f[12] = $0.f[11]
            $0.f[18] = 0x3fe0_0000_0000_0000
        }
        #expect(found == nil)
    }

    /// A misaligned atomic access traps before its page is marked.
    @Test func misalignedAtomicsMarkNothing() throws {
        for operation in ["amoadd.w t1, a5, (s6)", "lr.w t1, (s6)", "sc.w t1, a5, (s6)"] {
            let found = try difference(
                """
                la t0, handler
                csrw mtvec, t0
                // A table at 0x80202000 whose gigapage 2 is RAM, A and D clear.
                li t0, 0x80202000
                li t1, (0x80000000 >> 2) | 0xf
                sd t1, 16(t0)
                li t1, (8 << 60) | (0x80202000 >> 12)
                csrw satp, t1
                li t0, 0x20800
                csrs mstatus, t0
                li s6, 0x80200fed
                \(operation)
                handler: li a0, 2
                """)
            #expect(found == nil, "\(operation)")
        }
    }

    /// An interrupt that becomes possible with the last instruction of a run is the next run's.
    @Test func interruptsComeBeforeInstructions() throws {
        for budget in UInt64(1)...6 {
            let found = try difference(
                """
                la t0, handler
                csrw mtvec, t0
                csrsi mstatus, 8
                nop
                handler: nop
                """, budgets: [budget, 1, 1]
            ) {
                $0.csr.mie = Interrupts.machineSoftware
                $0.csr.lines = Interrupts.machineSoftware
            }
            #expect(found == nil, "\(budget)")
        }
    }

    /// A run ends with a jump into a page that nothing has fetched from: it stays unmarked.
    @Test func codeThatDoesNotRunIsNotLookedAt() throws {
        for budget in UInt64(20)...60 {
            let found = try difference(
                """
                // A table at 0x80202000: gigapage 2 leads to a table of large pages.
                li t0, 0x80202000
                li t1, (0x80201000 >> 2) | 1
                sd t1, 16(t0)
                li t2, 0x80201000
                li t1, (0x80000000 >> 2) | 0xcf
                sd t1, 0(t2)
                // The second of 2 MiB, A and D clear.
                li t1, (0x80200000 >> 2) | 0xf
                sd t1, 8(t2)
                li t1, (8 << 60) | (0x80202000 >> 12)
                csrw satp, t1
                li s6, 0x80210000
                la t1, next
                csrw mepc, t1
                li t1, 0x1000
                csrc mstatus, t1
                li t1, 0x800
                csrs mstatus, t1
                li t1, -1
                csrw pmpaddr0, t1
                li t1, 0x1f
                csrw pmpcfg0, t1
                mret
                next: li a0, 1
                li a1, 1
                jr s6
                """, budgets: [budget])
            #expect(found == nil, "\(budget)")
        }
    }
}
