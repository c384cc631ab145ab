import Bits
import Effects
import SBI
import TestKit

/// Random calls with arguments near the ones that mean something, from random harts. A stopped hart
/// never calls; every action names a hart that exists and, except a start, one that is not stopped
/// before it. Returns what was found wrong, or nil. `planted` breaks something after a call.
func fuzzFirmware(
    seed: UInt64, steps: Int, planted: (inout SBIOutcome) -> Void = { _ in }
) -> String? {
    var numbers = SeededNumbers(seed: seed)
    let harts = Int.random(in: 1...64, using: &numbers)
    var supervisor = Supervisor(harts: harts)
    let extensions: [UInt64] = [
        0, 1, 2, 3, 5, 8, SBIExtension.base, SBIExtension.time, SBIExtension.ipi,
        SBIExtension.remoteFence, SBIExtension.hartState, SBIExtension.hartState,
        SBIExtension.systemReset, SBIExtension.counters, SBIExtension.counters,
        SBIExtension.debugConsole, SBIExtension.systemSuspend, SBIExtension.features,
    ]
    func argument() -> UInt64 {
        switch numbers.next() % 8 {
        case 0, 1, 2: numbers.next() % 8
        case 3: numbers.next() % 80
        case 4: TestPlatform.base &+ numbers.next() % 0x4008
        case 5:
            [0x8000_0000, 0xf_0005, 1 << 63, ~0, ~1, 0xffff_ffff].randomElement(using: &numbers)
                ?? 0
        case 6: 1 << (numbers.next() % 64)
        default: numbers.next()
        }
    }
    for _ in 0..<steps {
        for hart in 0..<harts where supervisor.firmware.state(of: hart) == .suspended {
            supervisor.firmware.wake(hart: hart, &supervisor.outcome)
        }
        let running = (0..<harts).filter { supervisor.firmware.state(of: $0) == .started }
        guard let hart = running.randomElement(using: &numbers) else {
            supervisor = Supervisor(harts: harts)
            continue
        }
        let eid =
            numbers.next() % 16 == 0 ? argument() : extensions.randomElement(using: &numbers) ?? 0
        if numbers.next() % 8 == 0 { supervisor.platform.typed = [1, 2, 3] }
        let before = supervisor.firmware
        let reply = supervisor.call(
            eid, numbers.next() % 8, argument(), argument(), argument(), argument(), argument(),
            argument(), hart: hart)
        planted(&supervisor.outcome)
        if let wrong = brokenRule(supervisor, before, caller: hart, reply) { return wrong }
    }
    return nil
}

private func brokenRule(
    _ supervisor: Supervisor, _ before: SBIFirmware, caller: Int, _ reply: SBIReply
) -> String? {
    for action in supervisor.actions {
        switch action {
        case .start(let hart, let address, _):
            if before.state(of: hart) != .stopped { return "started twice" }
            let range = GuestRange(start: GuestPhysical(address), count: 2)
            if !supervisor.platform.contains(range) { return "start outside memory" }
        case .fence(let hart, _):
            if before.state(of: hart) != .started { return "fence on a stopped hart" }
        case .setADUpdating(let hart, _):
            if before.state(of: hart) == nil { return "no such hart" }
        case .stop(let hart), .suspend(let hart), .setTimer(let hart, _),
            .setCounter(let hart, _, _), .runCounter(let hart, _, _):
            if hart != caller { return "another hart's" }
        }
    }
    for case .interrupt(let hart, _, _) in supervisor.effects
    where before.state(of: hart) == .stopped { return "interrupt to a stopped hart" }
    if case .pair(let error, _) = reply, error != .success, error != .alreadyStarted,
        error != .alreadyStopped, !supervisor.actions.isEmpty || !supervisor.effects.isEmpty
    {
        return "a failed call has consequences"
    }
    return nil
}
