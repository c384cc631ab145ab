import Bits
import GuestMemory
import Hart
import RISCV

/// A hart on which instructions are tried one by one, each from a state that is known whole.
final class AuditRig: Bus {
    static let code: UInt64 = 0x8000_0000
    static let data: UInt64 = 0x8000_1000
    static let handler: UInt64 = 0x8000_2000
    private static let pageBytes = 4096

    /// Where an instruction runs.
    enum Mode: CaseIterable {
        case machine, supervisor, user, guestSupervisor, guestUser

        var privilege: Privilege {
            switch self {
            case .machine: .machine
            case .supervisor, .guestSupervisor: .supervisor
            case .user, .guestUser: .user
            }
        }
        var isVirtual: Bool { self == .guestSupervisor || self == .guestUser }
    }

    /// What an instruction did.
    struct Outcome {
        var trap: UInt64?
        /// What a program sees by itself: its registers, its memory, where it goes on.
        var seen: Seen
        var before: CSRFile
        var after: CSRFile
        var privilege: Privilege
        /// It stopped the hart, or made it forget translations.
        var reachesMachine: Bool

        struct Seen: Equatable {
            var x: [UInt64]
            var f: [UInt64]
            var pc: UInt64
            var memory: [UInt8]
        }
    }

    let isa: ISA
    private let memory: GuestMemory
    private let engine: any Engine
    private lazy var hart = Hart(id: 0, isa: isa, memory: memory, bus: self)
    private var now: UInt64 = 0
    private let content = (0..<AuditRig.pageBytes).map { UInt8(truncatingIfNeeded: $0 &* 37) }

    init(_ isa: ISA, makeEngine: (GuestMemory) -> any Engine) throws(HullError) {
        self.isa = isa
        memory = try GuestMemory(
            ram: GuestRange(start: GuestPhysical(Self.code), count: 1 << 20))
        engine = makeEngine(memory)
    }

    /// Runs one instruction. Two states that differ in `variant` look the same to a program.
    func run(_ probe: AuditProbe, _ mode: Mode, variant: AuditVariant) -> Outcome {
        prepare(probe, mode, variant)
        let before = hart.csr
        let flushes = hart.statistics.tlbFlushes
        var trap: UInt64?
        hart.onTrap = { cause, _, _ in trap = trap ?? cause }
        defer { hart.onTrap = nil }
        let exit = engine.run(hart, budget: 1)
        let bytes = memory.bytes(
            GuestRange(start: GuestPhysical(Self.data), count: UInt64(Self.pageBytes)))
        return Outcome(
            trap: trap,
            seen: Outcome.Seen(
                x: (0..<32).map { hart[x: $0] }, f: (0..<32).map { hart[f: $0] }, pc: hart.pc,
                memory: bytes ?? []),
            before: before, after: hart.csr, privilege: hart.privilege,
            reachesMachine: exit == .waitForInterrupt || hart.statistics.tlbFlushes != flushes)
    }

    private func prepare(_ probe: AuditProbe, _ mode: Mode, _ variant: AuditVariant) {
        let low = (0..<4).map { UInt8(truncatingIfNeeded: probe.encoding >> ($0 * 8)) }
        _ = memory.write(GuestPhysical(Self.code), low + [0x13, 0, 0, 0])
        _ = memory.write(GuestPhysical(Self.data), content)
        engine.invalidate(GuestRange(start: GuestPhysical(Self.code), count: 8))
        now = variant.time
        hart.dropReservation()
        hart.csr = variant.file(isa, mode)
        hart.privilege = mode.privilege
        hart.pc = Self.code
        for register in 1..<32 {
            hart[x: register] = UInt64(register) &* 0x0101_0101
            hart[f: register] = ~0 << 32 | UInt64(register) << 20
        }
        hart[x: 11] = Self.data
        hart[x: 12] = 0x5a5a
        hart[x: 2] = Self.data + 1024
    }

    func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64? { nil }
    func store(_ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart)
        -> Bool
    { false }
    func time(for hart: Hart) -> UInt64 { now }
    func seed(for hart: Hart) -> UInt16? { 0x1234 }
}
