import Bits
import Keel
import RISCV

/// Memory as the monitor has it: RAM of a world, pages for shadows, notes and a frame.
///
/// SAFETY: one allocation that lives as long as the rig; the monitor is given addresses inside it.
@safe final class Rig {
    static let ramBytes: UInt64 = 4 << 20
    static let poolPages: UInt64 = 4096
    private let block: UnsafeMutableRawPointer
    let ram: GuestRAM
    let trapPage: TrapPage
    let roots: MonitorRoots
    let frame: UInt64
    private let poolStart: UInt64
    private let notes: UInt64

    init() throws {
        let total = Self.ramBytes + (Self.poolPages + 64 + 16) * 4096
        unsafe block = UnsafeMutableRawPointer.allocate(
            byteCount: Int(total), alignment: 2 << 20)
        unsafe block.initializeMemory(as: UInt8.self, repeating: 0, count: Int(total))
        let base = unsafe UInt64(UInt(bitPattern: block))
        ram = GuestRAM(base: base, count: Self.ramBytes)
        poolStart = base + Self.ramBytes
        notes = poolStart + Self.poolPages * 4096
        var early = PagePool(start: notes + 16 * 4096, count: 64)
        frame = try Self.some(early.take())
        let code = try Self.some(early.take())
        trapPage = try Self.some(TrapPage(code: code, frames: [frame], &early))
        roots = try Self.some(MonitorRoots(trapPage, &early))
    }
    deinit { unsafe block.deallocate() }

    struct Missing: Error {}
    static func some<T>(_ value: T?) throws -> T {
        guard let value else { throw Missing() }
        return value
    }

    func shadows(
        _ kind: MMUKind, pages: UInt64 = Rig.poolPages, widest: PageTableMode = .sv57,
        owner: Int = 0
    ) -> Shadows {
        HostMemory.zero(notes, count: 16 * 4096)
        return Shadows(
            kind, ram: ram, pool: PagePool(start: poolStart, count: pages), trapPage: trapPage,
            widest: widest, notes: notes, owner: owner)
    }

    static var isa: ISA { GuestISA.isa(parsing: Array("rv64imafdc_zba_zbb".utf8)) }

    func world(_ kind: MMUKind = .lazy) -> World {
        World(
            number: 0, ram: ram,
            vcpu: VCPU(frame: frame, isa: Self.isa, hartID: 0, largestMode: .sv57),
            board: VirtualBoard(ticksPerSecond: 10_000_000), shadows: shadows(kind),
            monitorRoots: roots, floatUnit: FloatUnit(save: { _ in }, load: { _ in }))
    }

    func put(_ address: UInt64, _ value: UInt64) {
        _ = ram.store(GuestPhysical(address), value, .double)
    }
    func word(_ address: UInt64) -> UInt64 { ram.load(GuestPhysical(address), .double) ?? 0 }
}

/// The walk that the real hart makes through a shadow.
struct RealWalk {
    /// The host address, or nil for a page fault. The guest runs in U-mode.
    static func translate(_ satp: UInt64, _ address: UInt64, _ access: AccessKind) -> UInt64? {
        let context = WalkContext(
            mode: PageTableMode(field: satp >> 60), root: GuestPhysical(satp.bits(43, 0) << 12),
            privilege: .user)
        var memory = HostTables()
        return try? PageWalk.walk(GuestVirtual(address), access, context, &memory)
            .physical.rawValue
    }

    /// As the monitor sees the trap page: in S-mode.
    static func supervisor(_ satp: UInt64, _ address: UInt64, _ access: AccessKind) -> UInt64? {
        let context = WalkContext(
            mode: PageTableMode(field: satp >> 60), root: GuestPhysical(satp.bits(43, 0) << 12),
            privilege: .supervisor)
        var memory = HostTables()
        return try? PageWalk.walk(GuestVirtual(address), access, context, &memory)
            .physical.rawValue
    }
}

struct HostTables: RISCV.PhysicalMemory {
    mutating func load64(_ address: GuestPhysical) -> UInt64? {
        HostMemory.load64(address.rawValue)
    }
    mutating func compareAndSwap64(_ address: GuestPhysical, expected: UInt64, new: UInt64)
        -> Bool?
    { nil }
}

/// The guest's tables without the update of A and D: what a direct walk gives.
struct DirectTables: RISCV.PhysicalMemory {
    let ram: GuestRAM
    mutating func load64(_ address: GuestPhysical) -> UInt64? { ram.load(address, .double) }
    mutating func compareAndSwap64(_ address: GuestPhysical, expected: UInt64, new: UInt64)
        -> Bool?
    { true }
}
