import Bits
import Devices
import Effects
import TestKit

extension SeededNumbers {
    mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }
    mutating func pick<T>(_ choices: [T]) -> T { choices[Int(below(UInt64(choices.count)))] }
    mutating func width() -> AccessWidth { pick([.byte, .half, .word, .double]) }
    /// A value with a liking for edges.
    mutating func value() -> UInt64 {
        switch below(4) {
        case 0: pick([0, 1, 0xff, 0x5555, 0x7fff_ffff, 1 << 31, 1 << 63, ~0])
        case 1: below(256)
        default: next()
        }
    }
}

/// Something to break on purpose at the end of a step, so that a search is known to find it.
typealias Sabotage<Subject> = (inout Subject) -> Void

/// The effects of a step are forgotten, for one in ten of the steps that have any.
func forgetful(_ seed: UInt64 = 1) -> Sabotage<EffectList> {
    var random = SeededNumbers(seed: seed)
    return { if !$0.isEmpty, random.below(10) == 0 { $0 = EffectList() } }
}

/// What a fuzz run found wrong. Reaching the end at all is the other half of the proof.
struct FuzzFailure: Error, Equatable { let what: String }

/// Random accesses and events. The interrupt line changes only to the other level, and is what the
/// identification register says.
func fuzzUART(
    seed: UInt64, steps: Int, planted: Sabotage<EffectList> = { _ in }
) throws(FuzzFailure) {
    var random = SeededNumbers(seed: seed)
    var uart = UART(device: 0, line: 1)
    var raised = false
    for _ in 0..<steps {
        var effects = EffectList()
        switch random.below(32) {
        case 0: uart.receiveBreak(&effects)
        case 1...4:
            let bytes = [UInt8](repeating: 0x41, count: Int(random.below(10)))
            if uart.receive(bytes, &effects) > bytes.count { throw FuzzFailure(what: "took more") }
        case 5...12: _ = uart.read(random.below(8), .byte, &effects)
        case 13...15: _ = uart.read(random.below(12), random.width(), &effects)
        case 16...18: _ = uart.write(random.below(12), random.value(), random.width(), &effects)
        case 19...23: _ = uart.write(1, random.next(), .byte, &effects)
        // Mostly without the divisor latch and the loop, behind which little happens.
        case 24...27: _ = uart.write(3, random.next() & 0x7f, .byte, &effects)
        case 28: _ = uart.write(4, random.next() & 0x0f, .byte, &effects)
        default: _ = uart.write(random.pick([0, 2, 7]), random.next(), .byte, &effects)
        }
        planted(&effects)
        for effect in effects.items {
            switch effect {
            case .raise(line: 1) where !raised: raised = true
            case .lower(line: 1) where raised: raised = false
            case .output: break
            default: throw FuzzFailure(what: "unexpected effect")
            }
        }
        if uart.inputCapacity < 0 { throw FuzzFailure(what: "negative capacity") }
        var copy = uart
        let isDue = copy.read(2, .byte, &effects).map { $0 & 1 } == 0
        if isDue != raised { throw FuzzFailure(what: "line") }
    }
}

/// A driver that sets FIFOs and interrupts at random, and reads data only when the port says that
/// there are some, gets every byte once and in order.
func fuzzUARTInput(
    seed: UInt64, steps: Int, planted: Sabotage<UART> = { _ in }
) throws(FuzzFailure) {
    var random = SeededNumbers(seed: seed)
    var uart = UART(device: 0, line: 1)
    var effects = EffectList()
    var sent: UInt8 = 0
    var expected: UInt8 = 0
    for _ in 0..<steps {
        planted(&uart)
        switch random.below(6) {
        case 0:
            let bytes = (0..<random.below(30)).map { sent &+ UInt8($0) }
            sent &+= UInt8(uart.receive(bytes, &effects))
        case 1: _ = uart.write(1, random.below(16), .byte, &effects)
        case 2: _ = uart.write(2, random.below(256), .byte, &effects)
        case 3: _ = uart.read(random.pick([1, 2, 3, 4, 6, 7]), .byte, &effects)
        default:
            guard uart.read(5, .byte, &effects).map({ $0 & 1 }) == 1 else { continue }
            guard uart.read(0, .byte, &effects) == UInt64(expected) else {
                throw FuzzFailure(what: "byte lost or repeated")
            }
            expected &+= 1
        }
    }
    if expected == 0 && steps > 1000 { throw FuzzFailure(what: "nothing arrived") }
}

