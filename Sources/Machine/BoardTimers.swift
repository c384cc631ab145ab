import Bits
import Effects
import Hart
import RISCV
import Synchronization

/// What happens by itself when the board's `time` reaches it.
struct BoardTimers {
    static let never = UInt64.max
    /// The next timer of a device.
    var deviceDeadline = BoardTimers.never
    var wallClock = WallClock()
}

/// Time, as devices and harts see it.
extension SystemBus {
    /// What harts read as `time`: the CLINT's `mtime`.
    package func time(for hart: Hart) -> UInt64 { now &+ timeOffset.load(ordering: .relaxed) }
    /// The board's own time; exact inside a device access too.
    package var now: UInt64 {
        clock.mode == .host ? clock.hostTicks : clock.ticks(retired: retired)
    }
    /// What all harts retired.
    package var retired: UInt64 {
        var sum: UInt64 = 0
        for hart in harts { sum &+= hart.retired }
        return sum
    }

    /// Tells devices and harts what time it is.
    func advance(to now: UInt64) {
        advanceDevices(to: now)
        for hart in harts { advance(hart, to: now) }
    }
    func advanceDevices(to now: UInt64) {
        followTimeOfDay(now)
        guard now >= timers.deviceDeadline else { return }
        devices.tick(now: now, &effects)
        settle()
        timers.deviceDeadline = devices.deadline(now: now) ?? BoardTimers.never
    }
    func advance(_ hart: Hart, to now: UInt64) {
        let time = now &+ timeOffset.load(ordering: .relaxed)
        if hart.isTimerDue(at: time) { hart.advance(to: time) }
        if hart.firmwareTimer <= time {
            hart.firmwareTimer = BoardTimers.never
            hart.setLines(1 &<< UInt64(HartLine.supervisorTimer.rawValue), true)
        }
    }

    /// The next time at which something happens by itself: a device's timer or a hart's own.
    func nextDeadline(_ now: UInt64) -> UInt64 {
        var next = timers.deviceDeadline
        for hart in harts { next = min(next, nextDeadline(of: hart, now)) }
        return next
    }
    /// The same for the timers of one hart.
    func nextDeadline(of hart: Hart, _ now: UInt64) -> UInt64 {
        let offset = timeOffset.load(ordering: .relaxed)
        let timer = hart.timerDeadline(after: now &+ offset) ?? BoardTimers.never
        let due = min(timer, hart.firmwareTimer)
        // What has expired already is no deadline.
        guard due != BoardTimers.never, due > now &+ offset, due &- offset > now else {
            return BoardTimers.never
        }
        return due &- offset
    }

    /// SBI's `set_timer`: a new deadline withdraws the interrupt of the last.
    func setFirmwareTimer(_ hart: Hart, _ deadline: UInt64) {
        let time = time(for: hart)
        if hart.isa.has(.sstc) {
            var csr = hart.csr
            csr.store(CSR.stimecmp, deadline, CSRContext(time: time))
            hart.csr = csr
            hart.advance(to: time)
        } else {
            hart.firmwareTimer = deadline
            hart.setLines(1 &<< UInt64(HartLine.supervisorTimer.rawValue), false)
        }
    }
}
