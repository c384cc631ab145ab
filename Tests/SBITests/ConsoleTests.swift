import Bits
import Effects
import SBI
import Testing

private let dbcn = SBIExtension.debugConsole
private let base = TestPlatform.base

@Suite struct ConsoleTests {
    @Test func writeTakesBytesFromMemory() {
        var supervisor = Supervisor()
        _ = supervisor.platform.write(GuestPhysical(base + 3), Array("hello".utf8))
        #expect(supervisor.call(dbcn, 0, 5, base + 3, 0) == value(5))
        #expect(
            supervisor.effects
                == [.outputBytes(device: Supervisor.console, Array("hello".utf8))])
        #expect(supervisor.call(dbcn, 2, 0x21) == ok)
        #expect(supervisor.effects == [.output(device: Supervisor.console, byte: 0x21)])
    }

    @Test func longWriteIsTakenInParts() {
        var supervisor = Supervisor()
        #expect(supervisor.call(dbcn, 0, 0x4000, base, 0) == value(4096))
    }

    @Test func readPutsWhatWasTyped() {
        var supervisor = Supervisor()
        #expect(supervisor.call(dbcn, 1, 8, base, 0) == ok)
        #expect(supervisor.effects.isEmpty)
        supervisor.platform.typed = Array("typed".utf8)
        #expect(supervisor.call(dbcn, 1, 3, base, 0) == value(3))
        #expect(
            supervisor.effects
                == [.wrote(GuestRange(start: GuestPhysical(base), count: 3))])
        #expect(supervisor.call(dbcn, 1, 8, base + 3, 0) == value(2))
        #expect(supervisor.platform.ram.bytes[..<6] == ArraySlice("typed\0".utf8))
    }

    @Test(arguments: [0, 1] as [UInt64]) func rangesOutsideMemory(function: UInt64) {
        var supervisor = Supervisor()
        supervisor.platform.typed = [1]
        for (count, low, high) in [
            (1, base - 1, 0), (2, base + 0x3fff, 0), (1, base, 1), (~0, base, 0), (16, ~0 - 7, 0),
        ] as [(UInt64, UInt64, UInt64)] {
            #expect(supervisor.call(dbcn, function, count, low, high) == error(.invalidParameter))
        }
        #expect(supervisor.call(dbcn, function, 0, 0, 0) == ok, "nothing is nowhere")
        #expect(supervisor.platform.typed == [1])
    }
}

@Suite struct FeatureTests {
    private let fwft = SBIExtension.features

    @Test func adUpdatingIsEachHartsOwn() {
        var supervisor = Supervisor()
        #expect(supervisor.call(fwft, 1, 4) == value(1))
        #expect(supervisor.call(fwft, 0, 4, 0, 0) == ok)
        #expect(supervisor.actions == [.setADUpdating(hart: 0, false)])
        #expect(supervisor.call(fwft, 1, 4) == ok)
        #expect(supervisor.call(fwft, 1, 4, hart: 1) == value(1))
    }

    @Test func withoutSvadu() {
        var supervisor = Supervisor { $0.canUpdateAD = false }
        #expect(supervisor.call(fwft, 1, 4) == error(.notSupported))
        #expect(supervisor.call(fwft, 0, 4, 1, 0) == error(.notSupported))
    }

    @Test func lockHolds() {
        var supervisor = Supervisor()
        #expect(supervisor.call(fwft, 0, 0, 1, 1) == ok)
        #expect(supervisor.call(fwft, 0, 0, 0, 0) == error(.deniedLocked))
        #expect(supervisor.call(fwft, 1, 0) == value(1))
        #expect(supervisor.call(fwft, 0, 4, 0, 0) == ok, "another feature")
    }

    @Test func errors() {
        var supervisor = Supervisor()
        #expect(supervisor.call(fwft, 0, 0, 2, 0) == error(.invalidParameter))
        #expect(supervisor.call(fwft, 0, 4, 1, 2) == error(.invalidParameter))
        for feature in [1, 2, 3, 5] as [UInt64] {
            #expect(supervisor.call(fwft, 0, feature, 1, 0) == error(.notSupported))
            #expect(supervisor.call(fwft, 1, feature) == error(.notSupported))
        }
        for feature in [6, 0x3fff_ffff, 0x4000_0000, 0xffff_ffff] as [UInt64] {
            #expect(supervisor.call(fwft, 0, feature, 1, 0) == error(.denied))
            #expect(supervisor.call(fwft, 1, feature) == error(.denied))
        }
        #expect(supervisor.call(fwft, 2, 0) == error(.notSupported))
    }
}
