import Bits
import Effects
import GuestMemory
import Hart
import RISCV
import SBI

/// What the firmware sees of the machine during a call.
private struct FirmwarePlatform: SBIPlatform {
    let memory: GuestMemory
    let bus: SystemBus

    func contains(_ range: GuestRange) -> Bool { memory.contains(range) }
    func bytes(_ range: GuestRange) -> [UInt8]? { memory.bytes(range) }
    func write(_ address: GuestPhysical, _ bytes: [UInt8]) -> Bool { memory.write(address, bytes) }
    mutating func takeConsoleInput() -> UInt8? { bus.takeConsoleInput() }
}

/// The machine as its own firmware: calls from S-mode, and what they ask of harts.
extension Machine {
    /// The firmware of a fresh machine; nil where the guest brings its own.
    static func firmware(_ board: Board, _ plan: BootPlan) -> SBIFirmware? {
        guard plan.isFirmware else { return nil }
        var configuration = SBIFirmware.Configuration(
            hartCount: board.hartCount, console: BoardDevices.uartConsole)
        configuration.canUpdateAD = board.isa.has(.svadu)
        configuration.hasHypervisor = board.isa.has(.h)
        configuration.updatesADAtStart = board.isa.has(.svadu) && !board.isa.has(.svade)
        return SBIFirmware(configuration)
    }

    /// A hart as firmware hands it over: hart 0 at the kernel's entry, the others stopped.
    func enterSupervisor(_ hart: Hart, entry: GuestPhysical) {
        let updatesAD = board.isa.has(.svadu) && !board.isa.has(.svade)
        change(hart) { csr, context in
            for setting in FirmwareBootState(updatesAD: updatesAD).settings {
                csr.store(setting.number, setting.value, context)
            }
        }
        start(hart, at: entry.rawValue, opaque: plan.deviceTree.rawValue)
    }

    func answerCall(_ hart: Hart) {
        var call = SBICall(
            hart: hart.id, extension: hart[x: 17], function: hart[x: 16], a0: hart[x: 10],
            a1: hart[x: 11], a2: hart[x: 12], a3: hart[x: 13], a4: hart[x: 14], a5: hart[x: 15])
        call.vmid = hart.csr.vmid
        var platform = FirmwarePlatform(memory: memory, bus: bus)
        guard let reply = firmware?.call(call, &platform, &outcome) else { return }
        switch reply {
        case .pair(let error, let value):
            hart[x: 10] = UInt64(bitPattern: error.rawValue)
            hart[x: 11] = value
        case .legacy(let value): hart[x: 10] = UInt64(bitPattern: value)
        case .none: break
        }
        carryOut(caller: hart.id)
    }

    /// A hart that firmware suspended has something to do again.
    func wakeSuspended(_ hart: Hart) {
        guard firmware?.state(of: hart.id) == .suspended else { return }
        firmware?.wake(hart: hart.id, &outcome)
        carryOut(caller: hart.id)
    }

    func isStopped(_ hart: Hart) -> Bool { firmware?.state(of: hart.id) == .stopped }

    private func carryOut(caller: Int) {
        bus.carryOut(&outcome.effects)
        for action in outcome.actions { perform(action, caller: caller) }
        outcome.actions.removeAll(keepingCapacity: true)
    }

    private func perform(_ action: SBIAction, caller: Int) {
        switch action {
        case .setTimer(let id, let deadline):
            bus.setFirmwareTimer(harts[id], deadline)
        case .fence(let id, let fence):
            if let parallel {
                parallel.fence(id, fence, by: caller)
            } else {
                harts[id].perform(fence)
            }
        case .start(let id, let address, let opaque):
            guard let parallel else {
                return start(harts[id], at: address, opaque: opaque)
            }
            parallel.threads[id].post(.start(address: address, opaque: opaque), isUrgent: true)
        case .stop: break
        case .suspend(let id):
            if let parallel { parallel.threads[id].suspend() } else { isWaiting[id] = true }
        case .setADUpdating(let id, let on):
            change(harts[id]) { csr, context in
                csr.store(
                    CSR.menvcfg,
                    csr.menvcfg.replacing(Environment.adue, with: on ? Environment.adue : 0),
                    context)
            }
        case .setCounter(let id, let counter, let value):
            change(harts[id]) { csr, context in
                csr.store(counter == .cycle ? CSR.mcycle : CSR.minstret, value, context)
            }
        case .runCounter(let id, let counter, let runs):
            let bit: UInt64 = counter == .cycle ? 1 : 4
            change(harts[id]) { csr, context in
                csr.store(
                    CSR.mcountinhibit, csr.mcountinhibit.replacing(bit, with: runs ? 0 : bit),
                    context)
            }
        }
    }

    /// SBI 3.0, §9.1: `satp` and `sstatus.SIE` zero, the hart's number in a0.
    func start(_ hart: Hart, at address: UInt64, opaque: UInt64) {
        change(hart) { csr, context in
            csr.store(CSR.satp, 0, context)
            csr.mstatus &= ~Status.sie
            csr.isVirtual = false
        }
        hart.privilege = .supervisor
        hart.pc = address
        hart[x: 10] = UInt64(hart.id)
        hart[x: 11] = opaque
        if parallel == nil { isWaiting[hart.id] = false }
    }

    private func change(_ hart: Hart, _ body: (inout CSRFile, CSRContext) -> Void) {
        var csr = hart.csr
        body(&csr, hart.csrContext)
        hart.csr = csr
    }
}

extension Hart {
    /// Decoded code is never stale, so that only translations are to be forgotten.
    func perform(_ fence: RemoteFence) {
        let start: UInt64
        let count: UInt64?
        let scope: FenceScope
        switch fence {
        case .instructions: return
        // Its pages are not known by their guest-physical addresses.
        case .guestStage(_, _, let vmid): return flush(.guestStage(vmid: vmid))
        case .addresses(let first, let bytes, let asid):
            (start, count, scope) = (first, bytes, .native(asid: asid))
        case .guestAddresses(let first, let bytes, let vmid, let asid):
            (start, count, scope) = (first, bytes, .guest(vmid: vmid, asid: asid))
        }
        guard let count, count <= 64 * Page.bytes else { return flush(scope) }
        let range = GuestRange(start: GuestPhysical(start), count: count)
        for page in 0..<Page.count(spanning: range) {
            flush(scope, page: (start & ~Page.offsetMask) &+ page &* Page.bytes)
        }
    }
}
