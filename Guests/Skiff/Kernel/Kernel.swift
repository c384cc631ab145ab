import CSkiff
import SkiffABI

/// The operating system: what it knows of the machine, and the processes.
final class Kernel {
    let board: Board
    let console: Console
    let timer: Timer
    let plic: PLIC?
    let pages: PageAllocator
    let space: AddressSpace
    let image: ProgramImage
    /// Whether the hart tells address spaces apart by numbers as large as a slot's.
    let hasASIDs: Bool
    var disk: VirtioBlock?
    /// Slot 0 is the shell.
    var processes: [Process] = []
    var current: Process
    var nextNumber: UInt64 = 1
    /// The process that Ctrl-C ends.
    var foreground: Process?
    let startTime: UInt64
    /// How many interrupts of each kind were taken, by number.
    var interrupts: InlineArray<16, UInt64> = .init(repeating: 0)
    /// When the current process got the hart.
    var switchTime: UInt64 = 0
    /// The numbers of the last interrupts, four bits each, the latest lowest.
    var interruptOrder: UInt64 = 0
    /// The device that interrupted last.
    var lastSource: UInt32 = 0
    private static let slots = 16

    init?(_ board: Board) {
        self.board = board
        startTime = read_time()
        console = Console(board)
        timer = Timer(board)
        plic = board.plic.map { PLIC(address: $0.address, context: board.plicContext) }
        pages = PageAllocator(board)
        guard let space = AddressSpace.kernel(board, pages), let image = ProgramImage() else {
            return nil
        }
        self.space = space
        self.image = image
        // How many bits of an ASID exist is found by writing ones (10.1.11).
        csr_write_satp(space.satp | 0xffff << 44)
        hasASIDs = (csr_read_satp() >> 44) & 0xffff >= UInt64(Self.slots)
        csr_write_satp(space.satp)
        sfence_all()
        for slot in 0..<Self.slots {
            guard let stack = pages.allocateFresh(count: Process.stackCount) else { return nil }
            processes.append(Process(slot: slot, stack: stack, space: space))
        }
        current = processes[0]
        current.name = StaticString("shell").bytes
        current.state = .ready
    }

    /// Devices whose interrupts need the trap handler, hence a kernel that others can find.
    func start() {
        csr_write_scounteren(7)
        plic?.start()
        if let uart = board.uart { plic?.enable(uart.interrupt) }
        for device in board.virtio where disk == nil {
            disk = VirtioBlock(device, self)
            if disk != nil { plic?.enable(device.interrupt) }
        }
        csr_set_sie(Interrupt.all)
    }
}

/// Where the trap handler finds it.
nonisolated(unsafe) var theKernel: Kernel?
