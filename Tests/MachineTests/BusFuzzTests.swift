import Bits
import Effects
import GuestMemory
import Hart
import Journal
import Machine
import TestKit
import Testing

/// A drive of zeros that answers at once.
private final class ZeroDrive: BlockBackEnd {
    let byteCount: UInt64 = 1 << 20
    let isReadOnly = false
    private let inbox: EventInbox
    init(_ inbox: EventInbox) { self.inbox = inbox }
    func submit(_ request: BlockRequest) {
        let isRead = request.operation == .read
        inbox.post(
            .block(
                device: request.device, tag: request.tag, .ok,
                data: isRead ? [UInt8](repeating: 0, count: Int(request.count)) : []))
    }
    func close() {}
}

private final class ZeroEntropy: EntropyBackEnd {
    private let inbox: EventInbox
    init(_ inbox: EventInbox) { self.inbox = inbox }
    func submit(device: Int, count: Int) {
        inbox.post(.entropy(device: device, [UInt8](repeating: 0, count: count)))
    }
}

/// A guest that does anything to anything: no access and no event may end this process or hang it.
@Suite struct BusFuzzTests {
    private static let ram: UInt64 = 0x8000_0000
    private static let windows: [(UInt64, UInt64)] = [
        (0x10_0000, 0x1000), (0x10_1000, 0x1000), (0x200_0000, 0x1_0000), (0x2f0_0000, 0x4000),
        (0xc00_0000, 0x60_0000), (0x1000_0000, 0x100),
    ]

    private func machine() throws -> Machine {
        let inbox = EventInbox()
        let board = try Board(hartCount: 2, ramBytes: 4 << 20)
        let tree = GuestPhysical(Self.ram + 0x10_0000)
        let plan = BootPlan(
            start: .machineMode(entry: GuestPhysical(Self.ram), nextStage: nil),
            pieces: [
                BootPiece(GuestPhysical(Self.ram), [0x6f, 0, 0, 0]),
                BootPiece(tree, board.deviceTree()[...]),
            ], deviceTree: tree)
        return try Machine(
            board, plan,
            MachineParts(
                clock: .instructions(megahertz: 100), inbox: inbox,
                consoles: [BoardDevices.uartConsole: CapturedConsole(), 3: CapturedConsole()],
                drives: [ZeroDrive(inbox)], entropy: ZeroEntropy(inbox), endsAtReset: true,
                makeEngine: { Interpreter(memory: $0) }))
    }

    /// An address of a register, or of what lies around one.
    private func address(_ numbers: inout SeededNumbers) -> UInt64 {
        switch Int.random(in: 0..<10, using: &numbers) {
        case 0..<6:
            // The slots' registers, and those of the devices in them.
            return 0x1000_1000 + UInt64.random(in: 0..<8, using: &numbers) << 12
                + UInt64.random(in: 0..<0x48, using: &numbers) << 2
        case 6..<9:
            let (start, count) = Self.windows.randomElement(using: &numbers) ?? (0, 1)
            return start + UInt64.random(in: 0..<count, using: &numbers)
                & (Bool.random(using: &numbers) ? ~3 : ~0)
        default: return numbers.next()
        }
    }

    /// What drivers write: small numbers, addresses in RAM, statuses, and anything.
    private func value(_ numbers: inout SeededNumbers) -> UInt64 {
        switch Int.random(in: 0..<6, using: &numbers) {
        case 0: [0, 1, 3, 11, 15, 0x5555, 0x7777].randomElement(using: &numbers) ?? 0
        case 1: Self.ram + UInt64.random(in: 0..<64, using: &numbers) << 12
        case 2...3: UInt64.random(in: 0..<16, using: &numbers)
        default: numbers.next()
        }
    }

    private func event(_ numbers: inout SeededNumbers) -> Event {
        let device =
            [0, 1, 3, 5, 6, 7, 8, 100, 101, -1, Int.max].randomElement(using: &numbers) ?? 0
        let bytes = [UInt8](repeating: 7, count: Int.random(in: 0..<100, using: &numbers))
        switch Int.random(in: 0..<8, using: &numbers) {
        case 0...2: return .input(device: device, bytes)
        case 3:
            return .resize(
                device: device, columns: Int.random(in: -9...99999, using: &numbers), rows: 1)
        case 4:
            return .memoryTarget(
                bytes: numbers.next() >> UInt64.random(in: 0..<64, using: &numbers))
        case 5: return .memoryStatistics
        case 6: return .timeOfDay(shift: Int64(truncatingIfNeeded: numbers.next()))
        default: return .inputClosed(device: device)
        }
    }

    @Test(arguments: Effort.seeds)
    func nothingHarmsTheMachine(_ seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        let machine = try machine()
        for round in 0..<Effort.rounds(20_000) {
            let hart = machine.harts[round & 1]
            let width = AccessWidth.allCases.randomElement(using: &numbers) ?? .word
            switch Int.random(in: 0..<20, using: &numbers) {
            case 0: machine.inbox.post(event(&numbers))
            case 1:
                // Rings that may be anything.
                let at = Self.ram + UInt64.random(in: 0..<0x4_0000, using: &numbers)
                _ = machine.memory.store64(GuestPhysical(at), value(&numbers))
            case 2..<7: _ = machine.bus.load(GuestPhysical(address(&numbers)), width, from: hart)
            case 7 where round % 64 == 0:
                // A hart that sleeps for ever is no hang.
                machine.inbox.wake()
                _ = try machine.step()
            default:
                _ = machine.bus.store(
                    GuestPhysical(address(&numbers)), width, value(&numbers), from: hart)
            }
        }
        // It still answers.
        #expect(
            machine.bus.load(GuestPhysical(0x1000_1000), .word, from: machine.harts[0])
                == 0x7472_6976)
    }
}
