import Bits
import Devices
import Effects
import GuestMemory
import Virtio

/// The state of every device on the board: what a snapshot of them is.
package struct BoardDevices: Sendable {
    var uart: UART
    var finisher = Finisher()
    var plic: PLIC
    var aclint: ACLINT
    var supervisorSoftware: SupervisorSoftware
    var rtc: RTC
    var virtio: [VirtioSlot]

    /// `unixNanoseconds` is the time of day when the board's `time` was 0; `virtio` is what is plugged
    /// into the slots.
    init(_ board: Board, unixNanoseconds: UInt64, virtio: [VirtioDevice]) {
        uart = UART(device: BoardDevices.uartConsole, line: AddressMap.uart.line ?? 0)
        plic = PLIC(hartCount: board.hartCount, sourceCount: AddressMap.interruptSourceCount)
        aclint = ACLINT(hartCount: board.hartCount)
        supervisorSoftware = SupervisorSoftware(hartCount: board.hartCount)
        rtc = RTC(line: AddressMap.rtc.line ?? 0, unixNanoseconds: unixNanoseconds)
        self.virtio = (0..<AddressMap.virtioSlotCount).map { slot in
            VirtioSlot(
                slot: slot, line: AddressMap.virtio(slot: slot).line ?? 0,
                device: virtio.indices.contains(slot) ? virtio[slot] : .none)
        }
    }

    /// As after power-on, with the same devices in the slots. What was typed and not read stays.
    mutating func reset(_ board: Board, unixNanoseconds: UInt64, _ effects: inout EffectList) {
        var unread: [UInt8] = []
        while let byte = uart.takeWaiting() { unread.append(byte) }
        var slots = virtio
        self = BoardDevices(board, unixNanoseconds: unixNanoseconds, virtio: [])
        // Requests under way stay under way, so that none that follows overtakes them.
        for index in slots.indices { slots[index].reset(&effects) }
        virtio = slots
        uart.receive(unread, &effects)
    }

    /// The number of the UART's console in effects and events; virtio's follow their slots.
    package static let uartConsole = 100

    mutating func read(
        _ place: Place, _ offset: UInt64, _ width: AccessWidth, now: UInt64,
        _ memory: GuestMemory, _ effects: inout EffectList
    ) -> UInt64? {
        switch place {
        case .plic: plic.read(offset, width, &effects)
        case .uart: uart.read(offset, width, &effects)
        case .clint: aclint.read(offset, width, now: now, &effects)
        case .supervisorSoftware: supervisorSoftware.read(offset, width, &effects)
        case .rtc: rtc.read(offset, width, now: now, &effects)
        case .finisher: finisher.read(offset, width, &effects)
        case .virtio(let slot): virtio[slot].read(offset, width, memory, &effects)
        case .resetROM, .ram: nil
        }
    }

    mutating func write(
        _ place: Place, _ offset: UInt64, _ value: UInt64, _ width: AccessWidth, now: UInt64,
        _ memory: GuestMemory, _ effects: inout EffectList
    ) -> Bool {
        switch place {
        case .plic: plic.write(offset, value, width, &effects)
        case .uart: uart.write(offset, value, width, &effects)
        case .clint: aclint.write(offset, value, width, now: now, &effects)
        case .supervisorSoftware: supervisorSoftware.write(offset, value, width, &effects)
        case .rtc: rtc.write(offset, value, width, now: now, &effects)
        case .finisher: finisher.write(offset, value, width, &effects)
        case .virtio(let slot): virtio[slot].write(offset, value, width, memory, &effects)
        case .resetROM, .ram: false
        }
    }

    /// Time has passed: timers may expire.
    mutating func tick(now: UInt64, _ effects: inout EffectList) {
        aclint.tick(now: now, &effects)
        rtc.tick(now: now, &effects)
    }
    /// The board's `time` at which the next timer of a device expires.
    func deadline(now: UInt64) -> UInt64? {
        guard let timer = aclint.deadline(now: now) else { return rtc.deadline(now: now) }
        return rtc.deadline(now: now).map { min($0, timer) } ?? timer
    }
}
