import CKeel
import Devices
import Effects
import Keel
import RISCV

/// Which world runs: in turns, each until its virtual hart waits or its slice is over.
struct Schedule<BackEnd: VCPUBackEnd> {
    private let worlds: Worlds
    private let console: Console
    private let options: Options
    private let hasTimerRegister: Bool
    private var backEnd: BackEnd
    /// Who gets what is typed.
    private var focus = 0
    private var isAtLineStart = true
    private var lastWriter = 0
    /// Whose floating-point registers the real hart holds.
    private var floatOwner = 0
    private var exitCode: UInt8 = 0

    private static var sliceTicks: UInt64 { 50_000 }
    /// Ctrl-T: the next guest gets what is typed.
    private static var switchKey: UInt8 { 0x14 }
    private static var interrupts: UInt64 { 1 << 5 | 1 << 9 }

    init(
        _ worlds: Worlds, _ backEnd: BackEnd, _ console: Console, _ options: Options,
        _ hasTimerRegister: Bool
    ) {
        self.backEnd = backEnd
        self.worlds = worlds
        self.console = console
        self.options = options
        self.hasTimerRegister = hasTimerRegister
    }

    /// Until every world has ended.
    mutating func run() -> Never {
        csr_write_sie(Self.interrupts)
        var number = 0
        while true {
            guard let next = nextReady(after: number) else { powerOff(code: exitCode) }
            number = next
            turn(number)
        }
    }

    private var clock: Clock { Clock(time: read_time(), retired: read_instret()) }

    /// The next world, in turn, whose virtual hart has something to do; waits for one.
    private mutating func nextReady(after number: Int) -> Int? {
        while true {
            var deadline = ~0 as UInt64
            var isAlive = false
            for step in 1...worlds.count {
                let index = (number + step) % worlds.count
                if worlds[index].end != nil { continue }
                isAlive = true
                if worlds[index].settle(clock) == .resume { return index }
                flush(index)
                deadline = min(deadline, worlds[index].deadline)
            }
            guard isAlive else { return nil }
            setTimer(deadline)
            wait_for_interrupt()
            takeInput()
        }
    }

    private mutating func turn(_ number: Int) {
        worlds.makeRunning(number)
        exchangeFloat(number)
        let slice = worlds.count > 1 ? read_time() &+ Self.sliceTicks : ~0
        while true {
            setTimer(min(slice, worlds[number].deadline))
            backEnd.prepare(&worlds[number])
            backEnd.run(worlds[number].vcpu.frame)
            let exit = backEnd.exit(&worlds[number])
            if case .interrupt = exit { takeInput() }
            let clock = clock
            let resolution = worlds[number].resolve(exit, clock)
            flush(number)
            switch resolution {
            case .resume: if clock.time >= slice { return }
            case .wait: return
            case .ended: return finish(number)
            }
        }
    }

    /// A world finds its floating-point registers as it left them, also when it does not use them: the
    /// next one must not see another's.
    private mutating func exchangeFloat(_ number: Int) {
        guard floatOwner != number, worlds[number].vcpu.csr.isa.has(.d) else { return }
        keel_save_float(worlds[floatOwner].vcpu.frame.floatArea)
        keel_load_float(worlds[number].vcpu.frame.floatArea)
        floatOwner = number
    }

    private var timer: UInt64 = 0
    private mutating func setTimer(_ deadline: UInt64) {
        guard deadline != timer else { return }
        timer = deadline
        if hasTimerRegister {
            csr_write_stimecmp(deadline)
        } else {
            _ = sbi_call(0x5449_4d45, 0, deadline, 0, 0, 0)
        }
    }

    // MARK: The console

    /// What was typed goes to one world.
    private mutating func takeInput() {
        var bytes: [UInt8] = []
        for byte in console.takeInput() {
            if byte == Self.switchKey && worlds.count > 1 {
                focus = (focus + 1) % worlds.count
            } else {
                bytes.append(byte)
            }
        }
        if !bytes.isEmpty { _ = worlds[focus].receive(bytes) }
    }

    /// Text of several worlds is told apart by a prefix to each line.
    private mutating func flush(_ number: Int) {
        if !worlds[number].log.isEmpty {
            if !isAtLineStart { console.write([13, 10]) }
            console.write(worlds[number].log)
            worlds[number].log.removeAll(keepingCapacity: true)
            isAtLineStart = true
        }
        guard let last = worlds[number].output.last else { return }
        if worlds.count == 1 {
            console.write(worlds[number].output)
            isAtLineStart = last == 10
        } else {
            for byte in worlds[number].output {
                if lastWriter != number && !isAtLineStart { console.write([13, 10]) }
                if lastWriter != number || isAtLineStart {
                    console.write([UInt8(ascii: "["), 48 + UInt8(number), UInt8(ascii: "]"), 32])
                }
                console.write([byte])
                lastWriter = number
                isAtLineStart = byte == 10
            }
        }
        worlds[number].output.removeAll(keepingCapacity: true)
    }

    private mutating func finish(_ number: Int) {
        let code = worlds[number].end?.exitCode ?? 0
        if code != 0 { exitCode = code }
        if isAnyoneLeft && options.lastGuest != number { worlds[number].note(.reset, UInt64(code)) }
        flush(number)
        if options.showsStatistics { console.write(worlds[number].statistics) }
        if options.lastGuest == number { powerOff(code: code) }
    }

    private var isAnyoneLeft: Bool {
        for number in 0..<worlds.count where worlds[number].end == nil { return true }
        return false
    }
}
