import Bits
import Effects
import GuestMemory
import Hart
import Journal
import Machine
import RISCV
import Testing

/// An interpreter that does something wrong once, when so many instructions are retired.
private final class FaultyEngine: Engine {
    private let interpreter: Interpreter
    private let at: UInt64
    private let fault: (Hart) -> Void
    private var isDone = false

    init(_ memory: GuestMemory, at: UInt64, fault: @escaping (Hart) -> Void) {
        interpreter = Interpreter(memory: memory)
        self.at = at
        self.fault = fault
    }

    func run(_ hart: Hart, budget: UInt64) -> Exit {
        let exit = interpreter.run(hart, budget: budget)
        if hart.retired >= at && !isDone {
            fault(hart)
            isDone = true
        }
        return exit
    }
    func invalidate(_ range: GuestRange) { interpreter.invalidate(range) }
    func forget(page: GuestPhysical) { interpreter.forget(page: page) }
    func debugChanged(_ hart: Hart) { interpreter.debugChanged(hart) }
}

@Suite struct LockstepTests {
    /// Counts t1 down from 50 000, writes it into memory as it goes, then prints and ends.
    static let program: [UInt32] = [
        0x0000_c337,  // lui   t1, 12
        0x3503_031b,  // addiw t1, t1, 848
        0x0010_0297,  // auipc t0, 0x100
        0x0062_b023,  // sd    t1, 0(t0)
        0xfff3_0313,  // addi  t1, t1, -1
        0xfe03_1ce3,  // bnez  t1, .-8
        0x1000_02b7,  // lui   t0, 0x10000
        0x0480_0313,  // li    t1, 'H'
        0x0062_8023,  // sb    t1, 0(t0)
        0x0010_02b7,  // lui   t0, 0x100
        0x0000_5337,  // lui   t1, 0x5
        0x5553_0313,  // addi  t1, t1, 0x555
        0x0062_a023,  // sw    t1, 0(t0)
        0x0000_006f,  // j     .
    ]

    private static func check(
        harts: Int = 1, at: UInt64 = .max, fault: @escaping (Hart) -> Void = { _ in }
    ) -> LockstepCheck {
        func side(_ name: String, _ at: UInt64) throws(HullError) -> LockstepSide {
            let console = ComparedConsole()
            let machine = try bareMachine(program, harts: harts, console: console) {
                FaultyEngine($0, at: at, fault: fault)
            }
            return LockstepSide(name, machine, console)
        }
        return LockstepCheck { () throws(HullError) in
            LockstepPair(try side("good", .max), try side("faulty", at))
        }
    }

    private func report(_ check: LockstepCheck) throws -> LockstepReport {
        guard case .different(let report) = try check.run() else {
            throw HullError(.guest, "No difference was found.")
        }
        return report
    }

    @Test(arguments: [1, 3]) func equalMachinesStayEqual(_ harts: Int) throws {
        var check = Self.check(harts: harts)
        check.every = 777
        guard case .equal(let count, let end) = try check.run() else {
            Issue.record("a machine differs from itself")
            return
        }
        #expect(end == EndOfRun(.shutdown, exitCode: 0))
        if harts == 1 { #expect(count == 6 + 3 + 3 * 50_000 + 7) }
    }

    /// The register goes wrong after the 100 001st instruction, the branch of a turn of the loop.
    @Test func aWrongRegisterIsFoundWhereItHappens() throws {
        let report = try report(Self.check(at: 100_001) { $0[x: 20] ^= 0x40 })
        #expect(report.retired == 100_001)
        #expect(report.harts.map(\.list) == [[StateDifference("s4", 0, 0x40)]])
        // Six of the reset ROM, three before the loop: then `100_001 - 9` is two more than thirds.
        #expect(report.steps.last?.pc == 0x8000_0010)
        #expect(report.description.contains("→ 0x0000000080000010  M  addi t1, t1, -1"))
    }

    /// Memory that is read by nobody: only the comparison of memory can tell.
    @Test func aWrongByteIsFoundWhereItHappens() throws {
        let report = try report(
            Self.check(at: 4_567) { hart in
                _ = hart.memory.store8(GuestPhysical(0x8070_0003), 1)
            })
        #expect(report.retired == 4_567)
        #expect(report.harts.isEmpty)
        #expect(report.description.contains("Memory at 0x80700000 holds 0x0 and 0x1000000."))
    }

    @Test func aLimitEndsTheCheck() throws {
        var check = Self.check(at: 100_001) { $0[x: 20] ^= 0x40 }
        check.limit = 90_000
        guard case .equal(let count, nil) = try check.run() else {
            Issue.record("it went on")
            return
        }
        #expect(count == 90_000)
    }

    /// Every register, control register and flag is a part of the state.
    @Test func everyPartOfTheStateIsCompared() throws {
        let faults: [(String, (Hart) -> Void)] = [
            ("pc", { $0.pc &+= 2 }),
            ("privilege", { $0.privilege = .supervisor }),
            ("ra", { $0[x: 1] = ~0 }),
            ("t6", { $0[x: 31] = ~0 }),
            ("ft0", { $0[f: 0] = 1 }),
            ("ft11", { $0[f: 31] = 1 }),
            ("fflags", { $0.csr.fflags = 1 }),
            ("frm", { $0.csr.frm = 1 }),
            ("mstatus", { $0.csr.mstatus ^= Status.sum }),
            ("mepc", { $0.csr.mepc = 2 }),
            ("stval", { $0.csr.stval = 2 }),
            ("satp", { $0.csr.satp = 1 }),
            ("pmpaddr3", { $0.csr.pmp.setAddress(3, 5) }),
            ("interrupt lines", { $0.setLines(Interrupts.machineSoftware, true) }),
        ]
        for (name, fault) in faults {
            let machines = (try bareMachine(Self.program), try bareMachine(Self.program))
            let (good, bad) = (machines.0.harts[0], machines.1.harts[0])
            #expect(good.agrees(with: bad) && good.differences(from: bad).isEmpty)
            fault(bad)
            #expect(!good.agrees(with: bad), "\(name)")
            #expect(good.differences(from: bad).contains { $0.name == name }, "\(name)")
        }
    }
}
