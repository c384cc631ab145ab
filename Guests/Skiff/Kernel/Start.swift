import CSkiff
import SkiffABI

/// From boot.S, in machine mode: makes the machine ready for the supervisor's half.
@c(skiff_machine) func startMachine(_ hart: UInt64, _ tree: UInt64) {
    guard let board = Board(hart: hart, tree: tree) else { return }
    unsafe MachineMode.finisher = board.finisher
    MachineMode.prepare(board)
    skiff_enter_supervisor(hart, tree)
}

@c(skiff_machine_trap) func machineTrap(_ frame: UInt64) {
    MachineMode.trap(TrapFrame(address: frame))
}

/// From boot.S, in supervisor mode, on a stack that will be the shell's.
@c(skiff_supervisor) func startSupervisor(_ hart: UInt64, _ tree: UInt64) {
    guard let board = Board(hart: hart, tree: tree), let kernel = Kernel(board) else {
        stop("no device tree that can be used, or no memory")
    }
    unsafe theKernel = kernel
    kernel.start()
    kernel.runShell()
}

@c(skiff_trap) func trap(_ frame: UInt64) {
    let frame = TrapFrame(address: frame)
    if let kernel = unsafe theKernel {
        kernel.trap(frame)
    } else if AttemptedTrap.isArmed {
        AttemptedTrap.recover(frame)
    } else {
        stop(
            .literal(Kernel.causeName(frame.cause)), " at ", .hex(frame.pc), ", address ",
            .hex(frame.value), ", before there is a console (the machine needs Zicntr)")
    }
}

/// When there is nobody left who could: a last word through the firmware, and rest.
private func stop(_ reason: Text...) -> Never {
    for byte in line(["Skiff stops: "] + reason + ["\n"]) { _ = SBI.call(1, 0, UInt64(byte)) }
    _ = SBI.call(SBI.reset, 0, 0, 1)
    while true { wait_for_interrupt() }
}
