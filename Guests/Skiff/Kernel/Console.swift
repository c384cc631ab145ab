import CSkiff
import SkiffABI

/// Where output goes and input comes from: the firmware's debug console for output where it has
/// one, else the UART; input by the UART's interrupt, or asked of the firmware where there is none.
final class Console {
    let uart: UART?
    let usesFirmware: Bool
    private var input: [UInt8] = []
    /// Ctrl-C came in; whoever acts on it takes it back.
    var isInterrupted = false

    private static let controlC: UInt8 = 3
    private static let backspace: UInt8 = 8
    private static let killLine: UInt8 = 21
    private static let delete: UInt8 = 127

    init(_ board: Board) {
        uart = board.uart.map { UART(device: $0) }
        usesFirmware = SBI.has(SBI.console)
        uart?.start()
    }

    var canPoll: Bool { uart == nil && usesFirmware }

    func write(_ parts: Text...) { write(bytes: line(parts)[...]) }

    func write(bytes: ArraySlice<UInt8>) {
        var wire: [UInt8] = []
        wire.reserveCapacity(bytes.count + 2)
        for byte in bytes {
            if byte == 10 { wire.append(13) }
            wire.append(byte)
        }
        if usesFirmware { writeThroughFirmware(wire) } else { wire.forEach { uart?.send($0) } }
    }

    private func writeThroughFirmware(_ bytes: [UInt8]) {
        // SAFETY: the kernel's memory is mapped where it lies, so this is the physical address.
        let address = unsafe bytes.withUnsafeBufferPointer {
            UInt64(UInt(bitPattern: $0.baseAddress))
        }
        var done: UInt64 = 0
        let count = UInt64(bytes.count)
        while done < count {
            // The firmware may take fewer than it is given (SBI 2.0, 12.1).
            let answer = SBI.call(SBI.console, 0, count - done, address + done, 0)
            guard answer.error == 0 else { return }
            done += answer.value
        }
        _ = bytes.count
    }

    /// Takes what has arrived. Called by the interrupt, and by a poll where there is none.
    func receive() {
        while let byte = next() {
            if byte == Self.controlC {
                isInterrupted = true
            } else if input.count < 4096 {
                input.append(byte)
            }
        }
    }

    private func next() -> UInt8? {
        if let uart { return uart.receive() }
        guard usesFirmware else { return nil }
        var byte: UInt8 = 0
        // SAFETY: as above; the firmware writes one byte.
        let answer = unsafe withUnsafeMutablePointer(to: &byte) {
            SBI.call(SBI.console, 1, 1, UInt64(UInt(bitPattern: $0)), 0)
        }
        return answer.error == 0 && answer.value == 1 ? byte : nil
    }

    /// Edits `text` with what has arrived; true when the line is complete.
    func edit(_ text: inout [UInt8]) -> Bool {
        while !input.isEmpty {
            let byte = input.removeFirst()
            switch byte {
            case 10, 13:
                write("\n")
                return true
            case Self.backspace, Self.delete:
                if text.popLast() != nil { write("\u{8} \u{8}") }
            case Self.killLine:
                while text.popLast() != nil { write("\u{8} \u{8}") }
            case 32...126:
                text.append(byte)
                write(bytes: [byte])
            default: break
            }
        }
        return false
    }
}
