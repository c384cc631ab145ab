import Bits
import Devices
import Effects

/// SplitMix64: the same seed gives the same run on every host.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
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

/// What a fuzz run found wrong. Reaching the end at all is the other half of the proof.
struct FuzzFailure: Error, Equatable { let what: String }

/// Random accesses and events. The interrupt line may change only to the other level.
func fuzzUART(seed: UInt64, steps: Int) throws(FuzzFailure) {
    var random = SeededGenerator(seed: seed)
    var uart = UART(device: 0, line: 1)
    var raised = false
    for _ in 0..<steps {
        var effects = EffectList()
        switch random.below(8) {
        case 0: uart.receiveBreak(&effects)
        case 1:
            let bytes = [UInt8](repeating: 0x41, count: Int(random.below(40)))
            if uart.receive(bytes, &effects) > bytes.count { throw FuzzFailure(what: "took more") }
        case 2, 3, 4: _ = uart.read(random.below(12), random.width(), &effects)
        default: _ = uart.write(random.below(12), random.value(), random.width(), &effects)
        }
        for effect in effects.items {
            switch effect {
            case .raise(line: 1) where !raised: raised = true
            case .lower(line: 1) where raised: raised = false
            case .output: break
            default: throw FuzzFailure(what: "unexpected effect")
            }
        }
        if uart.inputCapacity < 0 { throw FuzzFailure(what: "negative capacity") }
    }
}

/// A driver that sets FIFOs and interrupts at random, and reads data only when the port says that
/// there are some, gets every byte once and in order.
func fuzzUARTInput(seed: UInt64, steps: Int) throws(FuzzFailure) {
    var random = SeededGenerator(seed: seed)
    var uart = UART(device: 0, line: 1)
    var effects = EffectList()
    var sent: UInt8 = 0
    var expected: UInt8 = 0
    for _ in 0..<steps {
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

/// Random ring contents, half of them close to right. Whatever is taken must obey the rules that
/// its consumer relies on.
func fuzzVirtqueue(seed: UInt64, steps: Int) throws(FuzzFailure) {
    var random = SeededGenerator(seed: seed)
    var driver = Driver(size: 1 << UInt16(random.below(5)), eventIndex: random.below(2) == 0)
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

private func scribble(_ driver: inout Driver, _ random: inout SeededGenerator) {
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
    for range in segments where range.count == 0 || !driver.memory.contains(range) {
        return "out of range"
    }
    return chain.head < driver.queue.size ? nil : "head"
}
