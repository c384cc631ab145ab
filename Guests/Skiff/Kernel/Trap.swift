import CSkiff
import SkiffABI

extension Kernel {
    /// Every trap into supervisor mode comes here, with interrupts off.
    func trap(_ frame: TrapFrame) {
        if frame.isInterrupt {
            interrupt(frame.cause & 63, frame)
        } else if frame.isFromUser {
            userException(frame)
        } else if AttemptedTrap.isArmed {
            AttemptedTrap.recover(frame)
        } else {
            panic(frame)
        }
    }

    private func interrupt(_ number: UInt64, _ frame: TrapFrame) {
        interrupts[Int(number & 15)] += 1
        interruptOrder = interruptOrder << 4 | number
        switch number {
        case Interrupt.timer:
            timer.arm(at: Timer.never)
            if console.canPoll { console.receive() }
            if frame.isFromUser { current.preemptions += 1 }
        case Interrupt.software: csr_clear_sip(1 << Interrupt.software)
        case Interrupt.external: serveDevices()
        default: break
        }
        wakeAll()
        guard frame.isFromUser else { return }
        if console.isInterrupted { interruptForeground() }
        yield()
    }

    private func serveDevices() {
        guard let plic else { return }
        while true {
            let source = plic.claim()
            if source == 0 { return }
            if source == board.uart?.interrupt {
                // Reading its identification takes back an interrupt for an empty transmitter.
                _ = console.uart?.read(.fifoControl)
                console.receive()
            }
            if source == disk?.device.interrupt { disk?.acknowledge() }
            lastSource = source
            plic.complete(source)
        }
    }

    private func userException(_ frame: TrapFrame) {
        switch frame.cause {
        case 8:
            frame.pc += 4
            systemCall(frame)
        case 13, 15:
            if !growProgram(at: frame.value) { kill(frame) }
        default: kill(frame)
        }
    }

    /// Ends the program that trapped, and says why.
    private func kill(_ frame: TrapFrame) {
        current.fault = (frame.cause, frame.value, frame.pc)
        if !current.isSilent {
            console.write(
                .bytes(current.name), " (", .decimal(current.number), "): ",
                .literal(Self.causeName(frame.cause)), " at ", .hex(frame.pc), ", address ",
                .hex(frame.value), ": ended\n")
        }
        exit(current, code: 128 + frame.cause)
        schedule()
    }

    private func panic(_ frame: TrapFrame) -> Never {
        console.write(
            "Skiff stops: ", .literal(Self.causeName(frame.cause)), " in the kernel at ",
            .hex(frame.pc), ", address ", .hex(frame.value), "\n")
        powerOff(code: 255)
    }

    static func causeName(_ cause: UInt64) -> StaticString {
        switch cause {
        case 0: "misaligned instruction"
        case 1: "instruction access fault"
        case 2: "illegal instruction"
        case 3: "breakpoint"
        case 4: "misaligned load"
        case 5: "load access fault"
        case 6: "misaligned store"
        case 7: "store access fault"
        case 8: "call from user mode"
        case 9: "call from supervisor mode"
        case 12: "instruction page fault"
        case 13: "load page fault"
        case 15: "store page fault"
        default: "unknown trap"
        }
    }
}
