import Bits
import Effects

/// A 16550A serial port with its two 16-byte FIFOs.
///
/// The line is infinitely fast: what is transmitted is gone at once, and a character time-out comes
/// without a wait. Its sender is flow-controlled: a byte that the guest has not read is never lost,
/// it stays in `waiting`, and beyond `waitingLimit` with the host. So a script on a pipe survives a
/// driver's start, which clears the FIFOs more than once.
package struct UART: Sendable, Equatable {
    package static let windowBytes: UInt64 = 0x100
    package static let fifoDepth = 16
    package static let waitingLimit = 4096

    /// A character in the receiver, with what was wrong with it.
    package struct Received: Sendable, Equatable {
        var byte: UInt8
        var isBreak: Bool
    }

    /// Which console this is in effects and events.
    package let device: Int
    /// Its source number at the interrupt controller.
    package let line: Int

    var interruptEnable: UInt8 = 0
    var lineControl: UInt8 = 0
    var modemControl: UInt8 = 0
    var modemDeltas: UInt8 = 0
    var scratch: UInt8 = 0
    var divisor: UInt16 = 0
    var fifosEnabled = false
    var triggerLevel = 1
    var overrun = false
    /// The "transmitter holding register empty" interrupt is due.
    var transmitterEmptyIsDue = false
    /// What the guest can read.
    var receiver: [Received] = []
    /// What was sent to the port and has not entered the receiver.
    var waiting: [UInt8] = []
    /// The last access was a look at an empty receiver.
    var guestPolls = false
    var lineIsRaised = false

    package init(device: Int, line: Int) {
        self.device = device
        self.line = line
    }

    // MARK: Register accesses

    package mutating func read(
        _ offset: UInt64, _ width: AccessWidth, _ effects: inout EffectList
    ) -> UInt64? {
        guard let access = Self.access(offset, width) else { return nil }
        let value = read(access.register)
        if access.register != .lineStatus { guestPolls = false }
        settle(&effects)
        return UInt64(value)
    }

    package mutating func write(
        _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, _ effects: inout EffectList
    ) -> Bool {
        guard let access = Self.access(offset, width) else { return false }
        guestPolls = false
        write(access.register, UInt8(truncatingIfNeeded: value), &effects)
        settle(&effects)
        return true
    }

    private mutating func read(_ register: Register) -> UInt8 {
        switch register {
        case .data:
            if divisorIsVisible { return UInt8(truncatingIfNeeded: divisor) }
            return receiver.isEmpty ? 0 : receiver.removeFirst().byte
        case .interruptEnable:
            return divisorIsVisible ? UInt8(truncatingIfNeeded: divisor >> 8) : interruptEnable
        case .interruptIdentification:
            let source = identification
            if source == Identification.transmitterEmpty { transmitterEmptyIsDue = false }
            return fifosEnabled ? source | Identification.fifosEnabled : source
        case .lineControl: return lineControl
        case .modemControl: return modemControl
        case .lineStatus: return readLineStatus()
        case .modemStatus:
            defer { modemDeltas = 0 }
            return modemLines | modemDeltas
        case .scratch: return scratch
        }
    }

    private mutating func write(_ register: Register, _ value: UInt8, _ effects: inout EffectList) {
        switch register {
        case .data:
            if divisorIsVisible {
                divisor = divisor & 0xff00 | UInt16(value)
            } else {
                transmit(value, &effects)
            }
        case .interruptEnable:
            if divisorIsVisible {
                divisor = divisor & 0x00ff | UInt16(value) << 8
            } else {
                let enabled = value & ~interruptEnable
                // Enabling it finds the register empty, so the interrupt is due anew.
                if enabled & InterruptEnable.transmitterEmpty != 0 { transmitterEmptyIsDue = true }
                interruptEnable = value & InterruptEnable.all
            }
        case .interruptIdentification: writeFIFOControl(value)
        case .lineControl: lineControl = value
        case .modemControl: writeModemControl(value)
        case .lineStatus, .modemStatus: break  // "intended for read operations only"
        case .scratch: scratch = value
        }
    }

    private mutating func readLineStatus() -> UInt8 {
        if receiver.isEmpty {
            // Two looks in a row are how a program without interrupts waits for a byte; one look
            // comes before each byte that it prints.
            if guestPolls {
                fillReceiver()
                // It has seen the holding register empty, too. A driver that never reads the
                // identification (older xv6 kernels) would be interrupted for ever.
                transmitterEmptyIsDue = false
            }
            guestPolls = receiver.isEmpty
        }
        var status = LineStatus.holdingEmpty | LineStatus.transmitterEmpty
        if let first = receiver.first {
            status |= LineStatus.dataReady
            if first.isBreak { status |= LineStatus.breakReceived }
        }
        if overrun { status |= LineStatus.overrun }
        if fifosEnabled, receiver.contains(where: { $0.isBreak }) {
            status |= LineStatus.errorInFIFO
        }
        overrun = false
        if !receiver.isEmpty { receiver[0].isBreak = false }
        return status
    }

    private mutating func writeFIFOControl(_ value: UInt8) {
        let enable = value & FIFOControl.enable != 0
        if enable != fifosEnabled || value & FIFOControl.resetReceiver != 0 { emptyReceiver() }
        fifosEnabled = enable
        // "Bit 0 must be a 1 when other FCR bits are written to or they will not be programmed."
        guard enable else { return }
        switch value >> 6 {
        case 0: triggerLevel = 1
        case 1: triggerLevel = 4
        case 2: triggerLevel = 8
        default: triggerLevel = 14
        }
    }

    private mutating func writeModemControl(_ value: UInt8) {
        let before = modemLines
        // Looped characters and those from the line never meet in one FIFO.
        if (value ^ modemControl) & ModemControl.loopback != 0 { emptyReceiver() }
        modemControl = value & ModemControl.all
        let changed = before ^ modemLines
        if changed & ModemStatus.clearToSend != 0 { modemDeltas |= ModemStatus.deltaClearToSend }
        if changed & ModemStatus.dataSetReady != 0 { modemDeltas |= ModemStatus.deltaDataSetReady }
        if changed & ModemStatus.carrierDetect != 0 {
            modemDeltas |= ModemStatus.deltaCarrierDetect
        }
        if changed & before & ModemStatus.ringIndicator != 0 {
            modemDeltas |= ModemStatus.trailingEdgeRing
        }
    }

    // MARK: The line

    /// How many more bytes `receive` takes.
    package var inputCapacity: Int { max(0, Self.waitingLimit - waiting.count) }

    /// Bytes arrive. Returns how many were taken; the rest stays with the sender.
    @discardableResult
    package mutating func receive(_ bytes: [UInt8], _ effects: inout EffectList) -> Int {
        let taken = min(bytes.count, inputCapacity)
        waiting.append(contentsOf: bytes[..<taken])
        settle(&effects)
        return taken
    }

    /// The line was held low for longer than a character.
    package mutating func receiveBreak(_ effects: inout EffectList) {
        guard !isLooped, receiver.count < capacity else { return }
        receiver.append(Received(byte: 0, isBreak: true))
        settle(&effects)
    }

    /// Takes a byte that the receiver has not seen: firmware reads the same console.
    package mutating func takeWaiting() -> UInt8? {
        waiting.isEmpty ? nil : waiting.removeFirst()
    }

    private mutating func transmit(_ byte: UInt8, _ effects: inout EffectList) {
        transmitterEmptyIsDue = true
        guard isLooped else { return effects.append(.output(device: device, byte: byte)) }
        if receiver.count < capacity {
            receiver.append(Received(byte: byte, isBreak: false))
        } else {
            overrun = true
            // A FIFO keeps what it has; a single buffer is overwritten.
            if !fifosEnabled { receiver[0] = Received(byte: byte, isBreak: false) }
        }
    }

    private mutating func fillReceiver() {
        guard !isLooped else { return }
        let count = min(capacity - receiver.count, waiting.count)
        guard count > 0 else { return }
        for byte in waiting[..<count] { receiver.append(Received(byte: byte, isBreak: false)) }
        waiting.removeFirst(count)
    }

    /// Clears the receiver. What came from the line goes back to the sender.
    private mutating func emptyReceiver() {
        if !isLooped {
            var unread: [UInt8] = []
            for entry in receiver where !entry.isBreak { unread.append(entry.byte) }
            waiting.insert(contentsOf: unread, at: 0)
        }
        receiver.removeAll(keepingCapacity: true)
    }

    // MARK: Interrupts

    private var identification: UInt8 {
        if interruptEnable & InterruptEnable.lineStatus != 0,
            overrun || receiver.first?.isBreak == true
        {
            return Identification.lineStatus
        }
        if interruptEnable & InterruptEnable.receivedData != 0, !receiver.isEmpty {
            return fifosEnabled && receiver.count < triggerLevel
                ? Identification.characterTimeout : Identification.receivedData
        }
        if interruptEnable & InterruptEnable.transmitterEmpty != 0, transmitterEmptyIsDue {
            return Identification.transmitterEmpty
        }
        if interruptEnable & InterruptEnable.modemStatus != 0, modemDeltas != 0 {
            return Identification.modemStatus
        }
        return Identification.none
    }

    /// After every step: lets waiting bytes in if the guest takes interrupts for them, and drives
    /// the interrupt line.
    private mutating func settle(_ effects: inout EffectList) {
        if interruptEnable & InterruptEnable.receivedData != 0 { fillReceiver() }
        let raised = identification != Identification.none
        guard raised != lineIsRaised else { return }
        lineIsRaised = raised
        effects.append(raised ? .raise(line: line) : .lower(line: line))
    }

    private var divisorIsVisible: Bool { lineControl & LineControl.divisorLatch != 0 }
    private var isLooped: Bool { modemControl & ModemControl.loopback != 0 }
    private var capacity: Int { fifosEnabled ? Self.fifoDepth : 1 }

    /// The modem's four lines; in loopback they are the port's own outputs.
    private var modemLines: UInt8 {
        guard isLooped else { return ModemStatus.connected }
        var lines: UInt8 = 0
        if modemControl & ModemControl.requestToSend != 0 { lines |= ModemStatus.clearToSend }
        if modemControl & ModemControl.dataTerminalReady != 0 { lines |= ModemStatus.dataSetReady }
        if modemControl & ModemControl.out1 != 0 { lines |= ModemStatus.ringIndicator }
        if modemControl & ModemControl.out2 != 0 { lines |= ModemStatus.carrierDetect }
        return lines
    }
}
