import Bits
import EngineKit
import GuestMemory
import Hart
import Loader
import RISCV

/// One hart, RAM, the test finisher and a core-local interruptor, where QEMU's `virt` has them, and a
/// clock that counts instructions: as little as the programs need, so that a failure is the hart's.
final class TestBoard: Bus {
    static let finisher: UInt64 = 0x10_0000
    static let softwareInterrupt: UInt64 = 0x200_0000
    static let timeCompare: UInt64 = 0x200_4000
    static let time: UInt64 = 0x200_bff8

    let memory: GuestMemory
    private let owner: GuestMemoryOwner
    private let engine: any Engine
    private let isa: ISA
    private(set) lazy var hart = Hart(id: 0, isa: isa, memory: memory, bus: self)
    private var finished: UInt64?
    /// mtime = retired instructions + this.
    private var timeOffset: UInt64 = 0
    private var compare: UInt64 = ~0
    private var entropy: UInt64 = 1

    init(isa: ISA, program: LoadPlan, engine choice: EngineChoice) throws {
        self.isa = isa
        let ram = GuestRange(start: GuestPhysical(0x8000_0000), count: 16 << 20)
        memory = try GuestMemory(ram: ram, backing: .anonymous(hugePages: false))
        owner = GuestMemoryOwner(memory)
        engine = choice.make(memory)
        for segment in program.segments {
            guard memory.write(segment.address, program.bytes[segment.file]) else {
                throw HullError(.format, "\(program.name) lies outside of RAM")
            }
        }
        hart.pc = program.entry.rawValue
    }

    /// Runs to the end; nil where there is none within `limit` instructions.
    func run(limit: UInt64 = 100_000_000) -> Int? {
        runAtMost(limit)
        return finished.map { word in
            word & 0xffff == 0x5555 ? 0 : Int(truncatingIfNeeded: word >> 16 & 0xffff)
        }
    }

    /// Trapping instructions count here too: a guest may do nothing else.
    func runAtMost(_ limit: UInt64) {
        var left = limit
        while finished == nil && left > 0 {
            let now = time(for: hart)
            hart.setLines(Interrupts.machineTimer, now >= compare)
            hart.advance(to: now)
            var deadline = now >= compare ? .max : compare
            if let timer = hart.timerDeadline(after: now) { deadline = min(deadline, timer) }
            let budget = max(1, min(deadline &- now, 10_000, left))
            let exit = engine.run(hart, budget: budget)
            left -= budget
            if exit == .waitForInterrupt && !hart.canWake {
                guard deadline != .max else { return }
                timeOffset &+= deadline &- now
            }
        }
    }

    // MARK: Bus

    func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? {
        switch (address.rawValue, width) {
        case (Self.softwareInterrupt, .word):
            hart.csr.lines & Interrupts.machineSoftware != 0 ? 1 : 0
        case (Self.timeCompare, .double): compare
        case (Self.time, .double): time(for: hart)
        default: nil
        }
    }

    func store(_ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart)
        -> Bool
    {
        switch (address.rawValue, width) {
        case (Self.finisher, .word):
            finished = value
            hart.requestExit()
        case (Self.softwareInterrupt, .word):
            hart.setLines(Interrupts.machineSoftware, value & 1 != 0)
        case (Self.timeCompare, .double):
            compare = value
            hart.setLines(Interrupts.machineTimer, time(for: hart) >= compare)
            hart.requestExit(.timer)
        case (Self.time, .double):
            timeOffset = value &- hart.retired
            hart.requestExit(.timer)
        default: return false
        }
        return true
    }

    func time(for hart: Hart) -> UInt64 { hart.retired &+ timeOffset }

    /// Not random at all, but never twice the same.
    func seed(for hart: Hart) -> UInt16? {
        entropy = entropy &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt16(truncatingIfNeeded: entropy >> 48)
    }
}
