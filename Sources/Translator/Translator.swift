import Bits
import CHost
import GuestMemory
import Hart
import RISCV

/// The translator: turns guest code into host code and runs that.
///
/// Generated code knows two answers to whatever it cannot do itself: the run loop executes a
/// whole-instruction call, and the interpreter everything else, one instruction at a time. So all traps
/// are the interpreter's, and both engines give the same state after the same number of instructions.
package final class Translator: Engine {
    private let inner: Interpreter
    let memory: GuestMemory
    /// Through a pointer, so that the run loop pays for no dynamic check of exclusive access.
    let cache: UnsafeMutablePointer<TranslationCache>
    /// Harts that run here.
    private(set) var harts: [Unmanaged<Hart>] = []
    private var latest: UnsafeMutableRawPointer?
    private let writtenPages = WrittenPages()
    /// No code was found because its page was just written.
    private var isYoung = false
    /// Where time and calls are counted, if they are.
    let gauge: UnsafeMutablePointer<Gauge>?

    /// Whether this host runs generated code.
    package static let isAvailable = hull_host_runs_generated_code()

    package init?(memory: GuestMemory, options: TranslatorOptions = TranslatorOptions()) {
        guard Self.isAvailable,
            let made = TranslationCache(memory: memory, options: options)
        else { return nil }
        self.memory = memory
        cache = .allocate(capacity: 1)
        cache.initialize(to: made)
        inner = Interpreter(memory: memory, isInner: true)
        gauge = options.measures ? .allocate(capacity: 1) : nil
        gauge?.initialize(to: Gauge())
    }

    deinit {
        cache.deinitialize(count: 1)
        cache.deallocate()
        gauge?.pointee.release()
        gauge?.deallocate()
    }

    private func adopt(_ hart: Hart) {
        let unmanaged = Unmanaged.passUnretained(hart)
        latest = unmanaged.toOpaque()
        if harts.contains(where: { $0.toOpaque() == latest }) { return }
        harts.append(unmanaged)
        hart.serveGeneratedCode()
        hart.state.pointee.engine = UInt64(UInt(bitPattern: unmanaged.toOpaque()))
        hart.onCodeWrite = { [unowned self] page in forget(page: page, .store) }
    }

    package func run(_ hart: Hart, budget: UInt64) -> Exit {
        if latest != Unmanaged.passUnretained(hart).toOpaque() { adopt(hart) }
        let state = hart.state
        let saved = hart.beginFloat()
        let started = ticks
        defer {
            hart.endFloat(saved)
            if let gauge { gauge.pointee.runTicks &+= ticks &- started }
        }
        hart.refreshFloatState()
        state.pointee.loadedTables = 0
        state.pointee.attention.insert(.interrupts)
        state.pointee.retiredLimit = state.pointee.retired &+ budget
        state.pointee.scratch[StateLayout.budget] = budget
        while true {
            // An interrupt is taken before an instruction, not behind the last one of a run.
            let isSpent = state.pointee.scratch[StateLayout.budget] == 0
            if isSpent || state.pointee.attention.rawValue != 0 {
                if state.pointee.attention.contains(.exit) || !isSpent && !hart.attend() {
                    synchronise(state)
                    state.pointee.attention.remove(.exit)
                    return state.pointee.pendingExit
                }
                if isSpent {
                    synchronise(state)
                    return .budget
                }
            }
            guard state.pointee.tables != 0, let code = find(hart, state.pointee.pc) else {
                gauge?.pointee.noteInterpreted(hart)
                let rest = state.pointee.scratch[StateLayout.budget]
                let count = isYoung ? min(rest, WrittenPages.visit) : 1
                isYoung = false
                if let exit = interpret(hart, count) { return exit }
                continue
            }
            if let exit = enter(hart, code) { return exit }
        }
    }

    /// Makes `retired` true.
    @inline(__always)
    private func synchronise(_ state: UnsafeMutablePointer<HartState>) {
        state.pointee.retired =
            state.pointee.retiredLimit &- state.pointee.scratch[StateLayout.budget]
    }

    /// Runs generated code until it comes back for something else than more code.
    private func enter(_ hart: Hart, _ code: UInt64) -> Exit? {
        let state = hart.state
        var code = code
        while true {
            if state.pointee.loadedTables != state.pointee.tables {
                state.pointee.loadedTables = state.pointee.tables
                hull_set_gs_base(state.pointee.tables)
            }
            cache.pointee.statistics.entries &+= 1
            switch cache.pointee.enter(state, code) {
            case .lookup:
                cache.pointee.statistics.lookups &+= 1
                // To look at code that will not run now would mark its page as accessed.
                guard state.pointee.scratch[StateLayout.budget] != 0,
                    let found = find(hart, state.pointee.pc)
                else { return nil }
                code = found
            case .chain:
                guard let found = chain(hart) else { return nil }
                code = found
            case .budget:
                let rest = state.pointee.scratch[StateLayout.budget]
                cache.pointee.sample(hart, state.pointee.pc)
                gauge?.pointee.sliceEnds &+= rest
                return interpret(hart, rest)
            case .interpret:
                // The terminator of a unit is not among the instructions that it paid for.
                if state.pointee.scratch[StateLayout.budget] == 0 { return nil }
                cache.pointee.noteFailure(
                    hart, state.pointee.scratch[StateLayout.argument])
                gauge?.pointee.noteInterpreted(hart)
                return interpret(hart, 1)
            case .system:
                if state.pointee.scratch[StateLayout.budget] == 0 { return nil }
                system(hart)
                guard state.pointee.attention.rawValue == 0, state.pointee.tables != 0,
                    state.pointee.scratch[StateLayout.budget] != 0,
                    let found = find(hart, state.pointee.pc)
                else { return nil }
                code = found
            }
        }
    }

    /// Code for a guest address, translated where there is none; nil: the interpreter's.
    @inline(__always)
    private func find(_ hart: Hart, _ pc: UInt64) -> UInt64? {
        if let code = hart.jump(to: pc) { return code }
        guard let page = hart.codePage(pc) else { return nil }
        return code(hart, pc, page)
    }
    private func code(_ hart: Hart, _ pc: UInt64, _ page: UInt64) -> UInt64? {
        let physical = page | (pc & 0xfff)
        if let index = cache.pointee.fragments.find(physical, pc) {
            let code = cache.pointee.fragments[index].code
            hart.noteJump(pc, hostAddress: code)
            return code
        }
        // Sets and arrays that grow there compute with floating-point numbers of their own.
        return HostFloat.suspended { translated(hart, pc, page) }
    }
    private func translated(_ hart: Hart, _ pc: UInt64, _ page: UInt64) -> UInt64? {
        if writtenPages.areYoung(page) {
            isYoung = true
            return nil
        }
        if cache.pointee.needsRoom {
            cache.pointee.makeRoom { [harts, memory] page, dropped in
                // Engines of other harts may hold code of the page too.
                if hart.peers == nil { memory.clearHasCode(GuestPhysical(page)) }
                for hart in harts {
                    hart._withUnsafeGuaranteedRef {
                        for jump in dropped { $0.forgetJump(jump.pc, hostAddress: jump.code) }
                    }
                }
                inner.forget(page: GuestPhysical(page))
            }
        }
        hart.watchCode(page: GuestPhysical(page), also: harts)
        let started = ticks
        let translated = cache.pointee.translate(hart, pc, page)
        if let gauge { gauge.pointee.translationTicks &+= ticks &- started }
        guard let code = translated else { return nil }
        hart.noteJump(pc, hostAddress: code)
        return code
    }

    /// Finds what an exit within a page leads to, and patches its jump.
    private func chain(_ hart: Hart) -> UInt64? {
        let state = hart.state
        let record = Int(state.pointee.scratch[StateLayout.argument])
        let target = cache.pointee.exit(record)
        state.pointee.pc = target.pc
        if state.pointee.scratch[StateLayout.budget] == 0 { return nil }
        let evictions = cache.pointee.statistics.evictions
        guard let page = hart.codePage(target.pc), let code = code(hart, target.pc, page) else {
            return nil
        }
        if page == target.page && cache.pointee.statistics.evictions == evictions {
            cache.pointee.chain(record, to: code)
        }
        return code
    }

    /// Leaves so many instructions to the interpreter. nil: go on.
    private func interpret(_ hart: Hart, _ count: UInt64) -> Exit? {
        let state = hart.state
        synchronise(state)
        cache.pointee.statistics.interpreted &+= count
        let started = ticks
        let exit = inner.runInSession(hart, budget: count)
        if let gauge { gauge.pointee.interpreterTicks &+= ticks &- started }
        guard exit == .budget else { return exit }
        let rest = state.pointee.scratch[StateLayout.budget] &- count
        state.pointee.scratch[StateLayout.budget] = rest
        state.pointee.retiredLimit = state.pointee.retired &+ rest
        return nil
    }

    private func system(_ hart: Hart) {
        let state = hart.state
        cache.pointee.statistics.systemCalls &+= 1
        synchronise(state)
        let pc = state.pointee.pc
        let instruction = Instruction(word: state.pointee.scratch[StateLayout.argument])
        gauge?.pointee.noteCall(instruction)
        let started = ticks
        defer { if let gauge { gauge.pointee.callTicks &+= ticks &- started } }
        do throws(Trap) {
            let unmanaged = Unmanaged.passUnretained(hart)
            if try !Hart.system(unmanaged, instruction, at: pc) {
                state.pointee.pc = pc &+ instruction.length
            }
        } catch {
            hart.take(error, at: pc)
            // It spends budget and does not retire.
            state.pointee.retiredLimit &-= 1
        }
        state.pointee.scratch[StateLayout.budget] &-= 1
    }

    // MARK: Stale code

    /// A page was written: its `hasCode` flag is clear already.
    private func forget(page: GuestPhysical, _ reason: InvalidationReason) {
        writtenPages.note(page.rawValue)
        let before = cache.pointee.statistics.invalidated
        cache.pointee.forget(page: page.rawValue) { [harts] fragment in
            for hart in harts {
                hart._withUnsafeGuaranteedRef {
                    $0.forgetJump(fragment.pc, hostAddress: fragment.code)
                }
            }
        }
        inner.forget(page: page)
        let count = cache.pointee.statistics.invalidated &- before
        cache.pointee.observer?(.invalidated(page: page.rawValue, units: count, reason))
    }

    package func forget(page: GuestPhysical) { forget(page: page, .otherHart) }

    package func invalidate(_ range: GuestRange) {
        guard memory.hasCode(in: range) else { return }
        for page in memory.codePages(in: range) {
            memory.clearHasCode(page)
            forget(page: page, .outsideWrite)
        }
    }

    package func debugChanged(_ hart: Hart) {
        inner.debugChanged(hart)
        cache.pointee.forgetAll()
        for hart in harts { hart._withUnsafeGuaranteedRef { $0.forgetAllJumps() } }
    }
}

/// How translations are made.
package struct TranslatorOptions: Sendable {
    /// Guest instructions in a unit at most.
    package var longestUnit = 64
    /// Bytes of host code at most.
    package var cacheBytes = 64 << 20
    /// Time and calls out of generated code are measured, which takes some time itself.
    package var measures = false
    /// Host code lies where `perf` looks for names (`CodeBuffer`).
    package var isProfiled = false
    /// Harts of other engines run at the same time on the same memory.
    package var sharesMemory = false
    /// Something wrong, for proofs that comparisons with the interpreter find it.
    package var fault: TranslatorFault?
    package init() {}
}

/// What can be made wrong on purpose, one for each part of the translator.
package enum TranslatorFault: Sendable, CaseIterable {
    /// An `xor` is taken for an `or`.
    case decoder
    /// Branches are not seen as ways out: a write before one is dropped for a write behind it.
    case optimiser
    /// `sltu` holds for equal operands too.
    case emitter
    /// A store looks for its page among those that may be loaded from.
    case tables
    /// Fences are left out.
    case fence
}
