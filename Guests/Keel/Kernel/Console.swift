import CKeel
import Keel

/// The real serial port (16550), and its interrupt by way of the real PLIC. Without one, text goes
/// out through the firmware, and nothing comes in.
struct Console {
    private let uart: UInt64
    private let plic: UInt64
    private let context: UInt64

    private static let received: UInt8 = 1
    private static let holdingEmpty: UInt8 = 0x20

    init(_ board: HostBoard) {
        uart = board.uart?.address ?? 0
        let interrupt = UInt64(board.uart?.interrupt ?? 0)
        plic = interrupt == 0 ? 0 : board.plic ?? 0
        context = board.plicContext
        guard plic != 0 else { return }
        store8(uart + 2, 1)  // FIFOs
        store8(uart + 1, 1)  // an interrupt for what is received
        store32(plic + 4 * interrupt, 1)
        store32(plic + 0x2000 + 0x80 * context + interrupt / 32 * 4, 1 << UInt32(interrupt % 32))
        store32(plic + 0x20_0000 + 0x1000 * context, 0)
    }

    func write(_ bytes: [UInt8]) {
        for byte in bytes {
            guard uart != 0 else {
                _ = sbi_call(1, 0, UInt64(byte), 0, 0, 0)
                continue
            }
            while load8(uart + 5) & Self.holdingEmpty == 0 {}
            store8(uart, byte)
        }
    }

    /// What was typed, after an external interrupt.
    func takeInput() -> [UInt8] {
        guard plic != 0 else { return [] }
        let claim = plic + 0x20_0004 + 0x1000 * context
        let source = load32(claim)
        guard source != 0 else { return [] }
        var bytes: [UInt8] = []
        // What is left interrupts again.
        while bytes.count < 1024, load8(uart + 5) & Self.received != 0 {
            bytes.append(load8(uart))
        }
        store32(claim, source)
        return bytes
    }
}

/// SAFETY: set once, before anything could fail.
nonisolated(unsafe) var theConsole: Console?
