import Bits
import Effects
import GuestMemory

/// The host-target interface of the field's bare-metal programs: two doublewords, `tohost` and
/// `fromhost`, as Spike (`fesvr/htif.cc`, `device.cc`, `syscall.cc`) understands them.
///
/// A command is a device in bits 63:56, the device's command in 55:48 and a payload.
struct HTIF {
    let toHost: GuestPhysical
    let fromHost: GuestPhysical?
    /// The guest asked for a byte that nobody has typed yet.
    private var waitsForInput = false

    init?(_ plan: BootPlan, _ memory: GuestMemory) {
        guard let toHost = plan.toHost, toHost.rawValue & 7 == 0 else { return nil }
        self.toHost = toHost
        fromHost = plan.fromHost
        memory.watchStores(toHost)
    }

    private enum Device {
        static let system: UInt64 = 0
        static let console: UInt64 = 1
    }
    /// Numbers of Linux, whose calls the interface passes on.
    private enum Call {
        static let write: UInt64 = 64
        static let exit: UInt64 = 93
        static let notImplemented = UInt64(bitPattern: -38)
    }
    /// The most that one call prints.
    private static let writeLimit: UInt64 = 1 << 20

    /// The guest stored to the page of `tohost`: carries out the command that is there, if any.
    mutating func poll(_ memory: GuestMemory, _ bus: SystemBus) {
        guard let command = memory.load64(toHost), command != 0 else { return }
        _ = memory.store64(toHost, 0)
        let payload = command & 0xffff_ffff_ffff
        switch (command >> 56, command.bits(55, 48)) {
        case (Device.system, 0):
            if payload & 1 != 0 {
                bus.finish(Self.end(payload >> 1))
            } else {
                call(GuestPhysical(payload), memory, bus)
            }
        case (Device.console, 0):
            waitsForInput = true
            offerInput(memory, bus)
        case (Device.console, 1):
            bus.output(BoardDevices.uartConsole, [UInt8(truncatingIfNeeded: payload)])
        default: break
        }
    }

    /// Something may have been typed.
    mutating func offerInput(_ memory: GuestMemory, _ bus: SystemBus) {
        guard waitsForInput, let byte = bus.takeConsoleInput() else { return }
        waitsForInput = false
        respond(Device.console << 56 | 0x100 | UInt64(byte), memory)
    }

    private func respond(_ value: UInt64, _ memory: GuestMemory) {
        guard let fromHost else { return }
        _ = memory.store64(fromHost, value)
    }

    /// A system call: number and arguments lie at `block`, and the result goes there.
    private func call(_ block: GuestPhysical, _ memory: GuestMemory, _ bus: SystemBus) {
        guard let number = memory.load64(block), let address = memory.load64(block + 16),
            let count = memory.load64(block + 24)
        else { return }
        var result = Call.notImplemented
        switch number {
        case Call.exit:
            return bus.finish(Self.end(memory.load64(block + 8) ?? 0))
        case Call.write:
            let range = GuestRange(
                start: GuestPhysical(address), count: min(count, Self.writeLimit))
            if let bytes = memory.bytes(range) {
                bus.output(BoardDevices.uartConsole, bytes)
                result = range.count
            }
        default: break
        }
        _ = memory.store64(block, result)
        respond(1, memory)
    }

    /// A code that does not fit still says failure.
    private static func end(_ code: UInt64) -> EndOfRun {
        code == 0
            ? EndOfRun(.shutdown, exitCode: 0)
            : EndOfRun(.failure, exitCode: UInt8(clamping: code))
    }
}
