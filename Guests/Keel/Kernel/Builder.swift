import Bits
import CKeel
import Effects
import Keel
import Devices
import FDT
import RISCV

/// Makes the worlds: finds memory, builds the monitor's own tables, and loads each guest.
struct Builder {
    private let board: HostBoard
    private let options: Options
    private let archive: Archive
    private var free: FreeMemory
    private let widest: PageTableMode
    private let monitorRoots: MonitorRoots
    private let trapPage: TrapPage
    private var frames: [UInt64] = []
    private let hasASIDs: Bool

    static let guestLimit = 8
    private static let stackBytes: UInt64 = 1 << 16
    /// Pages for shadow tables, beside one for each 64 of a guest's.
    private static let shadowPages: UInt64 = 1024

    init?(_ board: HostBoard, _ options: Options, _ archive: Archive) {
        self.board = board
        self.options = options
        self.archive = archive
        free = FreeMemory(board.memory, without: board.reserved)
        guard let pages = free.take(32 * 4096) else { return nil }
        var pool = PagePool(start: pages, count: 32)
        for _ in 0..<Self.guestLimit {
            guard let frame = pool.take() else { return nil }
            frames.append(frame)
        }
        guard
            let trapPage = TrapPage(
                code: address_of_keel_trap_page(), frames: frames, &pool),
            let monitorRoots = MonitorRoots(trapPage, &pool)
        else { return nil }
        self.trapPage = trapPage
        self.monitorRoots = monitorRoots
        // A mode that the hart does not have leaves satp as it was (§4.1.11).
        var widest = PageTableMode.bare
        var hasASIDs = false
        for mode in [PageTableMode.sv39, .sv48, .sv57] {
            let all = monitorRoots.satp(mode) | 0xffff << 44
            csr_write_satp(all)
            let held = csr_read_satp()
            guard held >> 60 == UInt64(mode.rawValue) else { continue }
            widest = mode
            hasASIDs = held >> 44 & 0x3ff == 0x3ff
            csr_write_satp(monitorRoots.satp(mode))
            sfence_all()
        }
        guard widest != .bare else { return nil }
        self.widest = widest
        self.hasASIDs = hasASIDs
    }

    /// A stack for one more hart: its top.
    mutating func stack() -> UInt64? { free.take(Self.stackBytes).map { $0 + Self.stackBytes } }

    /// Every guest of the archive, in memory that stays.
    mutating func build() -> Worlds {
        var worlds = Worlds()
        while worlds.count < Self.guestLimit,
            let kernel = archive.file(guest: worlds.count, "kernel")
        {
            guard var world = makeWorld(worlds.count) else {
                stop("not enough memory for the guests: memory= gives each one less")
            }
            load(kernel, &world)
            if world.guestStages == nil { world.chooseRoot() }
            worlds.add(world)
        }
        return worlds
    }

    private mutating func makeWorld(_ number: Int) -> World? {
        let frameCount = options.memory >> 12
        let pageCount = Self.shadowPages + frameCount / 64
        let noteBytes = (frameCount * Shadows.noteBytes + 4095) & ~4095
        guard let base = free.take(options.memory, alignment: 2 << 20),
            let pages = free.take(pageCount * 4096), let notes = free.take(noteBytes)
        else { return nil }
        HostMemory.zero(base, count: options.memory)
        HostMemory.zero(notes, count: noteBytes)
        let ram = GuestRAM(base: base, count: options.memory)
        let vcpu = VCPU(
            frame: frames[number], isa: GuestISA.isa(parsing: board.isa), hartID: 0,
            largestMode: widest)
        vcpu.frame.monitorAddress = frames[number]
        vcpu.frame.needsFence = !hasASIDs
        let disk = archive.file(guest: number, "disk")
        let time =
            Self.unixNanoseconds(board) &- read_time() &* 1_000_000_000
            / UInt64(board.ticksPerSecond)
        let virtual = VirtualBoard(
            disk: BlockDevice(base: disk?.address ?? 0, count: disk?.count ?? 0),
            unixNanoseconds: time, ticksPerSecond: UInt64(board.ticksPerSecond))
        let shadows = Shadows(
            options.mmu, ram: ram, pool: PagePool(start: pages, count: pageCount),
            trapPage: trapPage, widest: widest, notes: notes,
            owner: number)
        var world = World(
            number: number, ram: ram, vcpu: vcpu, board: virtual, shadows: shadows,
            monitorRoots: monitorRoots,
            floatUnit: FloatUnit(save: { keel_save_float($0) }, load: { keel_load_float($0) }))
        if options.backEnd == .hardware {
            guard let stages = makeStages(number, ram) else { return nil }
            world.guestStages = stages
        }
        if options.tracedCalls > 0 { world.trace = LectureTrace(calls: options.tracedCalls) }
        return world
    }

    private mutating func makeStages(_ number: Int, _ ram: GuestRAM) -> GuestStages? {
        let vmid = UInt64(number) + 1
        let next = UInt64(Self.guestLimit)
        guard let all = makeStage(vmid, ram),
            let code = makeStage(vmid + next, ram, codeOnly: true),
            let protected = makeStage(vmid + 2 * next, ram)
        else { return nil }
        return GuestStages(all: all, code: code, protected: protected)
    }

    private mutating func makeStage(
        _ vmid: UInt64, _ ram: GuestRAM, codeOnly: Bool = false
    ) -> GuestStage? {
        let pageCount = ram.count >> 30 + 2
        guard let root = free.take(GuestStage.rootBytes, alignment: GuestStage.rootBytes),
            let pages = free.take(pageCount * 4096)
        else { return nil }
        var pool = PagePool(start: pages, count: pageCount)
        return GuestStage(ram, root: root, vmid: vmid, codeOnly: codeOnly, &pool)
    }

    private static func unixNanoseconds(_ board: HostBoard) -> UInt64 {
        guard let clock = board.clock else { return 0 }
        let low = UInt64(load32(clock))
        return UInt64(load32(clock + 4)) << 32 | low
    }

    /// Kernel, initrd and device tree, as a boot loader places them.
    private func load(_ kernel: Archive.File, _ world: inout World) {
        let ram = world.ram
        guard let image = KernelImage(kernel, into: ram) else {
            stop("a guest's kernel is no ELF file and no Image, or does not fit its memory")
        }
        var tree = GuestTree(
            ram: ram, isa: GuestISA.isa(parsing: board.isa), largestMode: widest,
            ticksPerSecond: board.ticksPerSecond)
        if let text = archive.file(guest: world.number, "arguments") {
            tree.arguments = text.bytes.filter { $0 != 10 && $0 != 0 }
        }
        var top = ram.end &- 0x1_0000
        if let initrd = archive.file(guest: world.number, "initrd") {
            top = (top &- initrd.count) & ~0xfff
            guard top >= image.end, let place = ram.host(.init(top), count: initrd.count) else {
                stop("a guest's initrd does not fit its memory")
            }
            HostMemory.copy(to: place, from: initrd.address, count: initrd.count)
            tree.initrd = .init(start: .init(top), count: initrd.count)
        }
        let address = ram.end &- 0x1_0000
        guard ram.write(.init(address), tree.blob()) else { stop("no room for a device tree") }
        // A kernel at the very start of memory is what a board runs out of reset.
        let clock = Clock(time: read_time(), retired: read_instret())
        if image.entry < GuestRAM.start + 0x20_0000 {
            world.startMachine(at: image.entry, tree: address)
        } else {
            world.startSupervisor(at: image.entry, tree: address, clock)
        }
    }
}
