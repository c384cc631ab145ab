import CSkiff
import SkiffABI

extension Kernel {
    /// How long a program may run while another one waits.
    private static let sliceMicroseconds: UInt64 = 10_000

    /// Lets the next process run that can, and comes back when it is this one's turn again.
    func yield() {
        if current.state == .ready, nextReady()?.slot == current.slot {
            armSlice()
            return
        }
        schedule()
    }

    /// Rests until something happened: an interrupt, an exit, or `wakeTime`.
    func wait() {
        current.state = .waiting
        schedule()
    }

    func wakeAll() {
        for process in processes where process.state == .waiting { process.state = .ready }
    }

    func sleep(until time: UInt64) {
        while timer.now < time {
            current.wakeTime = time
            wait()
        }
        current.wakeTime = Timer.never
    }

    func schedule() {
        while true {
            if let next = nextReady() {
                run(next)
                return
            }
            idle()
        }
    }

    private func nextReady() -> Process? {
        let now = timer.now
        for step in 1...processes.count {
            let process = processes[(current.slot + step) % processes.count]
            if process.state == .ready { return process }
            if process.state == .waiting && process.wakeTime <= now {
                process.state = .ready
                return process
            }
        }
        return nil
    }

    private func run(_ next: Process) {
        let now = timer.now
        current.ticks += now - switchTime
        switchTime = now
        armSlice()
        if next.slot == current.slot { return }
        let previous = current
        current = next
        next.space.activate()
        skiff_switch(previous.context, next.context)
    }

    private var earliestWake: UInt64 {
        var time = Timer.never
        for process in processes where process.state == .waiting {
            time = min(time, process.wakeTime)
        }
        return time
    }

    private func armSlice() {
        timer.arm(
            at: min(earliestWake, timer.now + timer.ticks(microseconds: Self.sliceMicroseconds)))
    }

    /// Nobody can run. An interrupt that is enabled wakes the hart although it is not taken here
    /// (3.3.3), so it cannot be lost between the check and the WFI.
    private func idle() {
        current.ticks += timer.now - switchTime
        let poll = timer.now + timer.ticks(microseconds: Self.sliceMicroseconds)
        timer.arm(at: console.canPoll ? min(earliestWake, poll) : earliestWake)
        wait_for_interrupt()
        takeInterrupts()
        switchTime = timer.now
    }

    /// Takes what is pending, in the kernel.
    func takeInterrupts() {
        csr_set_sstatus(Status.sie)
        csr_clear_sstatus(Status.sie)
    }
}
