import Journal

/// Where a console device meets its back end.
struct ConsolePort {
    /// The device's number in effects and events.
    let device: Int
    let backEnd: any ConsoleBackEnd
    /// What was delivered and the device has not taken.
    var window = InputWindow()
    /// Delivered, but the device had no room for it.
    var waiting: [UInt8] = []

    func output(_ byte: UInt8) { backEnd.output(byte) }
    func output(_ bytes: [UInt8]) { backEnd.output(bytes) }
}

extension SystemBus {
    func port(_ device: Int) -> ConsolePort? {
        for port in consoles where port.device == device { return port }
        return nil
    }
}
