import CKeel
import Effects
import Keel
import RISCV

/// One real hart's work: the worlds whose turn it is, each until its virtual hart waits or its slice
/// is over.
struct Schedule<BackEnd: VCPUBackEnd> {
    private let queue: RunQueue
    private let hart: Int
    private var backEnd: BackEnd
    /// The guest's count of instructions, less the real hart's.
    private var skew: UInt64 = 0
    /// What the real timer was set to; nil after it came, since it may come again until it is set anew.
    private var timer: UInt64?

    private static var sliceTicks: UInt64 { 50_000 }
    /// Software (of another hart), timer, and external, of supervisor mode.
    private static var interrupts: UInt64 { 1 << 1 | 1 << 5 | 1 << 9 }

    init(_ queue: RunQueue, hart: Int, _ backEnd: BackEnd) {
        self.queue = queue
        self.hart = hart
        self.backEnd = backEnd
    }

    /// Until every world has ended. The hart has the lock.
    mutating func run() -> Never {
        csr_write_sie(Self.interrupts)
        // Vector registers are nobody's: they would hold what another guest left there.
        csr_clear_sstatus(3 << 9)
        var number = 0
        while true {
            switch queue.next(after: number, hart: hart, time: read_time()) {
            case .world(let next):
                number = next
                arrive(number)
                turn(number)
                leave(number)
            case .sleep(let deadline):
                setTimer(deadline)
                queue.sleep(hart)
                takeInterrupts()
            case .over: powerOff(code: queue.exitCode)
            }
        }
    }

    private var clock: Clock { Clock(time: read_time(), retired: read_instret() &+ skew) }

    private mutating func turn(_ number: Int) {
        let slice = queue.takesTurns ? read_time() &+ Self.sliceTicks : ~0
        while true {
            setTimer(min(slice, queue.worlds[number].deadline))
            backEnd.prepare(&queue.worlds[number])
            let frame = queue.worlds[number].vcpu.frame
            give_lock()
            backEnd.run(frame)
            take_lock()
            let exit = backEnd.exit(&queue.worlds[number])
            if case .interrupt = exit { takeInterrupts() }
            if case .timer = exit { timer = nil }
            queue.deliver(number)
            let clock = clock
            let resolution = queue.worlds[number].resolve(exit, clock)
            queue.terminal.show(&queue.worlds[number])
            switch resolution {
            case .resume: if clock.time >= slice { return }
            case .wait: return
            case .ended: return finish(number)
            }
        }
    }

    /// A world finds its floating-point registers and its count of instructions as it left them, also
    /// when it does not use them: the next one must not see another's.
    private mutating func arrive(_ number: Int) {
        skew = queue.worlds[number].retired &- read_instret()
        if hasFloatToExchange(number) {
            keel_load_float(queue.worlds[number].vcpu.frame.floatArea)
        }
    }

    private mutating func leave(_ number: Int) {
        queue.worlds[number].retired = clock.retired
        if hasFloatToExchange(number) {
            keel_save_float(queue.worlds[number].vcpu.frame.floatArea)
        }
        queue.release(number)
    }

    private func hasFloatToExchange(_ number: Int) -> Bool {
        queue.worlds.count > 1 && queue.worlds[number].vcpu.csr.isa.has(.d)
    }

    private mutating func takeInterrupts() {
        csr_clear_sip(1 << 1)
        // The console interrupts the first hart.
        if hart == 0 { queue.takeInput() }
    }

    private mutating func setTimer(_ deadline: UInt64) {
        guard deadline != timer else { return }
        timer = deadline
        if queue.features.hasTimer {
            csr_write_stimecmp(deadline)
        } else {
            _ = sbi_call(0x5449_4d45, 0, deadline, 0, 0, 0)
        }
    }

    private func finish(_ number: Int) {
        let last = queue.options.lastGuest
        let code = queue.worlds[number].end?.exitCode ?? 0
        if code != 0 { queue.exitCode = code }
        if queue.isAnyoneLeft && last != number { queue.worlds[number].note(.reset, UInt64(code)) }
        queue.terminal.show(&queue.worlds[number])
        if queue.options.showsStatistics {
            queue.terminal.show(ownLine: queue.worlds[number].statistics)
        }
        if last == number { powerOff(code: code) }
    }
}
