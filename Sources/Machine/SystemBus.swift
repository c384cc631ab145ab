import Bits
import Devices
import Effects
import GuestMemory
import Hart
import Journal

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
    /// The hart that runs now, for which a device may cut the slice short.
    var running: Hart?
    private var effects = EffectList()
    private var settling = EffectList()
    /// Set once somebody ends the run; the run loop takes it.
    var end: EndOfRun?
    var consoles: [ConsolePort] = []
    package private(set) var accesses = AccessCounts()
    /// Told of each access, for tracing.
    var onAccess: ((DeviceAccess) -> Void)?
    /// Memory that a device wrote: translations of it are stale.
    var onWrite: (GuestRange) -> Void = { _ in }

    init(board: Board, memory: GuestMemory, clock: BoardClock, unixNanoseconds: UInt64) {
        self.board = board
        self.memory = memory
        self.clock = clock
        self.unixNanoseconds = unixNanoseconds
        devices = BoardDevices(board, unixNanoseconds: unixNanoseconds)
    }

    // MARK: What harts do

    package func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? {
        guard let (place, offset) = AddressMap.find(address) else { return nil }
        accesses.count(place, isStore: false)
        let now = place.readsTime ? now : 0
        let value = devices.read(place, offset, width, now: now, &effects)
        if let onAccess {
            onAccess(DeviceAccess(hart.id, place, address, width, isStore: false, value))
        }
        if !effects.isEmpty { settle() }
        if place == .uart { inputMoved() }
        return value
    }

    package func store(
        _ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart
    ) -> Bool {
        guard let (place, offset) = AddressMap.find(address) else { return false }
        accesses.count(place, isStore: true)
        let value = value & width.mask
        let now = place.readsTime ? now : 0
        let done = devices.write(place, offset, value, width, now: now, &effects)
        if let onAccess {
            onAccess(
                DeviceAccess(hart.id, place, address, width, isStore: true, done ? value : nil))
        }
        if !effects.isEmpty { settle() }
        if place.readsTime { timersChanged(now) }
        return done
    }

    /// What harts read as `time`: the CLINT's `mtime`.
    package func time(for hart: Hart) -> UInt64 { devices.aclint.time(now: now) }
    package func seed(for hart: Hart) -> UInt16? { nil }

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
        }
    }

    /// The next time at which something happens by itself: a device's timer or a hart's own.
    func nextDeadline(_ now: UInt64) -> UInt64 {
        let offset = devices.aclint.timeOffset
        var next = deadline
        for hart in harts {
            guard let due = hart.timerDeadline, due != Self.never else { continue }
            // What has expired already is no deadline.
            let at = due &- offset
            if due > now &+ offset, at > now { next = min(next, at) }
        }
        return next
    }

    private func timersChanged(_ now: UInt64) {
        deadline = devices.deadline(now: now) ?? Self.never
        running?.requestExit(.timer)
    }

    // MARK: Effects

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
        case .submit, .entropy: break
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
        case .inputClosed, .resize, .block, .entropy, .timer: break
        }
        settle()
    }

    /// Devices as after power-on. What was typed and not read stays.
    func reset() {
        var unread: [UInt8] = []
        while let byte = devices.uart.takeWaiting() { unread.append(byte) }
        devices = BoardDevices(board, unixNanoseconds: unixNanoseconds)
        devices.uart.receive(unread, &effects)
        effects = EffectList()
        deadline = Self.never
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

    /// The UART may have taken some of what was typed: gives it more, and tells the back end.
    private func inputMoved() {
        for index in consoles.indices where consoles[index].holdsInput {
            guard consoles[index].device == BoardDevices.uartConsole else { continue }
            let room = devices.uart.inputCapacity
            if room > 0, let bytes = consoles[index].takeWaiting(room) {
                devices.uart.receive(bytes, &effects)
                settle()
            }
            consoles[index].held(UART.waitingLimit - devices.uart.inputCapacity)
        }
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
}
