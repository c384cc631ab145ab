import RISCV
import SBI
import Testing

@Suite struct BaseTests {
    @Test func identity() {
        var supervisor = Supervisor {
            $0.vendorID = 1
            $0.architectureID = 2
            $0.implementationID = 3
        }
        #expect(supervisor.call(0x10, 0) == value(0x0300_0000), "version 3.0: major from bit 24 on")
        #expect(supervisor.call(0x10, 1) == value(0x4875_6c6c))
        #expect(supervisor.call(0x10, 2) == value(1))
        #expect(supervisor.call(0x10, 4) == value(1))
        #expect(supervisor.call(0x10, 5) == value(2))
        #expect(supervisor.call(0x10, 6) == value(3))
        #expect(supervisor.call(0x10, 7) == error(.notSupported))
    }

    @Test func probeSaysWhatCallsAnswer() {
        var supervisor = Supervisor()
        let offered: [UInt64] = [
            0, 1, 2, 3, 8, 0x10, 0x5449_4d45, 0x73_5049, 0x5246_4e43, 0x48_534d, 0x5352_5354,
            0x50_4d55, 0x4442_434e, 0x5355_5350, 0x4657_4654,
        ]
        for eid in offered { #expect(supervisor.call(0x10, 3, eid) == value(1)) }
        // Nested acceleration, steal-time accounting, CPPC, the experimental and vendors' spaces.
        for eid in [4, 7, 9, 0x11, 0x4e41_434c, 0x53_5441, 0x4350_5043, 0x0800_0000, ~0] as [UInt64]
        {
            #expect(supervisor.call(0x10, 3, eid) == ok)
        }
        for eid in [0x11, 0x4e41_434c, 0x53_5441, 0x0800_0000, ~0] as [UInt64] {
            #expect(supervisor.call(eid, 0) == error(.notSupported))
        }
    }

    @Test func unknownFunctionsAreNotSupported() {
        for eid in [0x10, 0x5449_4d45, 0x73_5049, 0x5246_4e43, 0x48_534d, 0x5352_5354] as [UInt64] {
            for function in [100, 1 << 32, ~0] as [UInt64] {
                var supervisor = Supervisor()
                #expect(supervisor.call(eid, function) == error(.notSupported))
            }
        }
    }

    @Test func legacyCallsAnswerInOneRegister() {
        var supervisor = Supervisor()
        #expect(supervisor.call(1, 0, 0x141) == .legacy(0))
        #expect(supervisor.effects == [.output(device: Supervisor.console, byte: 0x41)])
        #expect(supervisor.call(2, 0) == .legacy(-1))
        supervisor.platform.typed = [0xff]
        #expect(supervisor.call(2, 0) == .legacy(0xff))
        #expect(supervisor.call(0, 0, 1234) == .legacy(0))
        #expect(supervisor.actions == [.setTimer(hart: 0, deadline: 1234)])
        #expect(supervisor.call(3, 0) == .legacy(0))
        #expect(supervisor.effects == [.interrupt(hart: 0, .supervisorSoftware, false)])
        #expect(supervisor.call(5, 0) == .legacy(-2))
        #expect(supervisor.call(8, 0) == .none)
    }

    @Test func bootStateIsAFirmwares() {
        func setting(_ number: Int, updatesAD: Bool = true) -> UInt64? {
            FirmwareBootState(updatesAD: updatesAD).settings.first { $0.number == number }?.value
        }
        #expect(setting(0x30a) == 0xe000_0000_0000_00f0)
        #expect(setting(0x30a, updatesAD: false) == 0xc000_0000_0000_00f0)
        #expect(setting(0x302).map { $0 & 0xb9ff } == 0xb1ff, "all but ecall from S and M")
        #expect(setting(0x303).map { $0 & 0x222 } == 0x222)
        #expect(setting(0x306).map { $0 & 7 } == 7)
        #expect(setting(0x3a0) == 0x1f)
        #expect(setting(0x3b0) == 0x3f_ffff_ffff_ffff)
        #expect(setting(0x14d) == ~0)
    }
}
