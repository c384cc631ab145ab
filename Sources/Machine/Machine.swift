import Bits
import Effects
import GuestMemory
import Hart
import Journal
import RISCV
import SBI
import Virtio

/// Starts a thread of the host, named for people; what comes back waits for its end.
package typealias StartThread =
    (_ name: String, _ run: @escaping @Sendable () -> Void) throws(HullError) -> () -> Void

/// What a machine is made of, beside its board.
package struct MachineParts {
    /// Makes the engine that runs the harts; the machine knows none by name.
    package var makeEngine: (GuestMemory) -> any Engine
    /// Where it is given, harts run at the same time, each with an engine and a thread of its own. The
    /// clock is then the host's. Otherwise they run in turns.
    package var startThread: StartThread?
    package var clock: ClockMode
    package var inbox: EventInbox
    /// Console back ends by the number of their device.
    package var consoles: [Int: any ConsoleBackEnd]
    /// Drives, in the order of their virtio slots.
    package var drives: [any BlockBackEnd]
    /// Network cards by their virtio slots.
    package var networks: [Int: NetworkCard] = [:]
    /// Shared folders, in the slots behind the drives'.
    package var shares: [any ShareBackEnd] = []
    /// A device with several ports: their names and back ends, by port.
    package var ports: [MachinePort] = []
    /// Where the entropy device in the last free slot gets its bytes; nil: there is none.
    package var entropy: (any EntropyBackEnd)?
    /// There is a power button in a slot that is left over.
    package var hasPowerButton = false
    /// A reset that the guest asks for ends the run.
    package var endsAtReset: Bool
    /// The time of day, in nanoseconds since 1970, when the board's `time` is 0.
    package var unixNanoseconds: UInt64

    package init(
        clock: ClockMode = .host, inbox: EventInbox = EventInbox(),
        consoles: [Int: any ConsoleBackEnd] = [:], drives: [any BlockBackEnd] = [],
        entropy: (any EntropyBackEnd)? = nil, endsAtReset: Bool = false,
        unixNanoseconds: UInt64 = 0, startThread: StartThread? = nil,
        makeEngine: @escaping (GuestMemory) -> any Engine
    ) {
        self.clock = clock
        self.inbox = inbox
        self.consoles = consoles
        self.drives = drives
        self.entropy = entropy
        self.endsAtReset = endsAtReset
        self.unixNanoseconds = unixNanoseconds
        self.startThread = startThread
        self.makeEngine = makeEngine
    }
}

