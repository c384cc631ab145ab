import Bits
import CHost
import GuestMemory
import Hart
import RISCV

/// What the translator counts.
package struct TranslationStatistics: Sendable {
    package var units: UInt64 = 0
    package var guestInstructions: UInt64 = 0
    package var hostBytes: UInt64 = 0
    package var chains: UInt64 = 0
    package var lookups: UInt64 = 0
    /// How often the run loop entered generated code.
    package var entries: UInt64 = 0
    package var interpreted: UInt64 = 0
    package var systemCalls: UInt64 = 0
    package var retranslations: UInt64 = 0
    package var invalidated: UInt64 = 0
    package var evictions: UInt64 = 0
}

/// The translation cache and what fills it.
struct TranslationCache: ~Copyable {
    let buffer: CodeBuffer
    var fragments = FragmentTable()
    var lifter: Lifter
    var emitter: Emitter
    let memory: GuestMemory
    private let options: TranslatorOptions
    let thunks: Thunks
    /// The first byte behind the thunks, and the region being filled.
    private let firstCode: Int
    var used: Int
    /// Up to where the writable view was let go of.
    private var retired = 0
    private var region = 0
    var statistics = TranslationStatistics()
    /// Set while a unit is translated for people.
    var draft: UnitDraft?
    /// Told of each decision, where somebody listens.
    var observer: ((TranslationEvent) -> Void)?

    typealias Enter = @convention(c) (UnsafeMutableRawPointer, UInt64) -> Int
    private let enterCode: Enter

    init?(memory: GuestMemory, options: TranslatorOptions) {
        guard
            let buffer = CodeBuffer(
                capacity: options.cacheBytes, isAnonymous: options.isProfiled)
        else { return nil }
        var asm = Assembler(
            cursor: buffer.writable, executableOffset: buffer.executableOffset)
        let refill: @convention(c) (UnsafeMutableRawPointer, UInt64, Int) -> Void = {
            refillTables($0, $1, $2)
        }
        let thunks = Thunks(
            &asm, .standard, refill: UInt64(UInt(bitPattern: unsafeBitCast(refill, to: Int.self))),
            fault: options.fault)
        lifter = Lifter()
        lifter.sharesMemory = options.sharesMemory
        emitter = Emitter(
            thunks, lifter.block, bufferStart: buffer.writable,
            executableOffset: buffer.executableOffset)
        emitter.fault = options.fault
        emitter.sharesMemory = options.sharesMemory
        firstCode = asm.cursor - buffer.writable
        used = firstCode
        self.thunks = thunks
        self.memory = memory
        self.options = options
        enterCode = unsafeBitCast(Int(thunks.enter), to: Enter.self)
        self.buffer = buffer
    }

    @inline(__always)
    func enter(_ state: UnsafeMutablePointer<HartState>, _ code: UInt64) -> ExitReason {
        let base = UnsafeMutableRawPointer(state) + Int(StateLayout.bias)
        return ExitReason(rawValue: enterCode(base, code)) ?? .lookup
    }

    deinit { lifter.deallocate() }

    // MARK: Exits

