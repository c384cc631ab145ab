import Bits
import Devices
import Effects
import GuestMemory
import Hart
import Journal
import RISCV
import Synchronization
import Virtio

/// The board's devices behind their addresses, and what becomes of the effects they return.
package final class SystemBus: Bus {
    package let board: Board
    let memory: GuestMemory
    private let unixNanoseconds: UInt64
    var devices: BoardDevices
    var harts: [Hart] = []
    package var clock: BoardClock
    var timers = BoardTimers()
    /// What devices say harts' `time` is ahead of the board's, for harts that ask without the lock.
    let timeOffset = Atomic<UInt64>(0)
    var backEnds: BackEnds
    private var seed = SeedPool()
    var effects = EffectList()
    private var settling = EffectList()
    /// Set once somebody ends the run; the run loop takes it.
    var end: EndOfRun?
    package private(set) var accesses = AccessCounts()
    /// Told of each access, for tracing.
    var onAccess: ((DeviceAccess) -> Void)?
    /// Memory that a device wrote: translations of it are stale.
    var onWrite: (GuestRange) -> Void = { _ in }
    /// Where harts run at the same time.
    var shared: SharedBus?

    init(
        board: Board, memory: GuestMemory, clock: BoardClock, unixNanoseconds: UInt64,
        virtio: [VirtioDevice], backEnds: BackEnds
    ) {
        self.board = board
        self.memory = memory
        self.clock = clock
        self.unixNanoseconds = unixNanoseconds
        self.backEnds = backEnds
        devices = BoardDevices(board, unixNanoseconds: unixNanoseconds, virtio: virtio)
    }

    // MARK: What harts do

    package func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? {
        guard let (place, offset) = AddressMap.find(address) else { return nil }
        shared?.acquire(hart)
        defer { shared?.release(hart) }
        accesses.count(place, isStore: false)
        let now = place.readsTime ? now : 0
        if place == .rtc { followTimeOfDay(now) }
        let value = devices.read(place, offset, width, now: now, memory, &effects)
        if let onAccess {
            onAccess(DeviceAccess(hart.id, place, address, width, isStore: false, value))
        }
        if !effects.isEmpty { settle() }
        if place.isConsole { inputMoved() }
        return value
    }

    package func store(
        _ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart
    ) -> Bool {
        guard let (place, offset) = AddressMap.find(address) else { return false }
        shared?.acquire(hart)
        defer { shared?.release(hart) }
        accesses.count(place, isStore: true)
        let value = value & width.mask
        let now = place.readsTime ? now : 0
        let done = devices.write(place, offset, value, width, now: now, memory, &effects)
        if let onAccess {
            onAccess(
                DeviceAccess(hart.id, place, address, width, isStore: true, done ? value : nil))
        }
        if !effects.isEmpty { settle() }
        if place.readsTime {
            timeOffset.store(devices.aclint.timeOffset, ordering: .relaxed)
            timers.deviceDeadline = devices.deadline(now: now) ?? BoardTimers.never
            hart.requestExit(.timer)
            shared?.wakeBoard()
        }
        if end != nil { hart.requestExit() }
        if place.isConsole { inputMoved() }
        return done
    }

    /// Entropy comes from outside as an event; until it is here the hart is told to wait.
    package func seed(for hart: Hart) -> UInt16? {
        shared?.acquire(hart)
        defer { shared?.release(hart) }
        if let word = seed.take() { return word }
        if !seed.isUnderWay, backEnds.askForEntropy(SeedPool.device, count: 256) {
            seed.isUnderWay = true
            hart.requestExit()
        }
        return nil
    }

    // MARK: Effects

    /// What the firmware asks for.
    func carryOut(_ list: inout EffectList) {
        list.drain { effects.append($0) }
        settle()
    }
    /// What a guest prints without a device.
    func output(_ device: Int, _ bytes: [UInt8]) {
        backEnds.console(device)?.output(bytes)
        shared?.noteOutput()
    }
    /// A byte that was typed at the UART and that no driver has seen.
    func takeConsoleInput() -> UInt8? {
        let byte = devices.uart.takeWaiting()
        if byte != nil { inputMoved() }
        return byte
    }

    /// Carries out what devices asked for, and what that asks for in turn.
    func settle() {
        while !effects.isEmpty {
            swap(&effects, &settling)
            settling.drain { apply($0) }
        }
    }

    private func apply(_ effect: Effect) {
        switch effect {
        case .raise(let line): devices.plic.setLevel(line, true, &effects)
        case .lower(let line): devices.plic.setLevel(line, false, &effects)
        case .interrupt(let hart, let line, let level):
            guard harts.indices.contains(hart) else { return }
            if let shared { return shared.schedule.threads[hart].setInput(line, level) }
            harts[hart].setLines(1 &<< UInt64(line.rawValue), level)
        case .output(let device, let byte):
            backEnds.console(device)?.output(byte)
            shared?.noteOutput()
        case .outputBytes(let device, let bytes): output(device, bytes)
        case .transmit(let device, let batch): backEnds.networks[device]?.transmit(batch)
        case .framesTaken(let device, let bytes): backEnds.networks[device]?.taken(bytes)
        case .acceptOffloads(let device, let ways): backEnds.networks[device]?.accept(ways)
        case .wrote(let range): onWrite(range)
        case .end(let end): finish(end)
        // Deadlines are asked for where time passes.
        case .schedule: break
        case .share(let request): backEnds.submit(request)
        case .submit(let request):
            if let answer = backEnds.submit(request) { tell(request.device, answer) }
        case .entropy(let device, let count): _ = backEnds.askForEntropy(device, count: count)
        }
    }

    /// The first end counts.
    func finish(_ end: EndOfRun) {
        if self.end == nil { self.end = end }
    }

    // MARK: The outside

    /// The outside says something.
    func deliver(_ event: Event) {
        switch event {
        case .input(let device, let bytes): receive(device, bytes)
        case .stop(let exitCode): finish(EndOfRun(.shutdown, exitCode: exitCode))
        case .entropy(SeedPool.device, let bytes):
            backEnds.noteAnswer()
            seed.fill(bytes)
        case .block(let device, _, _, _), .share(let device, _, _), .entropy(let device, _):
            backEnds.noteAnswer()
            tell(device, event)
        case .resize(let device, _, _), .frames(let device, _), .transmitted(let device, _),
            .link(let device, _), .inputClosed(let device):
            tell(device, event)
        case .powerButton: for slot in devices.virtio.indices { tell(slot, event) }
        case .memoryTarget, .memoryStatistics: balloonSlot.map { tell($0, event) }
        case .timeOfDay(let shift):
            devices.rtc.shift(byNanoseconds: shift, now: now, &effects)
            timers.deviceDeadline = devices.deadline(now: now) ?? BoardTimers.never
        case .timer: break
        }
        settle()
    }
    private func tell(_ device: Int, _ event: Event) {
        let slot = VirtioPorts.slot(of: device)
        guard devices.virtio.indices.contains(slot) else { return }
        devices.virtio[slot].deliver(event, memory: memory, effects: &effects)
    }

    /// Devices as after power-on, on the same clock.
    func reset() {
        devices.reset(board, unixNanoseconds: unixNanoseconds, &effects)
        settle()
        timers = BoardTimers()
        timeOffset.store(devices.aclint.timeOffset, ordering: .relaxed)
        for hart in harts { hart.firmwareTimer = BoardTimers.never }
        end = nil
    }
}

