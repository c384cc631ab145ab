import CSkiff
import SkiffABI

extension Selftest {
    private var external: UInt64 { kernel.interrupts[Int(Interrupt.external)] }

    func devices() {
        if let uart = kernel.console.uart {
            uart.write(.scratch, 0xa5)
            equal("UART scratch", UInt64(uart.read(.scratch)), 0xa5)
            check("UART transmitter", uart.read(.lineStatus) & UART.transmitterEmpty != 0)
            // With DLAB the first two registers are the divisor.
            let control = uart.read(.lineControl)
            uart.write(.lineControl, control | 0x80)
            let divisor = (uart.read(.data), uart.read(.interruptEnable))
            uart.write(.data, 0x34)
            uart.write(.interruptEnable, 0x12)
            let isKept = uart.read(.data) == 0x34 && uart.read(.interruptEnable) == 0x12
            uart.write(.data, divisor.0)
            uart.write(.interruptEnable, divisor.1)
            uart.write(.lineControl, control)
            check("UART divisor", isKept && uart.read(.interruptEnable) == 1)
            if let plic = kernel.plic { interrupt(uart, plic) } else { skip("PLIC") }
        } else {
            skip("UART")
        }
        if let clock = kernel.board.clock {
            // The low half latches the high one (goldfish RTC).
            let first = UInt64(load32(clock)) | UInt64(load32(clock + 4)) << 32
            let second = UInt64(load32(clock)) | UInt64(load32(clock + 4)) << 32
            check("real-time clock", first > 0 && second >= first)
        } else {
            skip("real-time clock")
        }
    }

    /// The UART's empty transmitter as a source: the way from device to trap.
    private func interrupt(_ uart: UART, _ plic: PLIC) {
        let source = uart.device.interrupt
        let priority = plic.priorityAddress(source)
        store32(priority, 7)
        check("PLIC priority", load32(priority) > 0)
        store32(priority, 1)
        let before = external
        store32(priority, 0)
        uart.write(.interruptEnable, 3)
        kernel.takeInterrupts()
        equal("PLIC priority 0 never interrupts", external, before)
        store32(priority, 1)
        plic.setThreshold(7)
        kernel.takeInterrupts()
        equal("PLIC threshold masks", external, before)
        plic.setThreshold(0)
        kernel.lastSource = 0
        let arrived = happens { external > before }
        uart.write(.interruptEnable, 1)
        check("device interrupt", arrived && kernel.lastSource == source)
        _ = uart.read(.fifoControl)
        equal("PLIC has nothing left", UInt64(plic.claim()), 0)
    }

    func disk() {
        guard let disk = kernel.disk, disk.capacity > 0 else { return skip("disk") }
        let last = disk.capacity - 1
        let buffer = disk.buffer
        let interrupts = disk.interruptCount
        check("disk read", disk.run(.read, sector: last, count: 512, kernel) == .ok)
        check("disk interrupt", happens { disk.interruptCount > interrupts })
        var saved: [UInt64] = []
        for index in 0..<UInt64(64) { saved.append(load64(buffer + 8 * index)) }
        if disk.isReadOnly {
            check("read-only disk", disk.run(.write, sector: last, count: 512, kernel) == .failed)
        } else {
            writes(disk, last, saved)
        }
        check(
            "disk: beyond the end", disk.run(.read, sector: last + 1, count: 512, kernel) == .failed
        )
        check("disk: far beyond", disk.run(.read, sector: ~0, count: 512, kernel) == .failed)
        let identity = disk.run(.identity, sector: 0, count: 20, kernel)
        check("disk identity", identity == .ok || identity == .unsupported)
    }

    /// The last sector, which gets its bytes back.
    private func writes(_ disk: VirtioBlock, _ sector: UInt64, _ saved: [UInt64]) {
        let buffer = disk.buffer
        func fill(_ value: (UInt64) -> UInt64) {
            for index in 0..<UInt64(64) { store64(buffer + 8 * index, value(index)) }
        }
        func holds(_ value: (UInt64) -> UInt64) -> Bool {
            (0..<UInt64(64)).allSatisfy { load64(buffer + 8 * $0) == value($0) }
        }
        let pattern: (UInt64) -> UInt64 = { $0 &* 0x9e37_79b9_7f4a_7c15 }
        fill(pattern)
        var isRight = disk.run(.write, sector: sector, count: 512, kernel) == .ok
        fill { _ in 0 }
        isRight = disk.run(.read, sector: sector, count: 512, kernel) == .ok && isRight
        check("disk write", isRight && holds(pattern))
        if disk.canFlush {
            check("disk flush", disk.run(.flush, sector: 0, count: 0, kernel) == .ok)
        } else {
            skip("disk flush")
        }
        let old: (UInt64) -> UInt64 = { saved[Int($0)] }
        fill(old)
        isRight = disk.run(.write, sector: sector, count: 512, kernel) == .ok
        fill { _ in 0 }
        isRight = disk.run(.read, sector: sector, count: 512, kernel) == .ok && isRight
        check("disk write back", isRight && holds(old))
    }
}
