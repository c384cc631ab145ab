import CSkiff

/// A 16550: registers by name, with the offsets of its data sheet.
struct UART {
    enum Register: UInt64 {
        /// Received data when read, data to send when written.
        case data = 0
        case interruptEnable = 1
        /// FIFO control when written, interrupt identification when read.
        case fifoControl = 2
        case lineControl = 3
        case modemControl = 4
        case lineStatus = 5
        case scratch = 7
    }
    static let dataReady: UInt8 = 1 << 0
    static let transmitterEmpty: UInt8 = 1 << 5

    let device: Device

    func read(_ register: Register) -> UInt8 {
        load8(device.address + register.rawValue << device.shift)
    }
    func write(_ register: Register, _ value: UInt8) {
        store8(device.address + register.rawValue << device.shift, value)
    }

    /// Eight bits, FIFOs on and empty, DTR and RTS, an interrupt for received data.
    func start() {
        write(.interruptEnable, 0)
        write(.lineControl, 3)
        write(.fifoControl, 7)
        write(.modemControl, 0xb)
        write(.interruptEnable, 1)
    }

    func send(_ byte: UInt8) {
        while read(.lineStatus) & Self.transmitterEmpty == 0 {}
        write(.data, byte)
    }

    func receive() -> UInt8? {
        read(.lineStatus) & Self.dataReady != 0 ? read(.data) : nil
    }
}
