import CSkiff

/// What Skiff does when it starts out of reset, with no firmware below it: it opens memory to
/// supervisor mode, hands down what it can, and stays behind as the least firmware that works:
/// SBI Base, and TIME where there is no Sstc.
enum MachineMode {
    /// The implementation number that `SBI.implementation` reads: no registered one.
    static let implementation: UInt64 = 0x736b_6966
    static let timerInterrupt: UInt64 = 7
    nonisolated(unsafe) static var timer: (time: UInt64, compare: UInt64)?

    static var isUsed: Bool { load64(address_of_skiff_machine_mode()) != 0 }

    /// menvcfg: STCE, PBMTE, ADUE, CBZE, CBCFE and CBIE. Fields that do not exist read as zero.
    private static let environment: UInt64 = 1 << 63 | 1 << 62 | 1 << 61 | 1 << 7 | 1 << 6 | 3 << 4

    static func prepare(_ board: Board) {
        // All of memory, for all (3.7.1: NAPOT, R, W and X). A hart without PMP traps, and is open.
        csr_try_write_pmpaddr0(~0)
        csr_try_write_pmpcfg0(0x1f)
        // Everything below an ecall from S, the page faults, and the supervisor's interrupts.
        csr_try_write_medeleg(0xb1ff)
        csr_try_write_mideleg(Interrupt.all)
        csr_try_write_mcounteren(7)
        csr_try_write_mstateen0(~0)
        csr_try_write_menvcfg(environment)
        if csr_exists_stimecmp() == 0 { unsafe timer = board.machineTimer }
    }

    /// A trap out of supervisor mode: a call, or the timer.
    static func trap(_ frame: TrapFrame) {
        if frame.cause == 1 << 63 | timerInterrupt {
            // The supervisor's timer interrupt is ours to raise; the machine's sleeps until the
            // next call (SBI 2.0, chapter 6).
            csr_clear_mie(1 << timerInterrupt)
            csr_set_mip(1 << Interrupt.timer)
        } else if frame.cause == 9 {
            let answer = call(frame.x(17), frame.x(16), frame.x(10))
            frame.setX(10, UInt64(bitPattern: answer.error))
            frame.setX(11, answer.value)
            frame.pc += 4
        } else {
            // What is not delegated and not asked for cannot be helped: stop here, visibly.
            if let finisher = unsafe finisher { store32(finisher, 0xff << 16 | 0x3333) }
            while true { wait_for_interrupt() }
        }
    }

    nonisolated(unsafe) static var finisher: UInt64?

    private static func call(_ extension: UInt64, _ function: UInt64, _ p0: UInt64) -> SBIResult {
        switch (`extension`, function) {
        case (SBI.base, 0): return SBIResult(error: 0, value: 2 << 24)
        case (SBI.base, 1): return SBIResult(error: 0, value: implementation)
        case (SBI.base, 2): return SBIResult(error: 0, value: 1)
        case (SBI.base, 3):
            let known = unsafe p0 == SBI.base || (p0 == SBI.time && timer != nil)
            return SBIResult(error: 0, value: known ? 1 : 0)
        case (SBI.base, 4...6): return SBIResult(error: 0, value: 0)
        case (SBI.time, 0):
            guard let timer = unsafe timer else { break }
            store64(timer.compare, p0)
            csr_clear_mip(1 << Interrupt.timer)
            csr_set_mie(1 << timerInterrupt)
            return SBIResult(error: 0, value: 0)
        default: break
        }
        return SBIResult(error: SBI.notSupported, value: 0)
    }
}
