import Bits
import RISCV

/// Data that a debugger watches.
package struct Watchpoint: Equatable, Sendable {
    package var address: UInt64
    /// Length in bytes.
    package var count: UInt64
    package var onLoad: Bool
    package var onStore: Bool
    package init(address: UInt64, count: UInt64, onLoad: Bool, onStore: Bool) {
        self.address = address
        self.count = count
        self.onLoad = onLoad
        self.onStore = onStore
    }

    func covers(_ other: UInt64, _ bytes: UInt64) -> Bool {
        let distance = other &- address
        return distance < count || address &- other < bytes
    }
}

/// What a debugger asks of a hart. Addresses are virtual; breakpoints hold in every address space.
package struct DebugState: Sendable {
    package var breakpoints: [UInt64] = []
    package var watchpoints: [Watchpoint] = []
    /// Take no interrupt: a step goes to the next instruction of the code that is being looked at.
    package var masksInterrupts = false
    /// The breakpoint that the hart stands on and shall leave.
    package var skipped: UInt64?
    /// What the last watched access touched.
    package var watchHit: (point: Watchpoint, address: UInt64, isStore: Bool)?

    package var isWatching: Bool { !watchpoints.isEmpty }
}

extension Hart {
    /// Where slots may hold a stop: a breakpoint's offset in its page, whatever the page.
    func isBreakpointOffset(_ offset: Int) -> Bool {
        for address in debug.breakpoints where Int(address & 0xfff) == offset { return true }
        return false
    }

    func watch(_ address: UInt64, _ width: AccessWidth, isStore: Bool) {
        for point in debug.watchpoints
        where (isStore ? point.onStore : point.onLoad) && point.covers(address, width.bytes) {
            debug.watchHit = (point, address, isStore)
            requestExit(.debugStop)
        }
    }
    func isWatched(page: UInt64) -> Bool {
        for point in debug.watchpoints where point.covers(page, 4096) { return true }
        return false
    }

    /// A CSR without the checks of an access. `time` and its kin read as the hart last saw them.
    package func debugRead(csr number: Int) -> UInt64 {
        state.pointee.csr.value(
            number, csrContext)
    }
    package var csrContext: CSRContext {
        CSRContext(
            time: bus.time(for: self), cycle: retired, instret: retired,
            walkReads: state.pointee.walkReads)
    }
    package func debugWrite(csr number: Int, _ value: UInt64) {
        var file = csr
        file.store(
            number, value, csrContext)
        csr = file
        flushTranslations()
    }
}

extension Hart {
    /// The encoding that a fetch at `pc` would find, for someone who only looks; in the hart's own world
    /// unless another is named.
    package func encoding(at pc: UInt64, _ privilege: Privilege, isVirtual: Bool? = nil) -> UInt32?
    {
        let mode = AccessMode(
            privilege, isVirtual: isVirtual ?? state.pointee.csr.isVirtual)
        guard let low = parcel(at: pc, mode) else { return nil }
        guard low & 3 == 3 else { return UInt32(low) }
        return parcel(at: pc &+ 2, mode).map { UInt32(low) | UInt32($0) << 16 }
    }

    private func parcel(at address: UInt64, _ mode: AccessMode) -> UInt16? {
        var reader = WalkMemory(memory: memory, state: state, marking: .pretended)
        let found = try? TwoStageWalk.walk(
            GuestVirtual(address), .fetch, state.pointee.csr.stages(mode), &reader)
        return found.flatMap { memory.load16($0.physical) }
    }
}