/// Random wires and accesses. After each step every context's level is what its registers say.
func fuzzPLIC(
    seed: UInt64, steps: Int, planted: Sabotage<EffectList> = { _ in }
) throws(FuzzFailure) {
    var random = SeededNumbers(seed: seed)
    let harts = 1 + Int(random.below(3))
    var plic = PLIC(hartCount: harts, sourceCount: Int(random.below(128)))
    var levels = [Bool](repeating: false, count: harts * 2)
    for _ in 0..<steps {
        var effects = EffectList()
        let context = random.below(UInt64(harts * 2))
        let address: UInt64 =
            switch random.below(6) {
            case 0: random.below(130) * 4
            case 1: 0x1000 + random.below(8) * 4
            case 2: 0x2000 + context * 0x80 + random.below(5) * 4
            case 3: 0x20_0000 + context * 0x1000
            case 4: 0x20_0004 + context * 0x1000
            default: random.below(PLIC.windowBytes + 16)
            }
        let width = random.below(8) == 0 ? random.width() : .word
        switch random.below(3) {
        case 0: plic.setLevel(Int(random.below(140)) - 5, random.below(2) == 0, &effects)
        case 1: _ = plic.read(address, width, &effects)
        default:
            let value = random.below(2) == 0 ? random.below(128) : random.value()
            _ = plic.write(address, value, width, &effects)
        }
        planted(&effects)
        for effect in effects.items {
            guard case .interrupt(let hart, let line, let level) = effect else {
                throw FuzzFailure(what: "unexpected effect")
            }
            let index = hart * 2 + (line == .supervisorExternal ? 1 : 0)
            if levels[index] == level { throw FuzzFailure(what: "no change") }
            levels[index] = level
        }
        for context in levels.indices where levels[context] != notification(plic, context) {
            throw FuzzFailure(what: "level of context \(context)")
        }
    }
}

/// A context's level, worked out from what the guest can read (§6 to §9 of the specification).
private func notification(_ plic: PLIC, _ context: Int) -> Bool {
    var plic = plic
    var effects = EffectList()
    func word(_ offset: UInt64) -> UInt64 { plic.read(offset, .word, &effects) ?? 0 }
    let threshold = word(0x20_0000 + UInt64(context) * 0x1000)
    for source in 1..<128 as Range<UInt64> {
        let index = source / 32 * 4
        let isPending = word(0x1000 + index).bit(Int(source % 32))
        let isEnabled = word(0x2000 + UInt64(context) * 0x80 + index).bit(Int(source % 32))
        if isPending && isEnabled && word(source * 4) > threshold { return true }
    }
    return false
}

/// Random accesses while time passes. A level is what `mtime` and `mtimecmp` say, and no timer is
/// due later than it was scheduled.
func fuzzACLINT(
    seed: UInt64, steps: Int, planted: Sabotage<EffectList> = { _ in }
) throws(FuzzFailure) {
    var random = SeededNumbers(seed: seed)
    let harts = 1 + Int(random.below(3))
    var clint = ACLINT(hartCount: harts)
    var levels = [Bool](repeating: false, count: harts)
    var now: UInt64 = 0
    for _ in 0..<steps {
        var effects = EffectList()
        now &+= random.below(1000)
        let offset: UInt64 =
            switch random.below(4) {
            case 0: random.below(4) * 4
            case 1: 0x4000 + random.below(8) * 4
            case 2: 0xbff8 + random.below(2) * 4
            default: random.below(ACLINT.windowBytes + 16)
            }
        let value =
            random.below(2) == 0 ? clint.time(now: now) &+ random.below(2000) : random.value()
        switch random.below(4) {
        case 0: _ = clint.read(offset, random.width(), now: now, &effects)
        case 1: _ = clint.write(offset, value, random.width(), now: now, &effects)
        default: break
        }
        clint.tick(now: now, &effects)
        planted(&effects)
        for case .interrupt(let hart, .machineTimer, let level) in effects.items {
            levels[hart] = level
        }
        for hart in 0..<harts {
            let compare = clint.read(0x4000 + UInt64(hart) * 8, .double, now: now, &effects) ?? 0
            if levels[hart] != (clint.time(now: now) >= compare) {
                throw FuzzFailure(what: "timer of hart \(hart)")
            }
        }
        if let deadline = clint.deadline(now: now), deadline <= now {
            throw FuzzFailure(what: "deadline has passed")
        }
    }
}

