import Bits
import Effects
import GuestMemory
import Hart
import Journal
import Machine
import RISCV
import TestKit
import Testing

/// Guests that execute garbage. Whatever they do, the program goes on, the machine keeps its
/// invariants, and a second run does the same.
@Suite struct GuestGarbageTests {
    static let codeStart: UInt64 = 0x8000_0000

    /// Random instructions of all kinds behind a start that lets them into every mode.
    static func program(_ numbers: inout SeededNumbers) -> [UInt8] {
        let isSupervisor = Bool.random(using: &numbers)
        var words: [UInt32] = [
            0x0000_0297,  // auipc t0, 0
            0x3052_9073,  // csrw  mtvec, t0     traps start over
            0xfff0_0313,  // li    t1, -1
            0x3b03_1073,  // csrw  pmpaddr0, t1
            0x01f0_0313,  // li    t1, 31
            0x3a03_1073,  // csrw  pmpcfg0, t1   all may be done everywhere
            isSupervisor ? 0x0000_1337 : 0x0000_0313,  // lui t1, 1         | li t1, 0
            isSupervisor ? 0x8003_0313 : 0x0000_0013,  // addi t1, t1, -2048 | nop
            0x3003_1073,  // csrw  mstatus, t1   MPP
            0x0000_0317,  // auipc t1, 0
            0x0103_0313,  // addi  t1, t1, 16
            0x3413_1073,  // csrw  mepc, t1
            0x3020_0073,  // mret
        ]
        // Some stay in M-mode.
        if Int.random(in: 0..<3, using: &numbers) == 0 { words.removeLast() }
        for _ in 0..<Int.random(in: 8..<120, using: &numbers) {
            guard let row = allRows.randomElement(using: &numbers) else { continue }
            let bits = row.match | UInt32(truncatingIfNeeded: numbers.next()) & ~row.mask
            words.append(row.isCompressed ? bits & 0xffff | 0x0001_0000 : bits)
        }
        return words.flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
        }
    }

    static func machine(
        _ code: [UInt8], _ makeEngine: @escaping (GuestMemory) -> any Engine
    ) throws -> Machine {
        let board = try Board(hartCount: 2, ramBytes: 4 << 20)
        let tree = board.deviceTree()
        let treeAddress = GuestPhysical(codeStart + (3 << 20))
        let plan = BootPlan(
            start: .machineMode(entry: GuestPhysical(codeStart), nextStage: nil),
            pieces: [
                BootPiece(GuestPhysical(codeStart), code[...]), BootPiece(treeAddress, tree[...]),
            ], deviceTree: treeAddress)
        return try Machine(
            board, plan,
            MachineParts(
                clock: .instructions(megahertz: 100),
                consoles: [BoardDevices.uartConsole: CapturedConsole()], endsAtReset: true,
                makeEngine: makeEngine))
    }

    /// What is left of a run, as far as a guest could tell.
    struct Remains: Equatable {
        var integers: [UInt64] = []
        var csrs: [CSRFile] = []
        var end: EndOfRun?

        init(_ machine: Machine) throws {
            // A guest that waits for good must not hold the test.
            for _ in 0..<4 where end == nil {
                machine.inbox.wake()
                end = try machine.step()
            }
            for hart in machine.harts {
                integers += (0..<32).map { hart[x: $0] } + (0..<32).map { hart[f: $0] }
                integers += [hart.pc, hart.retired, UInt64(hart.privilege.rawValue)]
                csrs.append(hart.csr)
            }
        }
    }

    /// What is wrong with running `code`, or nil.
    static func complaint(
        _ code: [UInt8], second makeSecond: @escaping (GuestMemory) -> any Engine
    ) -> String? {
        do {
            let first = try machine(code) { Interpreter(memory: $0) }
            let remains = try Remains(first)
            for hart in first.harts {
                if hart[x: 0] != 0 { return "x0 is \(hart[x: 0])" }
                if hart.pc & 1 != 0 { return "the pc is odd" }
                if hart.csr.mstatus >> 11 & 3 == 2 { return "MPP holds the reserved mode" }
            }
            guard try Remains(machine(code, makeSecond)) == remains else {
                return "a second run ends otherwise"
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    static func corpus(_ seed: UInt64) -> [[UInt8]] {
        var numbers = SeededNumbers(seed: seed)
        return (0..<40).map { _ in program(&numbers) }
    }

    @Test func garbageHarmsNobody() {
        let finding = fuzz(seed: 20, rounds: 100, corpus: Self.corpus(1)) { code, _ in
            Self.complaint(code) { Interpreter(memory: $0) }
        }
        #expect(finding == nil, "\(finding.map(\.description) ?? "")")
    }

    /// An engine that is wrong only after code that left M-mode.
    final class WrongBelowMachineMode: Engine {
        private let real: Interpreter
        init(_ memory: GuestMemory) { real = Interpreter(memory: memory) }
        func run(_ hart: Hart, budget: UInt64) -> Exit {
            let exit = real.run(hart, budget: budget)
            if hart.privilege != .machine { hart[x: 5] ^= 1 }
            return exit
        }
        func invalidate(_ range: GuestRange) { real.invalidate(range) }
        func debugChanged(_ hart: Hart) { real.debugChanged(hart) }
    }

    @Test func aPlantedBugIsFound() {
        let finding = fuzz(seed: 20, rounds: 100, corpus: Self.corpus(1)) { code, _ in
            Self.complaint(code) { WrongBelowMachineMode($0) }
        }
        #expect(finding?.what == "a second run ends otherwise")
    }
}
