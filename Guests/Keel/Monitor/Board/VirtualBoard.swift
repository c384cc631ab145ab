import Bits
import Devices
import Effects

/// Where the devices of a world answer: the numbers of QEMU's `virt` machine, which guests are
/// built for.
package enum BoardMap {
    package static let finisher: UInt64 = 0x10_0000
    package static let clock: UInt64 = 0x10_1000
    package static let clockLine = 11
    package static let clint: UInt64 = 0x200_0000
    package static let plic: UInt64 = 0xc00_0000
    package static let uart: UInt64 = 0x1000_0000
    package static let uartLine = 10
    package static let disk: UInt64 = 0x1000_1000
    package static let diskLine = 1
    package static let console: UInt64 = 0x1000_2000
    package static let consoleLine = 2

    /// A register of a hart that the world does not have: the CLINT keeps them at 0 (`msip` from 4,
    /// `mtimecmp` from 0x4008, up to `mtime`).
    static func isAnotherHarts(_ address: UInt64) -> Bool {
        let offset = address &- clint
        return (4..<0x4000).contains(offset) || (0x4008..<0xbff8).contains(offset)
    }

    static func isClaimed(_ address: UInt64) -> Bool {
        switch address {
        case plic..<plic + PLIC.windowBytes, uart..<uart + UART.windowBytes,
            disk..<console + VirtioTransport.windowBytes, clint..<clint + ACLINT.windowBytes,
            clock..<clock + RTC.windowBytes, finisher..<finisher + Finisher.windowBytes:
            true
        default: false
        }
    }
}

/// The devices of a world: those of `Devices`, and a disk. Each access is one pure step; what it
/// asks for waits in `effects`.
package struct VirtualBoard {
    package var uart = UART(device: 0, line: BoardMap.uartLine)
    var plic = PLIC(hartCount: 1)
    package var aclint = ACLINT(hartCount: 1)
    var finisher = Finisher()
    var clock: RTC
    package var disk: BlockDevice
    package var console = ConsoleDevice()
    package var effects = EffectList()

    package init(
        disk: BlockDevice = BlockDevice(base: 0, count: 0), unixNanoseconds: UInt64 = 0,
        ticksPerSecond: UInt64
    ) {
        self.disk = disk
        clock = RTC(
            line: BoardMap.clockLine, unixNanoseconds: unixNanoseconds,
            nanosecondsPerTick: 1_000_000_000 / max(1, ticksPerSecond))
    }

    /// Nil where nothing answers: an access fault.
    mutating func read(_ address: GuestPhysical, _ width: AccessWidth, now: UInt64) -> UInt64? {
        let raw = address.rawValue
        switch raw {
        case BoardMap.plic..<BoardMap.plic + PLIC.windowBytes:
            return plic.read(raw &- BoardMap.plic, width, &effects)
        case BoardMap.uart..<BoardMap.uart + UART.windowBytes:
            return uart.read(raw &- BoardMap.uart, width, &effects)
        case BoardMap.disk..<BoardMap.disk + VirtioTransport.windowBytes:
            return disk.read(raw &- BoardMap.disk, width)
        case BoardMap.console..<BoardMap.console + VirtioTransport.windowBytes:
            return console.read(raw &- BoardMap.console, width)
        case BoardMap.clint..<BoardMap.clint + ACLINT.windowBytes:
            return aclint.read(raw &- BoardMap.clint, width, now: now, &effects)
        case BoardMap.clock..<BoardMap.clock + RTC.windowBytes:
            return clock.read(raw &- BoardMap.clock, width, now: now, &effects)
        case BoardMap.finisher..<BoardMap.finisher + Finisher.windowBytes:
            return finisher.read(raw &- BoardMap.finisher, width, &effects)
        default: return nil
        }
    }

    mutating func write(
        _ address: GuestPhysical, _ value: UInt64, _ width: AccessWidth, now: UInt64,
        _ ram: GuestRAM
    ) -> Bool {
        let raw = address.rawValue
        switch raw {
        case BoardMap.plic..<BoardMap.plic + PLIC.windowBytes:
            return plic.write(raw &- BoardMap.plic, value, width, &effects)
        case BoardMap.uart..<BoardMap.uart + UART.windowBytes:
            return uart.write(raw &- BoardMap.uart, value, width, &effects)
        case BoardMap.disk..<BoardMap.disk + VirtioTransport.windowBytes:
            disk.write(raw &- BoardMap.disk, value, width, ram, &effects)
            return true
        case BoardMap.console..<BoardMap.console + VirtioTransport.windowBytes:
            console.write(raw &- BoardMap.console, value, width, ram, &effects)
            return true
        case BoardMap.clint..<BoardMap.clint + ACLINT.windowBytes:
            return aclint.write(raw &- BoardMap.clint, value, width, now: now, &effects)
        case BoardMap.clock..<BoardMap.clock + RTC.windowBytes:
            return clock.write(raw &- BoardMap.clock, value, width, now: now, &effects)
        case BoardMap.finisher..<BoardMap.finisher + Finisher.windowBytes:
            return finisher.write(raw &- BoardMap.finisher, value, width, &effects)
        default: return false
        }
    }

    /// Time has passed.
    mutating func tick(now: UInt64, _ ram: GuestRAM) {
        disk.goOn(ram, &effects)
        console.goOn(ram, &effects)
        aclint.tick(now: now, &effects)
        clock.tick(now: now, &effects)
    }
    /// A device has requests that its last round left.
    var isBusy: Bool { disk.isBusy || console.isBusy }

    /// When a device wants to be told the time.
    func deadline(now: UInt64) -> UInt64 {
        if isBusy { return now }
        return min(aclint.deadline(now: now) ?? ~0, clock.deadline(now: now) ?? ~0)
    }
}
