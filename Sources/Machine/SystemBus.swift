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
    var devices: BoardDevices
    var harts: [Hart] = []
    package var clock: BoardClock
    var deadlines = Deadlines()
    var effects = EffectList()
    private var settling = EffectList()
    /// Set once somebody ends the run; the run loop takes it.
    var end: EndOfRun?
    var consoles: [ConsolePort] = []
    package private(set) var accesses = AccessCounts()
    /// Told of each access, for tracing.
    var onAccess: ((DeviceAccess) -> Void)?
    /// Memory that a device wrote: translations of it are stale.
    var onWrite: (GuestRange) -> Void = { _ in }

    init(board: Board, memory: GuestMemory, clock: BoardClock) {
        self.board = board
        self.memory = memory
        self.clock = clock
        devices = BoardDevices(board)
    }

    // MARK: What harts do

    package func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? {
        guard let (place, offset) = Self.find(address) else { return nil }
        accesses.count(place, isStore: false)
        let value: UInt64? =
            switch place {
            case .uart: devices.uart.read(offset, width, &effects)
            case .finisher: devices.finisher.read(offset, width, &effects)
            default: 0
            }
        if let onAccess {
            onAccess(DeviceAccess(hart.id, place, address, width, isStore: false, value))
        }
        if !effects.isEmpty { settle() }
        return value
    }

    package func store(
        _ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart
    ) -> Bool {
        guard let (place, offset) = Self.find(address) else { return false }
        accesses.count(place, isStore: true)
        let value = value & width.mask
        let done =
            switch place {
            case .uart: devices.uart.write(offset, value, width, &effects)
            case .finisher: devices.finisher.write(offset, value, width, &effects)
            default: true
            }
        if let onAccess {
            onAccess(
                DeviceAccess(hart.id, place, address, width, isStore: true, done ? value : nil))
        }
        if !effects.isEmpty { settle() }
        return done
    }

    package func time(for hart: Hart) -> UInt64 { now }
    package func seed(for hart: Hart) -> UInt16? { nil }

    /// The board's `time`; exact inside a device access too.
    var now: UInt64 { clock.ticks(retired: retired) }
    /// What all harts retired.
    var retired: UInt64 {
        var sum: UInt64 = 0
        for hart in harts { sum &+= hart.retired }
        return sum
    }

    /// The window that an address lies in, by comparison from the busiest down.
    private static func find(_ address: GuestPhysical) -> (Place, UInt64)? {
        let raw = address.rawValue
        switch raw {
        case 0xc00_0000..<0xc60_0000: return (.plic, raw &- AddressMap.plic.start)
        case 0x1000_1000..<0x1000_9000:
            let slot = Int(truncatingIfNeeded: (raw &- 0x1000_1000) &>> 12)
            return (.virtio(slot: slot), raw & 0xfff)
        case 0x1000_0000..<0x1000_0100: return (.uart, raw & 0xff)
        case 0x200_0000..<0x201_0000: return (.clint, raw &- AddressMap.clint.start)
        case 0x2f0_0000..<0x2f0_4000:
            return (.supervisorSoftware, raw &- AddressMap.supervisorSoftware.start)
        case 0x10_0000..<0x10_1000: return (.finisher, raw & 0xfff)
        case 0x10_1000..<0x10_2000: return (.rtc, raw & 0xfff)
        default: return nil
        }
    }

    // MARK: Effects

    /// Carries out what devices asked for, and what that asks for in turn.
    func settle() {
        while !effects.isEmpty {
            swap(&effects, &settling)
            settling.drain { apply($0) }
        }
    }

    private func apply(_ effect: Effect) {
        switch effect {
        case .raise(let line): setLevel(line, true)
        case .lower(let line): setLevel(line, false)
        case .interrupt(let hart, let line, let level):
            guard harts.indices.contains(hart) else { return }
            harts[hart].setLines(1 &<< UInt64(line.rawValue), level)
        case .schedule: break
        case .output(let device, let byte):
            port(device)?.output(byte)
        case .outputBytes(let device, let bytes):
            port(device)?.output(bytes)
        case .submit, .entropy: break
        case .wrote(let range): onWrite(range)
        case .end(let end): finish(end)
        }
    }

    private func setLevel(_ line: Int, _ level: Bool) {
    }

    /// The first end counts.
    func finish(_ end: EndOfRun) {
        if self.end == nil { self.end = end }
        for hart in harts { hart.requestExit() }
    }
}

extension SystemBus {
    /// Devices as after power-on. What was typed and not read stays.
    func reset() {
        let unread = devices
        devices = BoardDevices(board)
        deadlines = Deadlines()
        effects = EffectList()
        end = nil
        _ = unread
    }

    /// The outside says something.
    func deliver(_ event: Event) {
        switch event {
        case .input(let device, let bytes):
            if device == BoardDevices.uartConsole { devices.uart.receive(bytes, &effects) }
        case .stop(let exitCode): finish(EndOfRun(.shutdown, exitCode: exitCode))
        case .inputClosed, .resize, .block, .entropy, .timer: break
        }
        settle()
    }
}
