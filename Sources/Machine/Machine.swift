import Bits
import Effects
import GuestMemory
import Hart
import Journal
import RISCV

/// What a machine is made of, beside its board.
package struct MachineParts {
    /// Makes the engine that runs the harts; the machine knows none by name.
    package var makeEngine: (GuestMemory) -> any Engine
    package var clock: ClockMode
    package var inbox: EventInbox
    /// Console back ends by the number of their device.
    package var consoles: [Int: any ConsoleBackEnd]
    /// A reset that the guest asks for ends the run.
    package var endsAtReset: Bool
    /// The time of day, in nanoseconds since 1970, when the board's `time` is 0.
    package var unixNanoseconds: UInt64

    package init(
        clock: ClockMode = .host, inbox: EventInbox = EventInbox(),
        consoles: [Int: any ConsoleBackEnd] = [:], endsAtReset: Bool = false,
        unixNanoseconds: UInt64 = 0,
        makeEngine: @escaping (GuestMemory) -> any Engine
    ) {
        self.clock = clock
        self.inbox = inbox
        self.consoles = consoles
        self.endsAtReset = endsAtReset
        self.unixNanoseconds = unixNanoseconds
        self.makeEngine = makeEngine
    }
}

/// A machine: board, memory, harts and the loop that runs them.
package final class Machine {
    package let board: Board
    package let memory: GuestMemory
    private let memoryOwner: GuestMemoryOwner
    package let bus: SystemBus
    package let engine: any Engine
    package let harts: [Hart]
    package let inbox: EventInbox
    let endsAtReset: Bool
    package let plan: BootPlan
    /// Harts that sit in `wfi`.
    var isWaiting: [Bool]
    /// The hart that stands at a breakpoint or met a watchpoint.
    package var stoppedHart: Int?
    /// Whose turn it is.
    var turn = 0

    package init(_ board: Board, _ plan: BootPlan, _ parts: MachineParts) throws(HullError) {
        self.board = board
        self.plan = plan
        memory = try GuestMemory([
            MemslotRequest(board.ram.range),
            MemslotRequest(
                AddressMap.resetROM.range, access: .readOnly, backing: .anonymous(hugePages: false)),
        ])
        memoryOwner = GuestMemoryOwner(memory)
        let bus = SystemBus(
            board: board, memory: memory, clock: BoardClock(parts.clock),
            unixNanoseconds: parts.unixNanoseconds)
        self.bus = bus
        engine = parts.makeEngine(memory)
        harts = (0..<board.hartCount).map { [memory] in
            Hart(id: $0, isa: board.isa, memory: memory, bus: bus)
        }
        isWaiting = Array(repeating: false, count: board.hartCount)
        inbox = parts.inbox
        endsAtReset = parts.endsAtReset
        bus.harts = harts
        bus.consoles = parts.consoles.map { ConsolePort(device: $0.key, backEnd: $0.value) }
        bus.onWrite = { [unowned engine] range in engine.invalidate(range) }
        try reset()
    }

    /// Everything as the boot plan says, which is also what a reset of the board leads to.
    package func reset() throws(HullError) {
        bus.reset()
        for piece in plan.pieces {
            engine.invalidate(
                GuestRange(
                    start: piece.address, count: UInt64(piece.bytes.count) &+ piece.zeroFill))
        }
        try plan.install(in: memory)
        if let rom = plan.resetROM {
            _ = memory.install(AddressMap.resetROM.range.start, rom.bytes)
        }
        for hart in harts {
            for register in 1..<32 { hart[x: register] = 0 }
            for register in 0..<32 { hart[f: register] = 0 }
            hart.csr = CSRFile(isa: board.isa, hartID: UInt64(hart.id))
            hart.privilege = .machine
            hart.pc = AddressMap.resetROM.start
            hart.exitsOnFirmwareCall = plan.isFirmware
            hart.flushTranslations()
            isWaiting[hart.id] = false
            if case .supervisorMode(let entry) = plan.start {
                prepareForSupervisor(hart, entry: entry.rawValue)
            }
        }
    }
}
