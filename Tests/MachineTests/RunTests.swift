import Bits
import Effects
import Foundation
import GuestMemory
import Hart
import Journal
import Machine
import Testing

/// Collects what a guest prints.
final class CapturedConsole: ConsoleBackEnd, @unchecked Sendable {
    private(set) var bytes: [UInt8] = []
    var text: String { String(decoding: bytes, as: UTF8.self) }
    func output(_ bytes: [UInt8]) { self.bytes += bytes }
    func output(_ byte: UInt8) { bytes.append(byte) }
    func flush() {}
    func inputTaken(_ count: Int) {}
}

/// A machine whose RAM starts with these instructions, run in M-mode.
func bareMachine(
    _ code: [UInt32], clock: ClockMode = .instructions(megahertz: 100), harts: Int = 1,
    console: any ConsoleBackEnd = CapturedConsole(), endsAtReset: Bool = true,
    makeEngine: @escaping (GuestMemory) -> any Engine = { Interpreter(memory: $0) }
) throws(HullError) -> Machine {
    let board = try Board(hartCount: harts, ramBytes: 16 << 20)
    var bytes: [UInt8] = []
    for word in code {
        for shift in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(8 * shift))) }
    }
    let tree = board.deviceTree()
    let treeAddress = GuestPhysical(0x80f0_0000)
    let plan = BootPlan(
        start: .machineMode(entry: GuestPhysical(0x8000_0000), nextStage: nil),
        pieces: [
            BootPiece(GuestPhysical(0x8000_0000), bytes[...]), BootPiece(treeAddress, tree[...]),
        ], deviceTree: treeAddress)
    return try Machine(
        board, plan,
        MachineParts(
            clock: clock, consoles: [BoardDevices.uartConsole: console], endsAtReset: endsAtReset,
            makeEngine: makeEngine))
}

/// Takes its time to show what was printed.
private final class SlowConsole: ConsoleBackEnd, @unchecked Sendable {
    func output(_ bytes: [UInt8]) {}
    func output(_ byte: UInt8) {}
    func flush() { usleep(5_000) }
    func inputTaken(_ count: Int) {}
}

@Suite struct RunTests {
    /// Between the choice of a turn and the wait a console is flushed; the timer ends meanwhile.
    @Test func aTimerThatEndsBeforeTheWaitBeginsIsHeard() throws {
        let machine = try bareMachine(
            [
                0xfff0_0313,  // li   t1, -1
                0x03f3_1313,  // slli t1, t1, 63
                0x30a3_2073,  // csrs menvcfg, t1      STCE
                0xc010_2373,  // rdtime t1
                0x0000_23b7,  // lui  t2, 0x2          0.8 ms
                0x0073_0333,  // add  t1, t1, t2
                0x14d3_1073,  // csrw stimecmp, t1
                0x0200_0313,  // li   t1, 0x20
                0x3043_1073,  // csrw mie, t1
                0x1050_0073,  // wfi
                0x0010_02b7, 0x0000_5337, 0x5553_0313, 0x0062_a023, 0x0000_006f,
            ], clock: .host, console: SlowConsole())
        let inbox = machine.inbox
        let watch = Thread {
            sleep(20)
            inbox.post(.stop(exitCode: 9))
        }
        watch.start()
        #expect(try machine.run() == EndOfRun(.shutdown, exitCode: 0))
    }

    @Test func finisherPasses() throws {
        let machine = try bareMachine([
            0x0010_02b7,  // lui  t0, 0x100
            0x0000_5337,  // lui  t1, 0x5
            0x5553_0313,  // addi t1, t1, 0x555
            0x0062_a023,  // sw   t1, 0(t0)
            0x0000_006f,  // j    .
        ])
        #expect(try machine.run() == EndOfRun(.shutdown, exitCode: 0))
        // Six of the reset ROM, then four.
        #expect(machine.harts[0].retired == 10)
        #expect(machine.bus.accesses.stores(.finisher) == 1)
    }

    @Test func resetROMHandsOverHartTreeAndNextStage() throws {
        let machine = try bareMachine([
            0x0010_02b7, 0x0000_5337, 0x5553_0313, 0x0062_a023, 0x0000_006f,
        ])
        _ = try machine.run()
        let hart = machine.harts[0]
        #expect(hart[x: 10] == 0)
        #expect(hart[x: 11] == 0x80f0_0000)
        let info = GuestPhysical(hart[x: 12])
        #expect(machine.memory.load64(info) == 0x4942_534f)
        #expect(machine.memory.load64(info + 8) == 2)
        #expect(machine.memory.load64(info + 24) == 1)
    }

    @Test func uartPrints() throws {
        let console = CapturedConsole()
        let machine = try bareMachine(
            [
                0x1000_02b7,  // lui  t0, 0x10000
                0x0480_0313,  // li   t1, 'H'
                0x0062_8023,  // sb   t1, 0(t0)
                0x0690_0313,  // li   t1, 'i'
                0x0062_8023,  // sb   t1, 0(t0)
                0x0010_02b7,  // lui  t0, 0x100
                0x002a_3337,  // lui  t1, 0x2a3      (exit code 42, …
                0x3333_0313,  // addi t1, t1, 0x333   … failed)
                0x0062_a023,  // sw   t1, 0(t0)
                0x0000_006f,  // j    .
            ], console: console)
        #expect(try machine.run() == EndOfRun(.failure, exitCode: 42))
        #expect(console.text == "Hi")
    }
}
