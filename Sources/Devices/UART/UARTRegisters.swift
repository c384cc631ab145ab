import Bits

extension UART {
    /// The eight addresses (PC16550D data sheet, table "Summary of Registers").
    package enum Register: UInt8, Sendable {
        /// Receiver buffer (read), transmitter holding (write), divisor low (DLAB).
        case data
        /// Interrupt enable; divisor high (DLAB).
        case interruptEnable
        /// Interrupt identification (read), FIFO control (write).
        case interruptIdentification
        case lineControl
        case modemControl
        case lineStatus
        case modemStatus
        case scratch
    }

    /// Registers are bytes. Programs that store a word to a byte register are common and work on
    /// real boards, so a wider access counts as one to the register at its address.
    static func access(_ offset: UInt64, _ width: AccessWidth) -> RegisterAccess<Register>? {
        guard offset < 8, let register = Register(rawValue: UInt8(truncatingIfNeeded: offset))
        else { return nil }
        return RegisterAccess(register, at: offset, .byte, .wider, offset: offset, width)
    }

    enum InterruptEnable {
        static let receivedData: UInt8 = 0x01
        static let transmitterEmpty: UInt8 = 0x02
        static let lineStatus: UInt8 = 0x04
        static let modemStatus: UInt8 = 0x08
        static let all: UInt8 = 0x0f
    }

    /// What the identification register says, most urgent first.
    enum Identification {
        static let lineStatus: UInt8 = 0x06
        static let receivedData: UInt8 = 0x04
        static let characterTimeout: UInt8 = 0x0c
        static let transmitterEmpty: UInt8 = 0x02
        static let modemStatus: UInt8 = 0x00
        static let none: UInt8 = 0x01
        static let fifosEnabled: UInt8 = 0xc0
    }

    enum FIFOControl {
        static let enable: UInt8 = 0x01
        static let resetReceiver: UInt8 = 0x02
    }

    enum LineControl { static let divisorLatch: UInt8 = 0x80 }

    enum ModemControl {
        static let dataTerminalReady: UInt8 = 0x01
        static let requestToSend: UInt8 = 0x02
        static let out1: UInt8 = 0x04
        static let out2: UInt8 = 0x08
        static let loopback: UInt8 = 0x10
        static let all: UInt8 = 0x1f
    }

    enum LineStatus {
        static let dataReady: UInt8 = 0x01
        static let overrun: UInt8 = 0x02
        static let breakReceived: UInt8 = 0x10
        static let holdingEmpty: UInt8 = 0x20
        static let transmitterEmpty: UInt8 = 0x40
        static let errorInFIFO: UInt8 = 0x80
    }

    enum ModemStatus {
        static let deltaClearToSend: UInt8 = 0x01
        static let deltaDataSetReady: UInt8 = 0x02
        static let trailingEdgeRing: UInt8 = 0x04
        static let deltaCarrierDetect: UInt8 = 0x08
        static let clearToSend: UInt8 = 0x10
        static let dataSetReady: UInt8 = 0x20
        static let ringIndicator: UInt8 = 0x40
        static let carrierDetect: UInt8 = 0x80
        /// What a plugged-in terminal shows.
        static let connected: UInt8 = clearToSend | dataSetReady | carrierDetect
    }
}
