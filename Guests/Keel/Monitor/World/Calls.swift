import Bits
import Devices
import Effects
import RISCV
import SBI

/// What the firmware sees of a world during a call.
private struct FirmwarePlatform: SBIPlatform {
    let ram: GuestRAM
    var uart: UART

    func contains(_ range: GuestRange) -> Bool { ram.contains(range) }
    func bytes(_ range: GuestRange) -> [UInt8]? { ram.bytes(range) }
    func write(_ address: GuestPhysical, _ bytes: [UInt8]) -> Bool { ram.write(address, bytes) }
    mutating func takeConsoleInput() -> UInt8? { uart.takeWaiting() }
}

/// The monitor as the guest's firmware: the answers are `SBI`'s, as under Hull.
extension World {
    mutating func answerCall(_ clock: Clock) {
        let call = SBICall(
            hart: 0, extension: vcpu[x: 17], function: vcpu[x: 16], a0: vcpu[x: 10],
            a1: vcpu[x: 11], a2: vcpu[x: 12], a3: vcpu[x: 13], a4: vcpu[x: 14], a5: vcpu[x: 15])
        vcpu.pc &+= 4
        var platform = FirmwarePlatform(ram: ram, uart: board.uart)
        guard let reply = firmware?.call(call, &platform, &outcome) else { return }
        board.uart = platform.uart
        note(reply, to: call)
        switch reply {
        case .pair(let error, let value):
            vcpu[x: 10] = UInt64(bitPattern: error.rawValue)
            vcpu[x: 11] = value
        case .legacy(let value): vcpu[x: 10] = UInt64(bitPattern: value)
        case .none: break
        }
        finishCall(clock)
    }

    /// A suspended vCPU has something to do again.
    mutating func wake() {
        guard firmware?.state(of: 0) == .suspended else { return }
        firmware?.wake(hart: 0, &outcome)
        finishCall(Clock(time: 0, retired: 0))
    }

    private mutating func finishCall(_ clock: Clock) {
        outcome.effects.drain { board.effects.append($0) }
        for action in outcome.actions { perform(action, clock) }
        outcome.actions.removeAll(keepingCapacity: true)
    }

    private mutating func perform(_ action: SBIAction, _ clock: Clock) {
        switch action {
        case .setTimer(_, let deadline):
            vcpu.csr.stimecmp = deadline
            passTime(clock)
        case .fence(_, .addresses): fenced()
        // The guest has no guests.
        case .fence(_, .guestAddresses), .fence(_, .guestStage): break
        // Code is fetched from memory by the real hart, which the monitor tells.
        case .fence(_, .instructions): shadows.fences.instructions = true
        case .start(_, let address, let opaque):
            vcpu.csr.store(CSR.satp, 0, context(clock))
            shadows.satpWritten(0)
            vcpu.csr.mstatus &= ~Status.sie
            start(at: address, opaque: opaque, .supervisor)
        case .stop, .suspend:
            isWaiting = true
            if hasOwnTimer { passTime(clock) }
        case .setADUpdating(_, let isOn):
            let value = vcpu.csr.menvcfg.replacing(
                Environment.adue, with: isOn ? Environment.adue : 0)
            vcpu.csr.store(CSR.menvcfg, value, context(clock))
        case .setCounter(_, let counter, let value):
            vcpu.csr.store(counter == .cycle ? CSR.mcycle : CSR.minstret, value, context(clock))
        case .runCounter(_, let counter, let runs):
            let bit: UInt64 = counter == .cycle ? 1 : 4
            vcpu.csr.store(
                CSR.mcountinhibit, vcpu.csr.mcountinhibit.replacing(bit, with: runs ? 0 : bit),
                context(clock))
        }
    }
}
