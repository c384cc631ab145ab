import Bits
import Debugger
import Effects
import Hart
import Machine
import Testing

/// A machine that counts in a1 and stores the count at 0x8000_1000 for ever:
///     0: auipc a0, 1   4: addi a1, a1, 1   8: sd a1, 0(a0)   c: j 4
private let counter: [UInt32] = [0x0000_1517, 0x0015_8593, 0x00b5_3023, 0xff9f_f06f]

private func makeMachine() throws -> Machine {
    let bytes = counter.flatMap { word in
        (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
    }
    let plan = BootPlan(
        start: .machineMode(entry: GuestPhysical(0x8000_0000), nextStage: nil),
        pieces: [BootPiece(GuestPhysical(0x8000_0000), bytes[...])],
        deviceTree: GuestPhysical(0x8010_0000))
    let board = try Board(ramBytes: 4 << 20)
    return try Machine(board, plan, MachineParts { Interpreter(memory: $0) })
}

@Suite struct SessionTests {
    /// Sends one packet and returns the body of the one reply.
    func ask(_ session: inout DebugSession, _ text: String) -> String {
        let output = session.receive(PacketParser.frame(Array(text.utf8)))
        return body(output)
    }
    func body(_ output: [UInt8]) -> String {
        var parser = PacketParser()
        for byte in output {
            if case .packet(let body) = parser.feed(byte) {
                return String(decoding: body, as: UTF8.self)
            }
        }
        return ""
    }
    func run(_ session: inout DebugSession) throws -> String {
        var end: EndOfRun?
        for _ in 0..<100 {
            let output = try session.advance(&end)
            if !output.isEmpty { return body(output) }
        }
        return "still running"
    }

    /// The mode with V in bit 2; machine mode is in no guest.
    @Test func tellsTheWorldWithTheMode() throws {
        let machine = try makeMachine()
        let hart = machine.harts[0]
        var session = DebugSession(machine)
        func tell(_ value: Int) -> String { ask(&session, "P1041=0\(value)00000000000000") }
        #expect(ask(&session, "p1041") == "0300000000000000")
        #expect(tell(5) == "OK")
        #expect(hart.privilege == .supervisor && hart.csr.isVirtual)
        #expect(ask(&session, "p1041") == "0500000000000000")
        for value in [2, 6, 7, 8] { #expect(tell(value) == "E01") }
        #expect(tell(3) == "OK")
        #expect(hart.privilege == .machine && !hart.csr.isVirtual)
    }

    @Test func tellsRegistersAndMemory() throws {
        let machine = try makeMachine()
        machine.harts[0].pc = 0x8000_0000
        machine.harts[0][x: 11] = 0x1122_3344_5566_7788
        var session = DebugSession(machine)
        #expect(ask(&session, "pb") == "8877665544332211")
        #expect(ask(&session, "p20") == "0000008000000000")
        #expect(ask(&session, "m80000000,4") == "17150000")
        #expect(ask(&session, "g").count == 33 * 16)
        #expect(ask(&session, "m0,4") == "E01")
        #expect(ask(&session, "Pb=0100000000000000") == "OK")
        #expect(machine.harts[0][x: 11] == 1)
        // mstatus is CSR 0x300: number 65 + 0x300.
        #expect(ask(&session, "p" + String(65 + 0x300, radix: 16)).count == 16)
    }

    @Test func stopsAtBreakpointsAndGoesOn() throws {
        let machine = try makeMachine()
        machine.harts[0].pc = 0x8000_0000
        var session = DebugSession(machine)
        #expect(ask(&session, "Z0,80000008,4") == "OK")
        for turn in UInt64(1)...3 {
            #expect(ask(&session, "vCont;c") == "")
            #expect(try run(&session) == "T05thread:1;hwbreak:;")
            #expect(machine.harts[0].pc == 0x8000_0008)
            #expect(machine.harts[0][x: 11] == turn)
        }
        #expect(ask(&session, "m80000008,4") == "2330b500")
        #expect(ask(&session, "z0,80000008,4") == "OK")
        #expect(ask(&session, "c") == "")
        #expect(try run(&session) == "still running")
        _ = session.receive([0x03])
        #expect(try run(&session) == "T02thread:1;")
    }

    @Test func stepsOneInstruction() throws {
        let machine = try makeMachine()
        machine.harts[0].pc = 0x8000_0000
        var session = DebugSession(machine)
        for pc in [0x8000_0004, 0x8000_0008, 0x8000_000c, 0x8000_0004] as [UInt64] {
            #expect(ask(&session, "vCont;s:1") == "")
            #expect(try run(&session) == "T05thread:1;")
            #expect(machine.harts[0].pc == pc)
        }
    }

    @Test func stopsAfterAWatchedStore() throws {
        let machine = try makeMachine()
        machine.harts[0].pc = 0x8000_0000
        var session = DebugSession(machine)
        _ = ask(&session, "c")
        #expect(try run(&session) == "still running")
        _ = session.receive([0x03])
        _ = try run(&session)
        #expect(ask(&session, "Z2,80001000,8") == "OK")
        _ = ask(&session, "c")
        #expect(try run(&session) == "T05thread:1;watch:80001000;")
        #expect(machine.harts[0].pc == 0x8000_000c)
        #expect(ask(&session, "z2,80001000,8") == "OK")
        _ = ask(&session, "c")
        #expect(try run(&session) == "still running")
    }

    @Test func patchedCodeRuns() throws {
        let machine = try makeMachine()
        machine.harts[0].pc = 0x8000_0000
        var session = DebugSession(machine)
        _ = ask(&session, "vCont;s:1")
        _ = try run(&session)
        // addi a1, a1, 2
        #expect(ask(&session, "M80000004,4:93852500") == "OK")
        _ = ask(&session, "vCont;s:1")
        _ = try run(&session)
        #expect(machine.harts[0][x: 11] == 2)
    }

    @Test func nonsenseNeverEndsTheSession() throws {
        let machine = try makeMachine()
        var session = DebugSession(machine)
        for text in [
            "m", "m,", "mffffffffffffffff,ffff", "M80000000,4:zz", "X0,1:", "p", "pffffffff",
            "P20", "Z9,0,0", "Z0", "Hgzz", "Hg77", "T99", "qXfer:features:read:target.xml:zz",
            "qXfer:features:read:target.xml:ffffffffffff,1", "qRcmd,zz", "vCont;", "G00", "!!",
        ] {
            _ = session.receive(PacketParser.frame(Array(text.utf8)))
            var end: EndOfRun?
            _ = session.receive([0x03])
            _ = try session.advance(&end)
            #expect(session.ending == nil)
        }
        #expect(ask(&session, "?").hasPrefix("T02"))
    }
}
