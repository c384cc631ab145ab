import CSkiff
import SkiffABI

extension Selftest {
    /// What the hart keeps from a program, and what the kernel does for it.
    func programs() {
        let kernelAddress = address_of_skiff_text_start()
        fault("a program does not read the kernel", "crash load", cause: 13, value: kernelAddress)
        fault("a program does not write the kernel", "crash store", cause: 15, value: kernelAddress)
        fault("a program does not run the kernel", "crash jump", cause: 12, value: kernelAddress)
        fault("a program's code is not written", "crash text", cause: 15, value: ProgramMemory.base)
        fault("a program has no page there", "crash nowhere", cause: 13, value: 0x10)
        fault("a program reads no sstatus", "crash csr", cause: 2, value: nil)
        fault("a program may not sret", "crash sret", cause: 2, value: nil)
        fault("a program may not sfence.vma", "crash sfence", cause: 2, value: nil)
        fault("a program's illegal instruction", "crash illegal", cause: 2, value: nil)
        exits("exit code", "test exit", 42)
        exits("system calls refuse foreign pointers", "test pointers", 0)
        exits("stack and zeroes appear when touched", "test grow", 0)
        exits("registers stay through traps", "test hold", 0)
        exits("fork and wait", "test fork", 0)
        exits("memory of a fork is its own", "test private", 0)
        exits("sleep", "test sleep", 0)
        exits("no such system call", "test unknown", 0)
        preemption()
        check("pages come back", pagesComeBack())
    }

    private func start(_ command: StaticString) -> Process? {
        kernel.current.isSilent = true
        defer { kernel.current.isSilent = false }
        return kernel.spawn(command.bytes)
    }

    private func fault(
        _ name: StaticString, _ command: StaticString, cause: UInt64, value: UInt64?
    ) {
        guard let process = start(command), let code = kernel.waitForChild(process.number),
            let fault = process.fault
        else { return check(name, false) }
        let isRight =
            code == 128 + cause && fault.cause == cause
            && (value == nil || fault.value == value)
        if !isRight {
            kernel.console.write(
                "   cause ", .decimal(fault.cause), " value ", .hex(fault.value), "\n")
        }
        check(name, isRight)
    }

    private func exits(_ name: StaticString, _ command: StaticString, _ code: UInt64) {
        guard let process = start(command) else { return check(name, false) }
        equal(name, kernel.waitForChild(process.number) ?? ~0, code)
    }

    /// Two programs that never yield share the hart by the timer. One that a busy host left no time is
    /// tried again.
    private func preemption() {
        for _ in 0..<4 where isPreempted() { return check("preemption", true) }
        check("preemption", isPreempted())
    }

    private func isPreempted() -> Bool {
        guard let first = start("test hold"), let second = start("test hold") else {
            return false
        }
        let codes = (kernel.waitForChild(first.number), kernel.waitForChild(second.number))
        return codes.0 == 0 && codes.1 == 0 && first.preemptions > 0 && second.preemptions > 0
    }

    private func pagesComeBack() -> Bool {
        let before = kernel.pages.used
        for _ in 0..<4 {
            guard let process = start("test fork") else { return false }
            _ = kernel.waitForChild(process.number)
        }
        return kernel.pages.used == before
    }
}
