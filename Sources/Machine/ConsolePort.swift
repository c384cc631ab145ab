import Journal

/// Where a console device meets its back end.
struct ConsolePort {
    /// The device's number in effects and events.
    let device: Int
    let backEnd: any ConsoleBackEnd
    /// Delivered, but the device had no room for it.
    private var waiting: [UInt8] = []
    private var window = InputWindow()
    /// Something was delivered that the guest has not taken.
    private(set) var holdsInput = false

    init(device: Int, backEnd: any ConsoleBackEnd) {
        self.device = device
        self.backEnd = backEnd
    }

    func output(_ byte: UInt8) { backEnd.output(byte) }
    func output(_ bytes: [UInt8]) { backEnd.output(bytes) }

    mutating func deliver(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        waiting += bytes
        window.delivered(bytes.count)
        holdsInput = true
    }

    /// What the device has room for, of what waits.
    mutating func takeWaiting(_ room: Int) -> [UInt8]? {
        guard !waiting.isEmpty else { return nil }
        let count = min(room, waiting.count)
        defer { waiting.removeFirst(count) }
        return Array(waiting[..<count])
    }

    /// The device holds this many bytes now.
    mutating func held(_ count: Int) {
        let all = count + waiting.count
        let taken = window.taken(held: all)
        if taken > 0 { backEnd.inputTaken(taken) }
        holdsInput = all > 0
    }
}
