import CSkiff
import SkiffABI

/// A program that runs, or the shell (number 0, which runs in the kernel). The objects are made
/// once and used again: a stack that is left for ever may hold references to them.
final class Process {
    enum State {
        case free, ready, waiting, ended
    }
    var number: UInt64 = 0
    var parent: UInt64 = 0
    var name: [UInt8] = []
    var state = State.free
    var exitCode: UInt64 = 0
    var isSilent = false
    /// When to look again although nothing happened.
    var wakeTime = Timer.never
    /// Time this process has had the hart.
    var ticks: UInt64 = 0
    /// How often the timer took the hart away from it.
    var preemptions: UInt64 = 0
    /// What ended it, when it was not itself.
    var fault: (cause: UInt64, value: UInt64, pc: UInt64)?
    var space: AddressSpace
    /// Where the saved registers of the kernel's side lie (skiff_switch).
    let context: UInt64
    let stackTop: UInt64
    let slot: Int

    static let stackCount: UInt64 = 4

    init(slot: Int, stack: UInt64, space: AddressSpace) {
        self.slot = slot
        self.space = space
        context = stack
        stackTop = stack + Self.stackCount * pageSize
    }

    var frame: TrapFrame { TrapFrame(address: stackTop - TrapFrame.count) }

    /// Makes the next switch to this process return to user mode by its frame.
    func prepareReturn() {
        store64(context, address_of_skiff_trap_return())
        store64(context + 8, frame.address)
    }

    var stateName: StaticString {
        switch state {
        case .free: "free"
        case .ready: "ready"
        case .waiting: "waiting"
        case .ended: "ended"
        }
    }
}