extension SystemBus {
    private func receive(_ device: Int, _ bytes: [UInt8]) {
        for index in backEnds.consoles.indices where backEnds.consoles[index].device == device {
            backEnds.consoles[index].deliver(bytes)
        }
        inputMoved()
    }

    /// A console may have taken some of what was typed: gives it more, and tells the back end.
    private func inputMoved() {
        for index in backEnds.consoles.indices where backEnds.consoles[index].holdsInput {
            let device = backEnds.consoles[index].device
            if device == BoardDevices.uartConsole {
                let room = devices.uart.inputCapacity
                if room > 0, let bytes = backEnds.consoles[index].takeWaiting(room) {
                    devices.uart.receive(bytes, &effects)
                }
                backEnds.consoles[index].held(UART.waitingLimit - devices.uart.inputCapacity)
            } else if devices.virtio.indices.contains(VirtioPorts.slot(of: device)) {
                if let bytes = backEnds.consoles[index].takeWaiting(.max) {
                    tell(device, .input(device: device, bytes))
                }
                let slot = VirtioPorts.slot(of: device)
                backEnds.consoles[index].held(devices.virtio[slot].heldInput(from: device))
            }
        }
        settle()
    }
}

extension Place {
    /// Devices with timers: their accesses read the clock, and a store may change a deadline.
    fileprivate var readsTime: Bool {
        switch self {
        case .clint, .rtc: true
        default: false
        }
    }

    /// Devices that take what is typed.
    fileprivate var isConsole: Bool {
        switch self {
        case .uart, .virtio: true
        default: false
        }
    }
}