/// Random accesses to the devices with little state. The clock's line changes only to the other
/// level, and no alarm is asked for that is past.
func fuzzSmallDevices(
    seed: UInt64, steps: Int, planted: Sabotage<EffectList> = { _ in }
) throws(FuzzFailure) {
    var random = SeededNumbers(seed: seed)
    let isWild = random.below(2) == 0
    var rtc = RTC(
        line: 11, unixNanoseconds: random.value(),
        nanosecondsPerTick: isWild ? random.value() : 100)
    var now: UInt64 = 0
    var finisher = Finisher()
    var sswi = SupervisorSoftware(hartCount: 3)
    var raised = false
    for _ in 0..<steps {
        var effects = EffectList()
        now = isWild ? random.value() : now &+ random.below(200)
        let offset = random.below(4) == 0 ? random.value() : random.below(12) * 4
        let width = random.below(2) == 0 ? .word : random.width()
        // Alarms that come soon, and enables.
        let soon = rtc.unixNanoseconds(now: now) &+ random.below(20_000)
        let value =
            switch offset {
            case 0x08: soon & 0xffff_ffff
            case 0x0c: soon >> 32
            default: random.value()
            }
        _ = rtc.read(offset, width, now: now, &effects)
        _ = rtc.write(offset, value, width, now: now, &effects)
        rtc.tick(now: now, &effects)
        planted(&effects)
        for effect in effects.items {
            switch effect {
            case .raise(line: 11) where !raised: raised = true
            case .lower(line: 11) where raised: raised = false
            case .schedule(let at) where at > now: break
            default: throw FuzzFailure(what: "unexpected effect")
            }
        }
        _ = finisher.read(offset, width, &effects)
        _ = finisher.write(offset, value, width, &effects)
        _ = sswi.read(offset, width, &effects)
        _ = sswi.write(offset, value, width, &effects)
    }
}

/// Random ring contents, half of them close to right. Whatever is taken must obey the rules that
/// its consumer relies on.
func fuzzVirtqueue(
    seed: UInt64, steps: Int, planted: Sabotage<TestMemory> = { _ in }
) throws(FuzzFailure) {
    var random = SeededNumbers(seed: seed)
    var driver = Driver(size: 1 << UInt16(random.below(5)), eventIndex: random.below(2) == 0)
    planted(&driver.memory)
    driver.queue.indirectIsNegotiated = random.below(4) != 0
    do { try driver.queue.makeReady(driver.memory) } catch { throw FuzzFailure(what: "not ready") }
    for _ in 0..<steps {
        for _ in 0..<random.below(4) { scribble(&driver, &random) }
        if random.below(2) == 0 { driver.publish(UInt16(random.below(UInt64(driver.queue.size)))) }
        var wrong: String?
        do throws(VirtqueueMisuse) {
            if let chain = try driver.queue.take(driver.memory) {
                wrong = brokenRule(of: chain, driver)
                let written = UInt32(truncatingIfNeeded: random.next())
                try driver.queue.complete(
                    chain.head, written: written, driver.memory, &driver.effects)
            }
            _ = try driver.queue.needsInterrupt(driver.memory)
            _ = try driver.queue.enableNotifications(driver.memory, &driver.effects)
        } catch {
            driver.queue.stop()
            driver.published = 0
            driver.memory.store(driver.available + 2, 0, 2)
            do { try driver.queue.makeReady(driver.memory) } catch {
                throw FuzzFailure(what: "a reset does not help")
            }
        }
        if let wrong { throw FuzzFailure(what: wrong) }
        driver.effects = EffectList()
    }
}

private func scribble(_ driver: inout Driver, _ random: inout SeededNumbers) {
    let inTable = random.below(3) == 0
    let table = GuestPhysical(inTable ? 0x8000_4000 + random.below(8) * 16 : 0x8000_0000)
    let flags = UInt16(random.below(random.below(8) == 0 ? 0x1_0000 : 8))
    let isTable = flags & Driver.indirect != 0 && random.below(4) != 0
    let address =
        isTable
        ? 0x8000_4000 + random.below(8) * 16
        : random.below(8) == 0 ? random.value() : driver.buffers + random.below(0x7f00)
    let count =
        isTable
        ? UInt32(random.below(20) * 16) : UInt32(random.below(random.below(8) == 0 ? 1 << 32 : 256))
    driver.describe(
        UInt16(random.below(20)), address, count, flags, next: UInt16(random.below(20)), in: table)
    if random.below(64) == 0 {
        driver.memory.store(driver.available + random.below(64), random.next(), 2)
    }
}

private func brokenRule(of chain: DescriptorChain, _ driver: Driver) -> String? {
    var readable: UInt64 = 0
    var writable: UInt64 = 0
    for range in chain.readable { readable += range.count }
    for range in chain.writable { writable += range.count }
    if readable != chain.readableCount || writable != chain.writableCount { return "counts" }
    let segments = chain.readable + chain.writable
    if segments.count > Int(driver.queue.size) { return "overlong" }
    for range in segments where range.count == 0 || !driver.memory.holds(range) {
        return "out of range"
    }
    return chain.head < driver.queue.size ? nil : "head"
}