/// A machine: board, memory, harts and the loop that runs them.
package final class Machine {
    package let board: Board
    package let memory: GuestMemory
    private let memoryOwner: GuestMemoryOwner
    package let bus: SystemBus
    /// One for all harts, or one for each where they run at the same time.
    package let engines: [any Engine]
    package let harts: [Hart]
    package let inbox: EventInbox
    let endsAtReset: Bool
    package private(set) var plan: BootPlan
    /// Where the machine itself is the firmware.
    var firmware: SBIFirmware?
    var outcome = SBIOutcome()
    var htif: HTIF?
    var tracer: Tracer?
    /// Harts that sit in `wfi`, where they run in turns.
    var isWaiting: [Bool]
    private(set) var parallel: ParallelSchedule?
    let startThread: StartThread?
    /// The hart that stands at a breakpoint or met a watchpoint.
    package var stoppedHart: Int?
    /// Whose turn it is.
    var turn = 0
    /// Where other threads ask.
    package let supervisor = Supervisor()
    package internal(set) var isPaused = false
    /// How long all harts sat in `wfi`.
    var waitNanoseconds: UInt64 = 0

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
            unixNanoseconds: parts.unixNanoseconds,
            virtio: try Self.virtioDevices(
                board, parts, Self.blockDevices(board, parts, memory)),
            backEnds: BackEnds(
                consoles: parts.everyConsole, drives: parts.drives, shares: parts.sharesBySlot,
                entropy: parts.entropy))
        bus.backEnds.networks = parts.networks.mapValues(\.backEnd)
        self.bus = bus
        let isParallel = parts.startThread != nil && parts.clock == .host
        startThread = isParallel ? parts.startThread : nil
        engines = (0..<(isParallel ? board.hartCount : 1)).map { [memory] _ in
            parts.makeEngine(memory)
        }
        harts = (0..<board.hartCount).map { [memory] in
            Hart(id: $0, isa: board.isa, memory: memory, bus: bus)
        }
        isWaiting = Array(repeating: false, count: board.hartCount)
        inbox = parts.inbox
        endsAtReset = parts.endsAtReset
        bus.harts = harts
        if isParallel { share() }
        bus.onWrite = { [unowned self] range in forgetCode(in: range) }
        try reset(isFresh: true)
    }

    /// Writes what happens from here on.
    package func trace(_ sink: TraceSink) {
        let tracer = Tracer(sink, board.isa)
        tracer.attach(to: self)
        self.tracer = tracer
    }

    /// Drives from the first slot on, the console and entropy in the last, the balloon before it.
    private static func virtioDevices(
        _ board: Board, _ parts: MachineParts, _ drives: [VirtioBlock]
    ) throws(HullError) -> [VirtioDevice] {
        var slots = [VirtioDevice](repeating: .none, count: AddressMap.virtioSlotCount)
        guard parts.drives.count + parts.shares.count <= slots.count else {
            throw HullError(
                .usage,
                "The board has \(slots.count) slots, too few for \(parts.drives.count) drives"
                    + " and \(parts.shares.count) shared folders.")
        }
        for (slot, drive) in drives.enumerated() { slots[slot] = .block(drive) }
        try NetworkCard.plug(parts.networks, into: &slots)
        for (slot, share) in parts.sharesBySlot {
            slots[slot] = .share(VirtioShare(device: slot, name: Array(share.name.utf8)))
        }
        for (device, _) in parts.consoles where slots.indices.contains(device) {
            guard slots[device] == .none else {
                throw HullError(
                    .usage, "Slot \(device) cannot hold both a drive and the virtio console.")
            }
            slots[device] = .console(VirtioConsole(device: device))
        }
        try parts.plugPorts(into: &slots)
        if parts.entropy != nil, let slot = slots.lastIndex(of: .none) {
            slots[slot] = .entropy(VirtioEntropy(device: slot))
        }
        if parts.hasPowerButton, let slot = slots.lastIndex(of: .none) {
            slots[slot] = .powerButton(VirtioPowerButton())
        }
        if let slot = slots.lastIndex(of: .none) {
            slots[slot] = .balloon(VirtioBalloon(device: slot, ramBytes: board.ramBytes))
        }
        return slots
    }

    /// Everything as the boot plan says, which is also what a reset of the board leads to.
    package func reset() throws(HullError) { try reset(isFresh: false) }

    private func reset(isFresh: Bool) throws(HullError) {
        bus.reset()
        firmware = Self.firmware(board, plan)
        if !isFresh, let reload = plan.reload { plan = try reload() }
        for piece in plan.pieces { forgetCode(in: piece.range) }
        try plan.install(in: memory, isFresh: isFresh)
        if plan.reload != nil { plan.pieces = [] }
        htif = HTIF(plan, memory)
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
            parallel?.threads[hart.id].forgetAll()
            if case .supervisorMode(let entry) = plan.start {
                enterSupervisor(hart, entry: entry)
            }
            parallel?.threads[hart.id].isStopped = isStopped(hart)
        }
    }

    /// Lets harts run at the same time.
    private func share() {
        let schedule = ParallelSchedule(self, engines: engines)
        parallel = schedule
        bus.share(with: schedule, inbox)
    }

    /// Guest memory was written by somebody else than a hart.
    func forgetCode(in range: GuestRange) {
        if let parallel { return parallel.wrote(range) }
        engines[0].invalidate(range)
    }
}
