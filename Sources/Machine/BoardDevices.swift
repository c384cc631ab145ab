import Bits
import Devices
import Effects

/// The state of every device on the board: what a snapshot of them is.
package struct BoardDevices: Sendable {
    var uart: UART
    var finisher = Finisher()

    init(_ board: Board) {
        uart = UART(device: BoardDevices.uartConsole, line: AddressMap.uart.line ?? 0)
    }

    /// The number of the UART's console in effects and events; virtio's follow their slots.
    package static let uartConsole = 100
}
