import Bits
import Devices
import Effects
import RISCV
import SBI

/// A guest with all that is its own: memory, a virtual hart, devices, shadows. Nothing in it
/// reaches beyond `ram`, and nothing of one world is in another.
package struct World: ~Copyable {
    package let number: Int
    package let ram: GuestRAM
    package var vcpu: VCPU
    package var board: VirtualBoard
    package var shadows: Shadows
    /// The monitor is the guest's firmware; nil for a guest that starts in machine mode.
    package var firmware: SBIFirmware?
    package var outcome = SBIOutcome()
    package var counts = ExitCounts()
    /// What the counters of instructions have reached, wherever the world ran.
    package var retired: UInt64 = 0
    /// Text for the console, prefixed by nobody yet.
    package var output: [UInt8] = []
    /// Which of its consoles gets what is typed.
    var typedTo = 0
    /// Lines of the monitor's own about this world, and the rules that it was told of already.
    package var log: [UInt8] = []
    var noted: UInt8 = 0
    package var end: EndOfRun?
    /// The real hart translates for the guest, by these; nil where shadows do.
    package var guestStages: GuestStages?
    /// The real hart compares the guest's timer register with the time.
    package var hasOwnTimer = false
    /// The vCPU waits for an interrupt.
    package var isWaiting = false
    /// When something of the world's own wants to run; recomputed with what it depends on.
    package var deadline: UInt64 = ~0
    package var trace: LectureTrace?
    let monitorRoots: MonitorRoots
    let floatUnit: FloatUnit

    package init(
        number: Int, ram: GuestRAM, vcpu: consuming VCPU, board: consuming VirtualBoard,
        shadows: consuming Shadows, monitorRoots: MonitorRoots, floatUnit: FloatUnit
    ) {
        self.floatUnit = floatUnit
        self.monitorRoots = monitorRoots
        self.number = number
        self.ram = ram
        self.vcpu = vcpu
        self.board = board
        self.shadows = shadows
        output.reserveCapacity(256)
    }

    /// Out of reset, in machine mode, as a board's first instructions hand over.
    package mutating func startMachine(at entry: UInt64, tree: UInt64) {
        start(at: entry, opaque: tree, .machine)
    }

    /// In supervisor mode, with the monitor as firmware.
    package mutating func startSupervisor(at entry: UInt64, tree: UInt64, _ clock: Clock) {
        var configuration = SBIFirmware.Configuration(hartCount: 1, console: 0)
        configuration.canUpdateAD = true
        firmware = SBIFirmware(configuration)
        for setting in FirmwareBootState().settings {
            vcpu.csr.store(setting.number, setting.value, context(clock))
        }
        start(at: entry, opaque: tree, .supervisor)
    }

    mutating func start(at entry: UInt64, opaque: UInt64, _ privilege: Privilege) {
        vcpu.privilege = privilege
        vcpu.pc = entry
        vcpu[x: 10] = vcpu.csr.hartID
        vcpu[x: 11] = opaque
        isWaiting = false
        shadows.mustChoose = true
    }

    package func context(_ clock: Clock) -> CSRContext {
        CSRContext(
            time: board.aclint.time(now: clock.time), cycle: clock.retired, instret: clock.retired)
    }

    /// Chooses the root for the mode that the virtual hart is in now.
    package mutating func chooseRoot() {
        let (satp, trapPage) = shadows.choose(&vcpu.csr, vcpu.privilege)
        vcpu.frame.guestRoot = satp
        vcpu.frame.setTrapPage(trapPage)
        // Behind the code, each vCPU's frame has a page.
        vcpu.frame.ownAddress = trapPage &+ UInt64(number &+ 1) &* 4096
        vcpu.frame.monitorRoot = monitorRoots.satp(PageTableMode(field: satp &>> 60))
    }

    /// Protection or the rules of translation changed.
    mutating func rulesChanged() {
        if guestStages != nil {
            guestStages?.rulesChanged()
        } else {
            shadows.rulesChanged()
        }
    }

    /// What the real `scounteren` has to be: the guest reads `time` itself where it may and where
    /// it is the real one. The other counters are not the guest's alone.
    package var counterEnable: UInt64 {
        guard board.aclint.timeOffset == 0 else { return 0 }
        let time: UInt64 = 2
        return switch vcpu.privilege {
        case .machine: time
        case .supervisor: vcpu.csr.mcounteren & time
        case .user: vcpu.csr.mcounteren & vcpu.csr.scounteren & time
        }
    }

    /// What the real `sstatus.FS` has to be: the guest's floating-point instructions run on the
    /// real hart, or trap where the virtual unit is off.
    package var floatState: UInt64 { vcpu.csr.mstatus & Status.fs }
    /// On, and not known to be dirty.
    @inline(__always) package var floatIsClean: Bool {
        floatState != 0 && floatState != Status.fs
    }
    /// The guest wrote to its floating-point registers since the last look.
    package mutating func floatBecameDirty() { vcpu.csr.markFloatDirty() }
}
