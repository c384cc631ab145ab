import Bits
import Devices
import Effects
import RISCV
import SBI

/// What a VMExit leads to.
package enum Resolution: Sendable, Equatable {
    /// The guest goes on.
    case resume
    /// Its virtual hart waits for an interrupt.
    case wait
    /// It switched itself off; `World.end` says how.
    case ended
}

extension World {
    /// The one switch over VMExits. Everything that a guest can make happen goes through here, but
    /// for what `VCPU.quickly` did before.
    package mutating func resolve(_ exit: VMExit, _ clock: Clock) -> Resolution {
        counts.count(exit)
        switch exit {
        case .illegal(let bits), .virtual(let bits): refused(bits, clock)
        case .call: call(clock)
        case .pageFault(let access, let address): pageFault(access, address, clock)
        case .guestPageFault(let access, let address, let physical):
            outside(access, address, physical, clock)
        case .exception(let cause, let value): trap(cause: cause, value: value)
        case .timer, .interrupt: break
        }
        return settle(clock)
    }

    /// After every VMExit: what devices asked for, the time, interrupts, the root to go on with.
    package mutating func settle(_ clock: Clock) -> Resolution {
        if !board.effects.isEmpty { carryOut() }
        if board.isBusy { deadline = 0 }
        if clock.time >= deadline { passTime(clock) }
        if end != nil { return .ended }
        if isWaiting {
            guard vcpu.csr.wakes, firmware?.state(of: 0) != .stopped else { return .wait }
            isWaiting = false
            wake()
        }
        if let cause = vcpu.csr.pendingInterrupt(privilege: vcpu.privilege) {
            counts.virtualInterrupts += 1
            trap(cause: cause, value: 0)
        }
        if shadows.mustChoose && guestStages == nil { chooseRoot() }
        return .resume
    }

    // MARK: Traps into the guest

    /// The virtual hart takes a trap, as its own registers say.
    mutating func trap(cause: UInt64, value: UInt64) {
        let from = vcpu.pc
        let before = vcpu.privilege
        let handler = vcpu.csr.takeTrap(
            cause: cause, value: value, pc: from, privilege: &vcpu.privilege)
        vcpu.pc = handler
        shadows.mustChoose = true
        if trace != nil { traceTrap(cause: cause, from: from, before: before) }
    }
    mutating func trap(_ trap: Trap) {
        self.trap(cause: trap.cause.rawValue, value: trap.value)
    }

    private mutating func call(_ clock: Clock) {
        switch vcpu.privilege {
        case .user: trap(cause: ExceptionCause.ecallFromU.rawValue, value: 0)
        case .supervisor where firmware != nil: answerCall(clock)
        case .supervisor: trap(cause: ExceptionCause.ecallFromS.rawValue, value: 0)
        case .machine: trap(cause: ExceptionCause.ecallFromM.rawValue, value: 0)
        }
    }

    /// An access outside of the world's memory, which the G-stage refused: a device's, or nobody's.
    private mutating func outside(
        _ access: AccessKind, _ address: UInt64, _ physical: GuestPhysical, _ clock: Clock
    ) {
        if access == .fetch, guestStages?.openCode(physical, vcpu.csr.pmp, ram) == true {
            return shadows.fences.everything = true
        }
        do throws(Trap) {
            counts.emulated += 1
            try emulateMemory(access, address, clock)
        } catch {
            trap(error)
        }
    }

    private mutating func pageFault(_ access: AccessKind, _ address: UInt64, _ clock: Clock) {
        do throws(Trap) {
            switch try shadows.fill(address, access, &vcpu.csr, vcpu.privilege) {
            case .mapped: shadows.counts.hiddenFaults += 1
            case .emulate:
                counts.emulated += 1
                try emulateMemory(access, address, clock)
            }
        } catch {
            if error.cause == access.pageFault { shadows.counts.trueFaults += 1 }
            if let (rule, address) = shadows.stray {
                note(rule, address)
                shadows.stray = nil
            }
            trap(error)
        }
    }

    // MARK: What devices ask for

    mutating func carryOut() {
        while !board.effects.isEmpty {
            var effects = EffectList()
            swap(&effects, &board.effects)
            for effect in effects.items { carryOut(effect) }
        }
    }

    private mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .raise(let line): board.plic.setLevel(line, true, &board.effects)
        case .lower(let line): board.plic.setLevel(line, false, &board.effects)
        case .interrupt(_, let line, let level):
            vcpu.csr.setLine(1 &<< UInt64(line.rawValue), level)
        case .output(let device, let byte):
            typedTo = device
            output.append(byte)
        case .outputBytes(let device, let bytes):
            typedTo = device
            output.append(contentsOf: bytes)
        case .wrote(let range): shadows.wrote(range)
        case .end(let end): self.end = end
        case .schedule: deadline = 0
        // No device of a world's board has a back end.
        case .submit, .share, .remote, .entropy, .transmit, .framesTaken, .acceptOffloads: break
        }
    }

    /// Time has reached something that waits for it.
    package mutating func passTime(_ clock: Clock) {
        board.tick(now: clock.time, ram)
        carryOut()
        let time = board.aclint.time(now: clock.time)
        vcpu.csr.updateTimer(time: time)
        var next = board.deadline(now: clock.time)
        // A guest that runs on its own timer register needs the monitor only while it sleeps.
        let isWatched = !hasOwnTimer || isWaiting
        if vcpu.csr.isSupervisorTimerDriven, isWatched, vcpu.csr.stimecmp > time {
            let (at, isBeyond) = clock.time.addingReportingOverflow(vcpu.csr.stimecmp &- time)
            if !isBeyond { next = min(next, at) }
        }
        deadline = next
    }

    /// Bytes for the guest's console, the one that it wrote to last; how many it took.
    package mutating func receive(_ bytes: [UInt8]) -> Int {
        typedTo == ConsoleDevice.number
            ? board.console.receive(bytes, ram, &board.effects)
            : board.uart.receive(bytes, &board.effects)
    }
}
