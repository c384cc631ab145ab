import Bits
import Effects
import SBI

/// RAM and a keyboard for the firmware.
struct TestPlatform: SBIPlatform {
    static let base: UInt64 = 0x8000_0000
    final class RAM { var bytes = [UInt8](repeating: 0, count: 0x4000) }
    let ram = RAM()
    var typed: [UInt8] = []

    func contains(_ range: GuestRange) -> Bool {
        let count = UInt64(ram.bytes.count)
        let start = range.start.rawValue &- Self.base
        return range.start.rawValue >= Self.base && start <= count && range.count <= count - start
    }
    func bytes(_ range: GuestRange) -> [UInt8]? {
        guard contains(range) else { return nil }
        let start = Int(range.start.rawValue - Self.base)
        return Array(ram.bytes[start..<start + Int(range.count)])
    }
    func write(_ address: GuestPhysical, _ bytes: [UInt8]) -> Bool {
        guard contains(GuestRange(start: address, count: UInt64(bytes.count))) else { return false }
        let start = Int(address.rawValue - Self.base)
        ram.bytes.replaceSubrange(start..<start + bytes.count, with: bytes)
        return true
    }
    mutating func takeConsoleInput() -> UInt8? { typed.isEmpty ? nil : typed.removeFirst() }
}

/// Harts in S-mode, of which 0 runs.
struct Supervisor {
    static let console = 7
    var platform = TestPlatform()
    var firmware: SBIFirmware
    /// What the last call asked for.
    var outcome = SBIOutcome()

    init(
        harts: Int = 4, change: (inout SBIFirmware.Configuration) -> Void = { _ in }
    ) {
        var configuration = SBIFirmware.Configuration(hartCount: harts, console: Self.console)
        change(&configuration)
        firmware = SBIFirmware(configuration)
    }

    @discardableResult
    mutating func call(
        _ eid: UInt64, _ function: UInt64, _ arguments: UInt64..., hart: Int = 0
    ) -> SBIReply {
        let a = arguments + [UInt64](repeating: 0, count: 6 - arguments.count)
        outcome = SBIOutcome()
        return firmware.call(
            SBICall(
                hart: hart, extension: eid, function: function, a0: a[0], a1: a[1], a2: a[2],
                a3: a[3], a4: a[4], a5: a[5]), &platform, &outcome)
    }
    mutating func startAll() {
        for hart in 1..<64 as Range<UInt64> {
            call(SBIExtension.hartState, 0, hart, TestPlatform.base)
        }
    }
    var actions: [SBIAction] { outcome.actions }
    var effects: [Effect] { outcome.effects.items }
}

let ok = SBIReply.pair(.success, 0)
func value(_ value: UInt64) -> SBIReply { .pair(.success, value) }
func error(_ error: SBIError) -> SBIReply { .pair(error, 0) }
