import Bits
import EngineKit
import GuestMemory
import Hart
import RISCV

/// A hart with RAM at 0x8000_0000 and nothing else but a word at 0x10_0000: a store there is kept and
/// ends the run.
final class Rig: Bus {
    let memory: GuestMemory
    let engine: any Engine
    private let isa: ISA
    private(set) var stored: UInt64?
    private(set) lazy var hart = Hart(id: 0, isa: isa, memory: memory, bus: self)
    static let base: UInt64 = 0x8000_0000

    init(
        _ program: [UInt8], isa: ISA = .standard, megabytes: UInt64 = 16,
        engine choice: EngineChoice = .interpreter
    ) throws {
        self.isa = isa
        memory = try GuestMemory(
            ram: GuestRange(start: GuestPhysical(Self.base), count: megabytes << 20))
        engine = choice.make(memory)
        _ = memory.install(GuestPhysical(Self.base), program)
        hart.pc = Self.base
        hart[x: 2] = Self.base + megabytes << 20
    }
    func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? { nil }
    func store(_ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart)
        -> Bool
    {
        guard address.rawValue == 0x10_0000 else { return false }
        stored = value
        hart.requestExit()
        return true
    }
    func time(for hart: Hart) -> UInt64 { hart.retired / 100 }
    func seed(for hart: Hart) -> UInt16? { 0 }
}
