import Bits
import Devices
import Effects
import GuestMemory
import Hart
import Journal
import RISCV
import Virtio

/// The board's devices behind their addresses, and what becomes of the effects they return.
package final class SystemBus: Bus {
    package let board: Board
    let memory: GuestMemory
    private let unixNanoseconds: UInt64
    var devices: BoardDevices
    var harts: [Hart] = []
    package var clock: BoardClock
    /// The board's `time` at which a device's timer expires; `SystemBus.never` if none will.
    private(set) var deadline = SystemBus.never
    static let never = UInt64.max
    /// When firmware raises each hart's supervisor timer, where harts have no `stimecmp`.
    private var firmwareTimers: [UInt64]
    /// Requests that back ends have not answered.
    private(set) var requestsUnderWay = 0
    /// Entropy for the `seed` CSR.
    private var seedWords: [UInt16] = []
    private var seedIsUnderWay = false
    /// The harts' own number in requests for entropy.
    private static let seedDevice = 101
    /// The hart that runs now, for which a device may cut the slice short.
    var running: Hart?
    private var effects = EffectList()
    private var settling = EffectList()
    /// Set once somebody ends the run; the run loop takes it.
    var end: EndOfRun?
    var consoles: [ConsolePort] = []
    /// By virtio slot.
    var drives: [any BlockBackEnd] = []
    var entropy: (any EntropyBackEnd)?
    package private(set) var accesses = AccessCounts()
    /// Told of each access, for tracing.
    var onAccess: ((DeviceAccess) -> Void)?
    /// Memory that a device wrote: translations of it are stale.
    var onWrite: (GuestRange) -> Void = { _ in }

    init(
        board: Board, memory: GuestMemory, clock: BoardClock, unixNanoseconds: UInt64,
        virtio: [VirtioDevice]
    ) {
        self.board = board
        self.memory = memory
        self.clock = clock
        self.unixNanoseconds = unixNanoseconds
        firmwareTimers = Array(repeating: Self.never, count: board.hartCount)
        devices = BoardDevices(board, unixNanoseconds: unixNanoseconds, virtio: virtio)
    }

    // MARK: What harts do

    package func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? {
        guard let (place, offset) = AddressMap.find(address) else { return nil }
        accesses.count(place, isStore: false)
        let now = place.readsTime ? now : 0
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
        accesses.count(place, isStore: true)
        let value = value & width.mask
        let now = place.readsTime ? now : 0
        let done = devices.write(place, offset, value, width, now: now, memory, &effects)
        if let onAccess {
            onAccess(
                DeviceAccess(hart.id, place, address, width, isStore: true, done ? value : nil))
        }
        if !effects.isEmpty { settle() }
        if place.readsTime { timersChanged(now) }
        if place.isConsole { inputMoved() }
        return done
    }

    /// What harts read as `time`: the CLINT's `mtime`.
    package func time(for hart: Hart) -> UInt64 { devices.aclint.time(now: now) }
    /// Entropy comes from outside as an event; until it is here the hart is told to wait.
    package func seed(for hart: Hart) -> UInt16? {
        if let word = seedWords.popLast() { return word }
        if !seedIsUnderWay, let entropy {
            seedIsUnderWay = true
            requestsUnderWay += 1
            entropy.submit(device: Self.seedDevice, count: 256)
            running?.requestExit()
        }
        return nil
    }

    /// The board's own time; exact inside a device access too.
    package var now: UInt64 { clock.ticks(retired: retired) }
    /// What all harts retired.
    package var retired: UInt64 {
        var sum: UInt64 = 0
        for hart in harts { sum &+= hart.retired }
        return sum
    }

    // MARK: Time

    /// Tells devices and harts what time it is.
    func advance(to now: UInt64) {
        if now >= deadline {
            devices.tick(now: now, &effects)
            settle()
            deadline = devices.deadline(now: now) ?? Self.never
        }
        let time = devices.aclint.time(now: now)
        for hart in harts {
            if let due = hart.timerDeadline, due <= time { hart.advance(to: time) }
            if firmwareTimers[hart.id] <= time {
                firmwareTimers[hart.id] = Self.never
                hart.setLines(1 &<< UInt64(HartLine.supervisorTimer.rawValue), true)
            }
        }
    }

    /// The next time at which something happens by itself: a device's timer or a hart's own.
    func nextDeadline(_ now: UInt64) -> UInt64 {
        let offset = devices.aclint.timeOffset
        var next = deadline
        for hart in harts {
            let due = min(hart.timerDeadline ?? Self.never, firmwareTimers[hart.id])
            // What has expired already is no deadline.
            guard due != Self.never, due > now &+ offset, due &- offset > now else { continue }
            next = min(next, due &- offset)
        }
        return next
    }

    /// SBI's `set_timer`: a new deadline withdraws the interrupt of the last.
    func setFirmwareTimer(_ hart: Hart, _ deadline: UInt64) {
        let time = time(for: hart)
        if hart.isa.has(.sstc) {
            var csr = hart.csr
            csr.store(CSR.stimecmp, deadline, CSRContext(time: time))
            hart.csr = csr
            hart.advance(to: time)
        } else {
            firmwareTimers[hart.id] = deadline
            hart.setLines(1 &<< UInt64(HartLine.supervisorTimer.rawValue), false)
        }
    }

    private func timersChanged(_ now: UInt64) {
        deadline = devices.deadline(now: now) ?? Self.never
        running?.requestExit(.timer)
    }

    // MARK: Effects

    /// What the firmware asks for.
    func carryOut(_ list: inout EffectList) {
        list.drain { effects.append($0) }
        settle()
    }
    /// What a guest prints without a device.
    func output(_ device: Int, _ bytes: [UInt8]) { port(device)?.output(bytes) }
    /// A byte that was typed at the UART and that no driver has seen.
    func takeConsoleInput() -> UInt8? {
        let byte = devices.uart.takeWaiting()
        if byte != nil { inputMoved() }
        return byte
    }

    /// Carries out what devices asked for, and what that asks for in turn.
    private func settle() {
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
            harts[hart].setLines(1 &<< UInt64(line.rawValue), level)
        case .output(let device, let byte): port(device)?.output(byte)
        case .outputBytes(let device, let bytes): port(device)?.output(bytes)
        case .wrote(let range): onWrite(range)
        case .end(let end): finish(end)
        // Deadlines are asked for where time passes.
        case .schedule: break
        case .submit(let request):
            guard drives.indices.contains(request.device) else { return }
            requestsUnderWay += 1
            drives[request.device].submit(request)
        case .entropy(let device, let count):
            guard let entropy else { return }
            requestsUnderWay += 1
            entropy.submit(device: device, count: count)
        }
    }

    /// The first end counts.
    func finish(_ end: EndOfRun) {
        if self.end == nil { self.end = end }
        running?.requestExit()
    }

    // MARK: The outside

    /// The outside says something.
    func deliver(_ event: Event) {
        switch event {
        case .input(let device, let bytes): receive(device, bytes)
        case .stop(let exitCode): finish(EndOfRun(.shutdown, exitCode: exitCode))
        case .entropy(Self.seedDevice, let bytes):
            seedIsUnderWay = false
            requestsUnderWay -= 1
            for index in stride(from: 0, to: bytes.count & ~1, by: 2) {
                seedWords.append(UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)
            }
        case .block(let device, _, _, _), .entropy(let device, _), .resize(let device, _, _):
            guard devices.virtio.indices.contains(device) else { return }
            if !event.isResize { requestsUnderWay -= 1 }
            devices.virtio[device].deliver(event, memory: memory, effects: &effects)
        case .inputClosed, .timer: break
        }
        settle()
    }

    /// Devices as after power-on, on the same clock.
    func reset() {
        devices.reset(board, unixNanoseconds: unixNanoseconds, &effects)
        settle()
        deadline = Self.never
        firmwareTimers = Array(repeating: Self.never, count: board.hartCount)
        end = nil
    }
}

extension SystemBus {
    func port(_ device: Int) -> ConsolePort? {
        for port in consoles where port.device == device { return port }
        return nil
    }

    private func receive(_ device: Int, _ bytes: [UInt8]) {
        for index in consoles.indices where consoles[index].device == device {
            consoles[index].deliver(bytes)
        }
        inputMoved()
    }

    /// A console may have taken some of what was typed: gives it more, and tells the back end.
    private func inputMoved() {
        for index in consoles.indices where consoles[index].holdsInput {
            let device = consoles[index].device
            if device == BoardDevices.uartConsole {
                let room = devices.uart.inputCapacity
                if room > 0, let bytes = consoles[index].takeWaiting(room) {
                    devices.uart.receive(bytes, &effects)
                }
                consoles[index].held(UART.waitingLimit - devices.uart.inputCapacity)
            } else if devices.virtio.indices.contains(device) {
                if let bytes = consoles[index].takeWaiting(.max) {
                    devices.virtio[device].deliver(
                        .input(device: device, bytes), memory: memory, effects: &effects)
                }
                consoles[index].held(devices.virtio[device].heldInput)
            }
        }
        settle()
    }
}

extension Event {
    fileprivate var isResize: Bool {
        if case .resize = self { true } else { false }
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