    func exit(_ record: Int) -> (pc: UInt64, page: UInt64, patch: Int) {
        let at = UnsafeRawPointer(buffer.writable + record)
        return (
            at.loadUnaligned(as: UInt64.self),
            at.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
            Int(at.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        )
    }
    mutating func chain(_ record: Int, to code: UInt64) {
        statistics.chains &+= 1
        observer?(.chained(jump: hostAddress(ofRecord: record), to: exit(record).pc))
        Assembler.patch(
            jumpAt: buffer.writable + exit(record).patch,
            executableOffset: buffer.executableOffset, to: code)
    }

    // MARK: Translation

    mutating func translate(_ hart: Hart, _ pc: UInt64, _ page: UInt64) -> UInt64? {
        guard let fragment = emit(hart, pc, page, []) else { return nil }
        _ = fragments.insert(fragment)
        observer?(.translated(TranslatedUnit(fragment, hart)))
        return fragment.code
    }

    mutating func emit(_ hart: Hart, _ pc: UInt64, _ page: UInt64, _ form: Fragment.Flags)
        -> Fragment?
    {
        guard let host = memory.host(GuestPhysical(page), count: 4096) else { return nil }
        let parcels = UnsafeRawPointer(host).assumingMemoryBound(to: UInt16.self)
        guard lift(hart, pc, parcels) else { return nil }
        draft?.noteLifted(lifter.block)
        lifter.block.optimise(
            mergesChecks: !form.contains(.isSeparate), fault: options.fault)
        draft?.noteOptimised(lifter.block)
        used = (used + 15) & ~15
        let start = buffer.writable + used
        emitter.asm.cursor = start
        emitter.physicalPage = page
        let loop = form.contains(.isLoop) ? LoopMap(lifter.block) : nil
        let code = emitter.emit(lifter.block, loop: loop)
        let bytes = emitter.asm.cursor - start
        used += bytes
        retire()
        statistics.units &+= 1
        statistics.guestInstructions &+= UInt64(lifter.block.guestCount)
        statistics.hostBytes &+= UInt64(bytes)
        var fragment = Fragment(
            physical: page | (pc & 0xfff), pc: pc, code: code, hostBytes: UInt32(bytes),
            guestCount: UInt16(lifter.block.guestCount), regions: 1 &<< UInt8(region))
        fragment.flags = form
        if emitter.repeats { fragment.flags.insert(.repeats) }
        return fragment
    }

    /// Everything but the latest code is seldom written to again.
    private mutating func retire() {
        guard used - retired >= 2 * Self.latestBytes else { return }
        buffer.retire(retired..<used - Self.latestBytes)
        retired = used - Self.latestBytes
    }
    private static let latestBytes = 512 << 10

    /// Lifts from `pc` on; false where not even the first instruction is the translator's.
    private mutating func lift(_ hart: Hart, _ start: UInt64, _ parcels: UnsafePointer<UInt16>)
        -> Bool
    {
        lifter.begin()
        var pc = start
        while lifter.block.guestCount < options.longestUnit, !lifter.block.isFull {
            let index = Int(pc & 0xfff) / 2
            let low = UInt32(parcels[index])
            let isLong = low & 3 == 3
            if isLong && index == 2047 { break }
            if hart.hasBreakpoint(inPageAt: pc) { break }
            let bits = isLong ? low | UInt32(parcels[index + 1]) << 16 : low
            let length: UInt64 = isLong ? 4 : 2
            guard var instruction = hart.decode(bits) else {
                lifter.liftIllegal(at: pc)
                break
            }
            if options.fault == .decoder { instruction = instruction.mistaken }
            lifter.lift(instruction, at: pc)
            if lifter.hasEnded {
                guard let target = lifter.followed(from: start) else { break }
                pc = target
                continue
            }
            let last = lifter.block.last
            pc &+= length
            if let last, last.operation == .branch, last.target < pc { break }
            if pc & 0xfff == 0 { break }
        }
        lifter.finish(at: pc)
        return lifter.block.guestCount > 0
    }

    // MARK: Adapting

    /// A slice ended in the unit at `pc`. A loop where that happens again and again is hot, and gets
    /// registers of its own.
    mutating func sample(_ hart: Hart, _ pc: UInt64) {
        guard let page = hart.codePage(pc), let index = fragments.find(page | (pc & 0xfff), pc)
        else { return }
        fragments[index].samples &+= 1
        guard fragments[index].samples == Self.hotSamples else { return }
        let flags = fragments[index].flags
        guard flags.contains(.repeats), !flags.contains(.isLoop) else { return }
        retranslate(hart, index, page, flags.union(.isLoop))
    }
    private static let hotSamples: UInt16 = 3

    /// Emits a unit again in another form; its old code leads to the new.
    private mutating func retranslate(
        _ hart: Hart, _ index: Int, _ page: UInt64, _ form: Fragment.Flags
    ) {
        let pc = fragments[index].pc
        guard !needsRoom, let unit = emit(hart, pc, page, form) else { return }
        statistics.retranslations &+= 1
        let old = fragments[index].code
        replace(old, by: unit.code)
        hart.forgetJump(pc, hostAddress: old)
        fragments[index].code = unit.code
        fragments[index].hostBytes = unit.hostBytes
        fragments[index].regions |= unit.regions
        let reason: RetranslationReason =
            fragments[index].flags.contains(.isLoop) == form.contains(.isLoop)
            ? .failingChecks : .hotLoop
        fragments[index].flags = unit.flags
        observer?(.retranslated(TranslatedUnit(fragments[index], hart), reason))
    }

    /// A check failed for good in the unit at `pc`. One that does so again and again gets a check for
    /// each access instead of one for several; its old code leads to the new.
    mutating func noteFailure(_ hart: Hart, _ pc: UInt64) {
        guard pc != 0, let page = hart.codePage(pc),
            let index = fragments.find(page | (pc & 0xfff), pc)
        else { return }
        fragments[index].failures &+= 1
        guard fragments[index].failures == Self.toleratedFailures,
            !fragments[index].flags.contains(.isSeparate)
        else { return }
        retranslate(hart, index, page, fragments[index].flags.union(.isSeparate))
    }
    private static let toleratedFailures: UInt16 = 16

    /// Every way into the old code leads to the new from here on.
    private func replace(_ old: UInt64, by new: UInt64) {
        let at = Int(bitPattern: UInt(old)) - buffer.executableOffset
        var asm = Assembler(
            cursor: UnsafeMutablePointer(bitPattern: at).unsafelyUnwrapped,
            executableOffset: buffer.executableOffset)
        asm.jmp(address: new)
    }

    // MARK: Room

    var needsRoom: Bool {
        let end =
            region == CodeBuffer.regionCount - 1
            ? buffer.capacity : (region + 1) * buffer.regionBytes
        return used + CodeBuffer.longestUnit > end
    }
    typealias Dropped = [(pc: UInt64, code: UInt64)]

    /// Goes on in the next region, whose fragments are dropped with all others of their pages.
    mutating func makeRoom(_ body: (_ page: UInt64, Dropped) -> Void) {
        region = region + 1 == CodeBuffer.regionCount ? 0 : region + 1
        used = region == 0 ? firstCode : region * buffer.regionBytes
        retired = used
        var pages: Set<UInt64> = []
        for index in 0..<fragments.used
        where fragments[index].code != 0
            && fragments[index].regions & (1 &<< UInt8(region)) != 0
        {
            pages.insert(fragments[index].physical & ~0xfff)
        }
        guard !pages.isEmpty else { return }
        statistics.evictions &+= 1
        observer?(.evicted(region: region, pages: pages.count))
        for page in pages {
            var dropped: Dropped = []
            fragments.removePage(page) { dropped.append(($0.pc, $0.code)) }
            body(page, dropped)
        }
    }
    mutating func forget(page: UInt64, _ body: (Fragment) -> Void) {
        var count: UInt64 = 0
        fragments.removePage(page) {
            body($0)
            count &+= 1
        }
        statistics.invalidated &+= count
    }
    mutating func forgetAll() {
        observer?(.forgotten)
        fragments.removeAll()
        region = 0
        used = firstCode
        retired = used
        statistics.evictions &+= 1
    }
}

/// Called by generated code whose check found no page in the tables. Marks nothing dirty for a store
/// that is still to come.
private func refillTables(_ state: UnsafeMutableRawPointer, _ address: UInt64, _ access: Int) {
    let hartState = (state - Int(StateLayout.bias)).assumingMemoryBound(to: HartState.self)
    guard let hart = UnsafeRawPointer(bitPattern: UInt(hartState.pointee.engine)) else { return }
    // SAFETY: the run loop that entered the code holds the hart.
    let unmanaged = Unmanaged<Hart>.fromOpaque(hart)
    unmanaged._withUnsafeGuaranteedRef {
        _ = $0.refill(
            address, isStore: access != AccessCheck.load.rawValue,
            isLater: access == AccessCheck.laterStore.rawValue)
    }
    // The first fill of an address space may have made its tables.
    guard hartState.pointee.tables != hartState.pointee.loadedTables else { return }
    hartState.pointee.loadedTables = hartState.pointee.tables
    hull_set_gs_base(hartState.pointee.tables)
}

extension Instruction {
    /// For `TranslatorFault.decoder`.
    fileprivate var mistaken: Instruction {
        guard opcode == .xor else { return self }
        return Instruction(.or, rd: rd, rs1: rs1, rs2: rs2, isCompressed: isCompressed)
    }
}
