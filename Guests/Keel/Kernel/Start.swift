import CKeel
import FDT
import Keel

/// From boot.S, in supervisor mode without translation.
@c(keel_start) func start(_ hart: UInt64, _ tree: UInt64) {
    guard let board = readBoard(hart, tree) else { stop("no device tree that can be used") }
    let console = Console(board)
    unsafe theConsole = console
    let options = Options(parsing: board.arguments)
    if let word = options.refused {
        var text = [UInt8]()
        text.append(text: "keel: not understood: ")
        console.write(text + word + [13, 10])
        stop(
            "cpu=trap or hardware, mmu=lazy, shadow or trace, memory=128M, until=0 to 7, trace, stats"
        )
    }
    guard let initrd = board.initrd else { stop("no guests: give a tar archive as initrd") }
    let archive = Archive(start: initrd.address, count: initrd.size)
    guard var builder = Builder(board, options, archive) else {
        stop("not enough memory, or no paging")
    }
    let worlds = builder.build()
    guard worlds.count > 0 else { stop("the archive has no 0/kernel") }
    if let last = options.lastGuest, last >= worlds.count { stop("until= names no guest") }
    let queue = RunQueue(worlds, options, HostFeatures(board.isa), console, hart: hart)
    unsafe theRunQueue = queue
    take_lock()
    // No more harts than guests, since a guest has one. They wait for the lock.
    for further in board.harts.dropFirst().prefix(worlds.count - 1) {
        guard let stack = builder.stack() else { break }
        if sbi_call(0x48_534d, 0, further, address_of_keel_further(), stack, 0).error == 0 {
            queue.join(further)
        }
    }
    run(queue, hart: 0)
}

/// From boot.S: a further hart, in supervisor mode without translation.
@c(keel_join) func join(_ hart: UInt64) {
    take_lock()
    // The first hart wrote this code's tables, and guests' code.
    fence_instructions()
    sfence_all()
    guard let queue = unsafe theRunQueue, let index = queue.harts.firstIndex(of: hart) else {
        stop("a hart came that was not called")
    }
    run(queue, hart: index)
}

private func run(_ queue: RunQueue, hart: Int) -> Never {
    switch queue.options.backEnd {
    case .trap:
        var schedule = Schedule(queue, hart: hart, TrapBackEnd())
        schedule.run()
    case .hardware:
        guard let backEnd = HardwareBackEnd(queue.worlds, queue.features) else {
            stop("cpu=hardware needs a hart with the hypervisor extension")
        }
        var schedule = Schedule(queue, hart: hart, backEnd)
        schedule.run()
    }
}

/// What the real harts have beyond what every guest is told of.
struct HostFeatures {
    /// A timer register for supervisor mode (Sstc).
    let hasTimer: Bool
    let hasHypervisor: Bool

    init(_ isa: [UInt8]) {
        hasTimer = GuestISA.hasTimer(isa)
        hasHypervisor = GuestISA.hasHypervisor(isa)
    }
}

private func readBoard(_ hart: UInt64, _ tree: UInt64) -> HostBoard? {
    guard load32(tree).byteSwapped == 0xd00d_feed else { return nil }
    let count = UInt64(load32(tree + 4).byteSwapped)
    guard count < 1 << 17 else { return nil }
    let blob = HostMemory.bytes(tree, count: count)
    var board = HostBoard(blob, hart: hart, image: address_of_keel_image_start())
    board?.reserve(tree, count)
    board?.reserve(
        address_of_keel_image_start(),
        address_of_keel_image_end() - address_of_keel_image_start())
    return board
}

/// A trap of the monitor itself.
@c(keel_stray) func stray(_ cause: UInt64, _ pc: UInt64, _ value: UInt64) {
    var text = [UInt8]()
    text.append(text: "trap in the monitor: cause ")
    text.append(hex: cause)
    text.append(text: " at ")
    text.append(hex: pc)
    text.append(text: ", address ")
    text.append(hex: value)
    stop(text)
}

func stop(_ reason: StaticString) -> Never {
    var text = [UInt8]()
    text.append(text: reason)
    stop(text)
}

/// When there is nothing left to run: a last word, and the machine off.
func stop(_ reason: [UInt8]) -> Never {
    var text = [UInt8]()
    text.append(text: "keel stops: ")
    text += reason + [13, 10]
    for byte in text { _ = sbi_call(1, 0, UInt64(byte), 0, 0, 0) }
    powerOff(code: 1)
}

/// System reset (SBI 3.0, chapter 10): a reason of its own for each code.
func powerOff(code: UInt8) -> Never {
    let reason: UInt64 = code == 0 ? 0 : 1
    _ = sbi_call(0x5352_5354, 0, 0, reason, 0, 0)
    while true { wait_for_interrupt() }
}
