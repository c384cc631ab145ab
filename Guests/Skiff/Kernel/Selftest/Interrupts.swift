import CSkiff
import SkiffABI

extension Selftest {
    private var sipTimer: Bool { csr_read_sip() & (1 << Interrupt.timer) != 0 }
    private func count(_ number: UInt64) -> UInt64 { kernel.interrupts[Int(number)] }

    func interrupts() {
        let timer = kernel.timer
        csr_set_sip(1 << Interrupt.software)
        let before = count(Interrupt.software)
        check("sip.SSIP waits for sstatus.SIE", before == count(Interrupt.software))
        kernel.takeInterrupts()
        equal("software interrupt", count(Interrupt.software), before + 1)
        let deadline = timer.now + timer.ticks(microseconds: 2000)
        timer.arm(at: deadline)
        let isEarly = sipTimer && timer.now < deadline
        check("timer is not early", !isEarly)
        let timers = count(Interrupt.timer)
        let isTaken = happens { count(Interrupt.timer) > timers }
        check("timer interrupt", isTaken && timer.now >= deadline)
        equal("timer interrupts once", count(Interrupt.timer), timers + 1)
        check("a timer set anew is not pending", !sipTimer)
        csr_clear_sie(1 << Interrupt.timer)
        timer.arm(at: 0)
        check("timer in the past is pending", happens { sipTimer })
        equal("sie.STIE masks", count(Interrupt.timer), timers + 1)
        csr_set_sie(1 << Interrupt.timer)
        guard isTaken, sipTimer else { return }
        // Pending and enabled, with sstatus.SIE clear: WFI goes on.
        wait_for_interrupt()
        check("wfi goes on when one is pending", true)
        csr_set_sip(1 << Interrupt.software)
        kernel.interruptOrder = 0
        kernel.takeInterrupts()
        equal("software before timer", kernel.interruptOrder, 0x15)
        check("sstatus.SIE is clear in the kernel", csr_read_sstatus() & Status.sie == 0)
    }

    /// What the firmware says of itself (SBI specification 2.0).
    func firmware() {
        check("SBI version", SBI.version >> 24 <= 3 && SBI.version & 1 << 31 == 0)
        // 0x08000000 is experimental and nobody's.
        equal("SBI unknown extension", UInt64(bitPattern: SBI.call(0x0800_0000, 0).error), ~1)
        equal("SBI unknown function", UInt64(bitPattern: SBI.call(SBI.base, 99).error), ~1)
        check("SBI probe", SBI.has(SBI.base) && !SBI.has(0x0800_0000))
        if SBI.has(SBI.time) {
            _ = SBI.call(SBI.time, 0, 0)
            csr_clear_sie(1 << Interrupt.timer)
            let isPending = happens { sipTimer }
            csr_set_sie(1 << Interrupt.timer)
            _ = SBI.call(SBI.time, 0, Timer.never)
            check("SBI timer", isPending && !sipTimer)
        } else {
            skip("SBI timer")
        }
        if SBI.has(SBI.interProcessor) {
            let before = count(Interrupt.software)
            let answer = SBI.call(SBI.interProcessor, 0, 1, kernel.board.hart)
            let arrived = happens { count(Interrupt.software) > before }
            check("SBI IPI to oneself", answer.error == 0 && arrived)
        } else {
            skip("SBI IPI")
        }
        if SBI.has(SBI.remoteFence) {
            let hart = kernel.board.hart
            let isRight =
                SBI.call(SBI.remoteFence, 0, 1, hart).error == 0
                && SBI.call(SBI.remoteFence, 1, 1, hart, 0).error == 0
            check("SBI remote fences", isRight)
        } else {
            skip("SBI remote fences")
        }
        if kernel.console.usesFirmware {
            let answer = SBI.call(SBI.console, 0, 0, 0, 0)
            check("SBI console: no bytes", answer.error == 0 && answer.value == 0)
        } else {
            skip("SBI console")
        }
    }

    /// Hart state management, and a second hart's life where there is one.
    func harts() {
        guard SBI.has(SBI.hartState) else { return skip("SBI harts") }
        let own = SBI.call(SBI.hartState, 2, kernel.board.hart)
        check("SBI: this hart is started", own.error == 0 && own.value == 0)
        let unknown = SBI.call(SBI.hartState, 0, 0xffff_fff0, address_of_skiff_secondary(), 0)
        equal("SBI: no such hart", UInt64(bitPattern: unknown.error), ~2)
        let again = SBI.call(SBI.hartState, 0, kernel.board.hart, address_of_skiff_secondary(), 0)
        equal("SBI: started already", UInt64(bitPattern: again.error), ~5)
        guard let other = kernel.board.harts.first(where: { $0 != kernel.board.hart }) else {
            return skip("a second hart")
        }
        let mark = address_of_skiff_secondary_mark()
        store64(mark, 0)
        let answer = SBI.call(SBI.hartState, 0, other, address_of_skiff_secondary(), mark)
        check("second hart starts", answer.error == 0 && happens { load64(mark) == 1 })
        _ = SBI.call(SBI.interProcessor, 0, 1, other)
        check("second hart gets an interrupt", happens { load64(mark) == 2 })
        check("second hart stops", happens { SBI.call(SBI.hartState, 2, other).value == 1 })
    }
}

extension Selftest {
    /// Whether a condition comes true within a second, with interrupts taken meanwhile.
    func happens(_ condition: () -> Bool) -> Bool {
        let end = kernel.timer.now + kernel.timer.frequency
        while !condition() {
            if kernel.timer.now > end { return false }
            kernel.takeInterrupts()
        }
        return true
    }
}
