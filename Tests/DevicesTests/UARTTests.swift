import Bits
import Devices
import Effects
import Testing

/// A port and everything that it asked for.
struct Port {
    var uart = UART(device: 3, line: 10)
    var effects = EffectList()

    mutating func read(_ offset: UInt64) -> UInt64 {
        uart.read(offset, .byte, &effects) ?? 0xdead
    }
    mutating func write(_ offset: UInt64, _ value: UInt64) {
        #expect(uart.write(offset, value, .byte, &effects))
    }
    mutating func send(_ text: String) { uart.receive(Array(text.utf8), &effects) }
    /// The level of the interrupt line, as the effects told it.
    var isRaised: Bool {
        for effect in effects.items.reversed() {
            if effect == .raise(line: 10) { return true }
            if effect == .lower(line: 10) { return false }
        }
        return false
    }
    var output: String {
        var bytes: [UInt8] = []
        for case .output(device: 3, let byte) in effects.items { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

private let rbr: UInt64 = 0
private let ier: UInt64 = 1
private let iir: UInt64 = 2
private let fcr: UInt64 = 2
private let lcr: UInt64 = 3
private let mcr: UInt64 = 4
private let lsr: UInt64 = 5
private let msr: UInt64 = 6
private let scr: UInt64 = 7

@Suite struct UARTTests {
    @Test func resetStateIsThatOfTheDataSheet() {
        var port = Port()
        #expect(port.read(ier) == 0)
        #expect(port.read(iir) == 0x01)
        #expect(port.read(lcr) == 0)
        #expect(port.read(mcr) == 0)
        #expect(port.read(lsr) == 0x60)
        #expect(port.read(msr) & 0x0f == 0)
    }

    @Test func transmitsAndStaysReady() {
        var port = Port()
        for byte in "hi\n".utf8 { port.write(rbr, UInt64(byte)) }
        #expect(port.output == "hi\n")
        #expect(port.read(lsr) == 0x60)
    }

    @Test func divisorLatchHidesDataAndInterruptEnable() {
        var port = Port()
        port.write(ier, 0x05)
        port.write(lcr, 0x83)
        port.write(rbr, 0x34)
        port.write(ier, 0x12)
        #expect(port.read(rbr) == 0x34)
        #expect(port.read(ier) == 0x12)
        port.write(lcr, 0x03)
        #expect(port.read(ier) == 0x05)
        #expect(port.output.isEmpty)
    }

    @Test func scratchHoldsAndInterruptEnableKeepsFourBits() {
        var port = Port()
        port.write(scr, 0xa5)
        #expect(port.read(scr) == 0xa5)
        port.write(ier, 0xff)
        #expect(port.read(ier) == 0x0f)
    }

    @Test func fifoBitsShowInIdentification() {
        var port = Port()
        port.write(fcr, 0x01)
        #expect(port.read(iir) == 0xc1)
        port.write(fcr, 0x00)
        #expect(port.read(iir) == 0x01)
    }

    @Test func receivedDataInterruptFollowsTheTrigger() {
        var port = Port()
        port.write(fcr, 0x41)  // trigger at 4
        port.write(ier, 0x01)
        port.send("abc")
        #expect(port.isRaised)
        #expect(port.read(iir) == 0xcc, "below the trigger: character time-out")
        port.send("d")
        #expect(port.read(iir) == 0xc4)
        for byte in "abcd".utf8 { #expect(port.read(rbr) == UInt64(byte)) }
        #expect(!port.isRaised)
        #expect(port.read(iir) == 0xc1)
        #expect(port.read(lsr) & 1 == 0)
    }

    @Test(arguments: [(0x01, 1), (0x41, 4), (0x81, 8), (0xc1, 14)] as [(UInt64, Int)])
    func triggerLevels(control: UInt64, level: Int) {
        var port = Port()
        port.write(fcr, control)
        port.write(ier, 0x01)
        port.send(String(repeating: "x", count: level - 1))
        #expect(port.read(iir) == (level == 1 ? 0xc1 : 0xcc))
        port.send("x")
        #expect(port.read(iir) == 0xc4)
    }

    @Test func transmitterEmptyInterruptClearsOnIdentification() {
        var port = Port()
        port.write(ier, 0x02)
        #expect(port.isRaised)
        #expect(port.read(iir) == 0x02)
        #expect(!port.isRaised)
        #expect(port.read(iir) == 0x01)
        port.write(rbr, 0x41)
        #expect(port.isRaised, "the register is empty again at once")
        // Linux tests for a bug of some ports: enabling again must interrupt again.
        #expect(port.read(iir) == 0x02)
        port.write(ier, 0x00)
        port.write(ier, 0x02)
        #expect(port.read(iir) == 0x02)
    }

    /// xv6's driver looks at the line status alone: it must not be interrupted for ever.
    @Test func transmitterEmptyInterruptClearsOnTheSecondLook() {
        var port = Port()
        port.write(ier, 0x03)
        _ = port.read(lsr)
        #expect(port.isRaised, "Linux looks once before it reads the identification")
        _ = port.read(lsr)
        #expect(!port.isRaised)
        port.write(rbr, 0x41)
        #expect(port.isRaised)
    }

    @Test func identificationNamesTheMostUrgent() {
        var port = Port()
        port.write(ier, 0x0f)
        port.write(mcr, 0x10)  // loopback: the modem's lines fall, so deltas
        port.write(rbr, 0x41)
        port.write(rbr, 0x42)  // overrun of the one-byte buffer
        #expect(port.read(iir) == 0x06)
        #expect(port.read(lsr) == 0x63)
        #expect(port.read(iir) == 0x04)
        #expect(port.read(rbr) == 0x42)
        #expect(port.read(iir) == 0x02)
        #expect(port.read(iir) == 0x00)
        #expect(port.read(msr) & 0x0f == 0x0b)
        #expect(port.read(iir) == 0x01)
        #expect(!port.isRaised)
    }

    @Test func loopbackMirrorsModemControl() {
        var port = Port()
        port.write(mcr, 0x1a)  // Linux's probe: loopback, OUT2 and RTS
        #expect(port.read(msr) & 0xf0 == 0x90)
        port.write(mcr, 0x15)
        #expect(port.read(msr) & 0xf0 == 0x60)
        port.write(mcr, 0x10)
        #expect(port.read(msr) == 0x06, "DSR changed, and the ring indicator's trailing edge")
        port.write(rbr, 0x55)
        #expect(port.output.isEmpty)
        #expect(port.read(lsr) & 1 == 1)
        #expect(port.read(rbr) == 0x55)
    }

    @Test func fullFIFOKeepsItsContentsOnOverrun() {
        var port = Port()
        port.write(fcr, 0x01)
        port.write(mcr, 0x10)
        for value in 0..<17 as Range<UInt64> { port.write(rbr, value) }
        #expect(port.read(lsr) & 0x03 == 0x03)
        #expect(port.read(lsr) & 0x03 == 0x01, "reading clears the overrun")
        for value in 0..<16 as Range<UInt64> { #expect(port.read(rbr) == value) }
        #expect(port.read(lsr) & 1 == 0)
    }

    @Test func breakShowsWithItsCharacterAndOnce() {
        var port = Port()
        port.write(fcr, 0x01)
        port.write(ier, 0x05)
        port.uart.receiveBreak(&port.effects)
        #expect(port.read(iir) == 0xc6)
        #expect(port.read(lsr) == 0xf1)
        #expect(port.read(lsr) == 0x61)
        #expect(port.read(rbr) == 0)
    }

    @Test func pollingWithoutInterruptsReceives() {
        var port = Port()
        port.send("ok")
        var read = ""
        for _ in 0..<8 where port.read(lsr) & 1 == 1 {
            read.append(Character(UnicodeScalar(UInt8(port.read(rbr)))))
        }
        #expect(read == "ok")
    }

    @Test func driverStartLosesNoInput() {
        var port = Port()
        port.send("type-ahead")
        // The order of Linux's serial8250_do_startup, after a boot console printed.
        for byte in "log".utf8 where port.read(lsr) & 0x20 != 0 { port.write(rbr, UInt64(byte)) }
        port.write(ier, 0x0f)
        port.write(ier, 0x00)
        port.write(fcr, 0x01)
        port.write(fcr, 0x07)
        port.write(fcr, 0x00)
        for register in [lsr, rbr, iir, msr] { _ = port.read(register) }
        port.write(fcr, 0x81)
        port.write(ier, 0x05)
        var read = ""
        while port.read(lsr) & 1 == 1 {
            read.append(Character(UnicodeScalar(UInt8(port.read(rbr)))))
        }
        #expect(read == "type-ahead")
    }

    @Test func senderKeepsWhatDoesNotFit() {
        var port = Port()
        #expect(port.uart.inputCapacity == UART.waitingLimit)
        let taken = port.uart.receive(
            [UInt8](repeating: 7, count: UART.waitingLimit + 9), &port.effects)
        #expect(taken == UART.waitingLimit)
        #expect(port.uart.inputCapacity == 0)
        #expect(port.uart.receive([1], &port.effects) == 0)
        port.write(fcr, 0x01)
        port.write(ier, 0x01)
        #expect(port.uart.inputCapacity == 16)
    }

    @Test func widerAccessesMeanTheRegisterAtTheirAddress() {
        var port = Port()
        #expect(port.uart.write(0, 0x4142_4344, .word, &port.effects))
        #expect(port.output == "D")
        #expect(port.uart.read(4, .word, &port.effects) == 0)
        #expect(port.uart.read(5, .word, &port.effects) == nil)
        #expect(port.uart.read(8, .byte, &port.effects) == nil)
        #expect(!port.uart.write(8, 0, .byte, &port.effects))
    }

    @Test func firmwareTakesWhatTheReceiverHasNotSeen() {
        var port = Port()
        port.send("ab")
        #expect(port.uart.takeWaiting() == 0x61)
        #expect(port.uart.takeWaiting() == 0x62)
        #expect(port.uart.takeWaiting() == nil)
    }
}
