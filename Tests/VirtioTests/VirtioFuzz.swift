import Bits
import Effects
import Glibc
import GuestMemory
import Testing
import Virtio

/// SplitMix64: a seed is a run.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
    mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }
    mutating func chance(_ percent: UInt64) -> Bool { below(100) < percent }
    mutating func one<T>(of choices: [T]) -> T { choices[Int(below(UInt64(choices.count)))] }
}

/// A driver without sense in front of a slot, and what must hold whatever it does:
/// each changed byte of memory was reported; nothing leaves and nothing changes while the device is
/// not live; requests stay on the drive; the line follows the interrupt status.
struct VirtioFuzz {
    /// A bug to plant, so that the search is known to find it.
    enum Bug: CaseIterable { case none, unreportedWrites, tooLargeADrive, forgottenLine }

    private static let base: UInt64 = 0x8000_0000
    private static let ram: UInt64 = 64 << 10
    private static let sectors: UInt64 = 24

    private var random: Seeded
    private let bug: Bug
    private let memory: GuestMemory
    private let isReadOnly: Bool
    private var slot: VirtioSlot
    private var effects = EffectList()
    private var shadow: [UInt8]
    private var lineIsRaised = false
    private var underWay: [BlockRequest] = []
    private var entropyUnderWay = 0
    private var availableIndex: [UInt16] = [0, 0, 0]
    private let queueCount: Int
    /// Bytes of frames that were delivered and not yet taken, and that left and are not yet sent.
    private var framesHeld = 0
    private var framesUnderWay = 0
    private var sharesUnderWay: [ShareRequest] = []
    private var remotesUnderWay: [RemoteRequest] = []
    private(set) var completions = 0
    private var violation: String?

    /// The first thing that did not hold, or nil. `completions` tells how deep a run went.
    static func run(seed: UInt64, steps: Int, bug: Bug = .none) throws -> (
        violation: String?, completions: Int
    ) {
        let memory = try GuestMemory(
            ram: GuestRange(start: GuestPhysical(base), count: ram),
            backing: .anonymous(hugePages: false))
        defer { memory.release() }
        var fuzz = VirtioFuzz(seed, memory, bug)
        for step in 0..<steps {
            fuzz.step()
            if let violation = fuzz.violation {
                return ("seed \(seed), step \(step): \(violation)", fuzz.completions)
            }
        }
        return (nil, fuzz.completions)
    }

    private init(_ seed: UInt64, _ memory: GuestMemory, _ bug: Bug) {
        random = Seeded(seed)
        self.memory = memory
        self.bug = bug
        isReadOnly = random.chance(20)
        shadow = [UInt8](repeating: 0, count: Int(Self.ram))
        let drive = VirtioBlock(
            device: 0, byteCount: (Self.sectors + (bug == .tooLargeADrive ? 1 : 0)) * 512,
            isReadOnly: isReadOnly, identification: [0x68])
        let card = VirtioNet(device: 0, mac: MACAddress(0x0200_0000_0001))
        let device: VirtioDevice = random.one(of: [
            .block(drive), .block(drive), .block(drive), .block(drive), .block(drive),
            .console(VirtioConsole(device: 0)), .entropy(VirtioEntropy(device: 0)), .net(card),
            .net(card),
            .powerButton(VirtioPowerButton()),
            .ports(VirtioPorts(device: 0, names: ["", "one", "two"])),
            .remote(
                VirtioRemote(
                    device: 0, id: 26, queueSizes: [8, 8], features: 0x6645,
                    configuration: [1, 2])),
            .share(VirtioShare(device: 0, name: Array("/src".utf8))),
            .balloon(VirtioBalloon(device: 0, ramBytes: Self.ram)),
        ])
        slot = VirtioSlot(slot: 0, line: 1, device: device)
        queueCount = device.id == 1 ? 3 : 2
    }

    private mutating func fail(_ what: String) { violation = violation ?? what }

    // MARK: Steps

    private mutating func step() {
        let wasLive = isLive
        switch random.below(20) {
        case 0: if !isLive || random.chance(20) { start() }
        case 1: if random.chance(20) { randomRegister() }
        case 2: scribble()
        case 3..<11: request()
        case 11..<19: answer()
        default:
            if random.chance(10) { write(0x70, 0) } else { write(0x64, random.below(4)) }
        }
        check(wasLive: wasLive)
    }

    private var isLive: Bool {
        slot.status.isSuperset(of: [.driverOK, .featuresOK])
            && slot.status.isDisjoint(with: [.needsReset, .failed])
    }

    private mutating func write(_ offset: UInt64, _ value: UInt64) {
        _ = slot.write(offset, value, .word, memory, &effects)
    }

    private func ring(_ queue: Int, _ part: UInt64) -> UInt64 {
        Self.base + UInt64(queue) * 0x1000 + part * 0x400
    }

    /// The initialisation, mostly as it should be.
    private mutating func start() {
        write(0x70, 0)
        // What was under way stays so: its answers come later and are stale.
        write(0x70, 3)
        write(0x24, 0)
        write(0x14, 0)
        let offered = slot.read(0x10, .word, memory, &effects) ?? 0
        write(0x20, random.next() & (random.chance(95) ? offered : 0x3000_6645))
        write(0x24, 1)
        write(0x20, random.below(2))
        write(0x70, 11)
        for queue in 0..<queueCount {
            availableIndex[queue] = 0
            // The driver's own stores, before the device looks.
            for part: UInt64 in 1...2 { store(ring(queue, part), 0, 4) }
            write(0x30, UInt64(queue))
            write(0x38, random.chance(95) ? 8 : random.below(300))
            for (register, part): (UInt64, UInt64) in [(0x80, 0), (0x90, 1), (0xa0, 2)] {
                write(register, random.chance(98) ? ring(queue, part) : random.next())
                write(register + 4, random.chance(99) ? 0 : random.next())
            }
            write(0x44, 1)
        }
        write(0x70, 15)
    }

    private mutating func randomRegister() {
        let offset = random.chance(80) ? random.below(0x110) & ~3 : random.below(0x1000)
        let value = random.chance(50) ? random.below(16) : random.next()
        let width = random.one(of: AccessWidth.allCases)
        if random.chance(50) {
            _ = slot.read(offset, width, memory, &effects)
        } else {
            _ = slot.write(offset, value, width, memory, &effects)
        }
    }

    /// A store of the driver: not the device's, so the shadow follows.
    private mutating func store(_ address: UInt64, _ value: UInt64, _ bytes: Int) {
        for index in 0..<bytes {
            let at = address &+ UInt64(index)
            guard at >= Self.base, at < Self.base + Self.ram else { continue }
            let byte = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
            _ = memory.store8(GuestPhysical(at), byte)
            shadow[Int(at - Self.base)] = byte
        }
    }

    private mutating func scribble() {
        let address = Self.base + random.below(random.chance(15) ? 0x2000 : Self.ram)
        store(address, random.chance(50) ? random.below(300) : random.next(), 1 << random.below(4))
    }

    private mutating func address() -> UInt64 {
        switch random.below(200) {
        case 0: random.next()
        case 1: Self.base + Self.ram - random.below(64)
        case 2: Self.base - random.below(64)
        default:
            Self.base + UInt64(queueCount) * 0x1000
                + random.below(Self.ram - UInt64(queueCount + 1) * 0x1000)
        }
    }

    private mutating func describe(
        _ table: UInt64, _ index: UInt64, isLast: Bool, isFirst: Bool, isWritable: Bool
    ) {
        let count: UInt64 =
            isFirst
            ? 16 : isLast ? 1 : random.one(of: [512, 512, 512, 1024, 16, random.below(3000)])
        let buffer = address()
        if isFirst {
            store(buffer, random.one(of: [0, 0, 1, 1, 4, 8, 11, 13, random.below(20)]), 8)
            store(buffer &+ 8, random.chance(90) ? random.below(26) : random.next(), 8)
        }
        var flags: UInt64 = isLast ? 2 : 1
        if isWritable { flags |= 2 }
        if random.chance(1) { flags ^= 1 << random.below(4) }
        let next = random.chance(99) ? index + 1 : random.next()
        store(table + index * 16, random.chance(99) ? buffer : random.next(), 8)
        store(table + index * 16 + 8, random.chance(99) ? count : random.next(), 4)
        store(table + index * 16 + 12, flags, 2)
        store(table + index * 16 + 14, next, 2)
    }

    private mutating func request() {
        let queue = Int(random.below(UInt64(queueCount)))
        var table = ring(queue, 0)
        let length = 2 + random.below(4)
        var head = random.below(3)
        if random.chance(25) {
            let indirect = Self.base + Self.ram - 0x800
            store(table + head * 16, indirect, 8)
            store(table + head * 16 + 8, length * 16, 4)
            store(table + head * 16 + 12, 4, 2)
            table = indirect
            head = 0
        }
        let firstWritable = 1 + random.below(length - 1)
        for index in 0..<length {
            describe(
                table, head + index, isLast: index == length - 1, isFirst: index == 0,
                isWritable: index >= firstWritable)
        }
        store(ring(queue, 1) + 4 + UInt64(availableIndex[queue] % 8) * 2, head, 2)
        availableIndex[queue] &+= random.chance(98) ? 1 : UInt16(random.below(10))
        store(ring(queue, 1) + 2, UInt64(availableIndex[queue]), 2)
        write(0x50, random.chance(98) ? UInt64(queue) : random.next())
    }

    private mutating func answer() {
        switch random.below(13) {
        case 0: deliver(.input(device: 0, [UInt8](repeating: 7, count: Int(random.below(64)))))
        case 1 where random.chance(50):
            deliver(
                random.chance(50) ? .memoryStatistics : .memoryTarget(bytes: random.below(1 << 20)))
        case 1: deliver(.resize(device: 0, columns: Int(random.below(300)), rows: 25))
        case 10: deliver(.input(device: 1024 + Int(random.below(20)), [1, 2, 3]))
        case 11: deliver(.inputClosed(device: 1024 + Int(random.below(20))))
        case 2:
            deliver(.block(device: 0, tag: random.below(99), .ok, data: [1]), isAnswer: false)
        case 12: deliver(.powerButton)
        case 3 where entropyUnderWay > 0:
            entropyUnderWay -= 1
            deliver(.entropy(device: 0, [UInt8](repeating: 9, count: Int(random.below(80)))))
        case 4 where queueCount == 3, 5 where queueCount == 3: deliverFrames()
        case 6 where queueCount == 3:
            deliver(.transmitted(device: 0, bytes: framesUnderWay))
            framesUnderWay = 0
        case 7 where queueCount == 3: deliver(.link(device: 0, isUp: random.chance(50)))
        case 4...7 where !sharesUnderWay.isEmpty:
            let index = Int(random.below(UInt64(sharesUnderWay.count)))
            let request = sharesUnderWay.remove(at: index)
            let count = min(request.answerLimit, Int(random.below(200)))
            let answer = [UInt8](repeating: UInt8(random.below(256)), count: count)
            let tag = random.chance(95) ? request.tag : random.below(99)
            deliver(.share(device: 0, tag: tag, answer: random.chance(97) ? answer : nil))
        case 4...7 where !remotesUnderWay.isEmpty:
            let index = Int(random.below(UInt64(remotesUnderWay.count)))
            let request = remotesUnderWay.remove(at: index)
            let isRight = random.chance(95)
            let tag = isRight ? request.tag : .max - random.below(99)
            for range in request.writable where isRight && isLive {
                _ = memory.fill(range, with: UInt8(random.below(256)))
            }
            let written = UInt32(truncatingIfNeeded: random.next())
            deliver(
                .remote(
                    device: 0,
                    .completed(
                        queue: request.queue, [.init(tag: tag, written: written)])))
        default:
            guard !underWay.isEmpty else { return }
            let request = underWay.remove(at: Int(random.below(UInt64(underWay.count))))
            let isGood = random.chance(90)
            let length = request.operation == .read ? Int(request.count) : 0
            deliver(
                .block(
                    device: 0, tag: request.tag, isGood ? .ok : .ioError,
                    data: [UInt8](
                        repeating: UInt8(random.below(256)),
                        count: isGood && random.chance(97) ? length : 3)))
        }
    }
    private mutating func deliverFrames() {
        var batch = FrameBatch()
        for _ in 0...random.below(3) {
            var bytes = FrameHeader().bytes
            if random.chance(30) { bytes[Int(random.below(12))] = UInt8(random.below(256)) }
            let count = Int(14 + random.below(random.chance(90) ? 1500 : 5000))
            bytes += (0..<count).map { _ in UInt8(random.below(256)) }
            // Mostly for this card.
            if random.chance(80) { bytes.replaceSubrange(12..<18, with: [2, 0, 0, 0, 0, 1]) }
            batch.append {
                $0 += bytes
                return true
            }
        }
        framesHeld += batch.bytes.count
        deliver(.frames(device: 0, batch))
    }
    private mutating func deliver(_ event: Event, isAnswer: Bool = true) {
        slot.deliver(event, memory: memory, effects: &effects)
        if case .block(_, let tag, _, _) = event, !isAnswer {
            // A made-up answer may have hit a request that is under way.
            underWay.removeAll { $0.tag == tag }
        }
    }

    // MARK: What must hold

    private mutating func check(wasLive: Bool) {
        var reported: [GuestRange] = []
        var drained: [Effect] = []
        effects.drain { drained.append($0) }
        for effect in drained {
            switch effect {
            case .raise:
                if lineIsRaised { fail("raised twice") }
                lineIsRaised = true
            case .lower:
                if !lineIsRaised { fail("lowered twice") }
                lineIsRaised = bug == .forgottenLine
            case .wrote(let range):
                if bug != .unreportedWrites || range.count > 2 && range.count < 64 {
                    reported.append(range)
                }
            case .submit(let request):
                if !wasLive && !isLive { fail("submitted while not live") }
                checkRequest(request)
                underWay.append(request)
            case .share(let request):
                if !wasLive && !isLive { fail("a message while not live") }
                if request.message.count < 7 || request.answerLimit < 7 { fail("no message") }
                sharesUnderWay.append(request)
            case .remote(_, .request(let request)):
                if !wasLive && !isLive { fail("a request while not live") }
                remotesUnderWay.append(request)
            case .remote(_, .stop): remotesUnderWay.removeAll()
            case .remote: break
            case .entropy(_, let count):
                if count < 1 || count > 4096 { fail("\(count) bytes of entropy") }
                entropyUnderWay += 1
            case .output, .outputBytes, .acceptOffloads: break
            case .transmit(_, let batch):
                framesUnderWay += batch.bytes.count
                if !wasLive && !isLive { fail("sent while not live") }
                checkFrames(batch)
            case .framesTaken(_, let bytes):
                framesHeld -= bytes
                if bytes < 1 || framesHeld < 0 { fail("\(bytes) bytes of frames taken") }
            default: fail("unexpected \(effect)")
            }
        }
        let causes = slot.read(0x60, .word, memory, &effects) ?? 0
        if lineIsRaised != (causes != 0) { fail("line \(lineIsRaised), causes \(causes)") }
        compare(reported, mayChange: wasLive || isLive)
    }

    private mutating func checkFrames(_ batch: FrameBatch) {
        if framesUnderWay > 3 << 20 { fail("\(framesUnderWay) bytes under way") }
        if batch.isEmpty { fail("an empty batch") }
        for index in 0..<batch.count {
            let count = batch.range(index).count
            if count < FrameBatch.smallestFrame || count > FrameBatch.largestFrame {
                fail("a frame of \(count) bytes")
            }
        }
    }

    private mutating func checkRequest(_ request: BlockRequest) {
        let size = Self.sectors * 512
        if request.offset > size || request.count > size - request.offset {
            fail("\(request.operation) of \(request.count) bytes at \(request.offset)")
        }
        if request.operation == .write, UInt64(request.data.count) != request.count {
            fail("write of \(request.data.count) bytes that says \(request.count)")
        }
        if isReadOnly, request.operation != .read, request.operation != .flush {
            fail("\(request.operation) on a read-only drive")
        }
        if underWay.contains(where: { $0.tag == request.tag }) { fail("tag \(request.tag) twice") }
    }

    private mutating func compare(_ reported: [GuestRange], mayChange: Bool) {
        let now = memory.bytes(GuestRange(start: GuestPhysical(Self.base), count: Self.ram)) ?? []
        guard now != shadow else { return }
        if !mayChange { fail("memory changed while not live") }
        completions += 1
        for range in reported {
            guard range.start.rawValue >= Self.base,
                range.start.rawValue - Self.base + range.count <= Self.ram
            else {
                fail("reported a write outside of memory")
                continue
            }
            let start = Int(range.start.rawValue - Self.base)
            for index in start..<(start + Int(range.count)) { shadow[index] = now[index] }
        }
        if now != shadow {
            let index = zip(now, shadow).enumerated().first { $0.element.0 != $0.element.1 }
            fail("byte \(index?.offset ?? 0) changed unreported")
        }
    }
}

@Suite struct VirtioFuzzTests {
    /// HULL_FUZZ_SEEDS asks for more than the ones of each run.
    private var seeds: UInt64 {
        unsafe getenv("HULL_FUZZ_SEEDS").flatMap { UInt64(unsafe String(cString: $0)) } ?? 300
    }

    @Test func aDriverWithoutSenseHarmsNothing() throws {
        var completions = 0
        for seed in 0..<seeds {
            let outcome = try VirtioFuzz.run(seed: seed, steps: 400)
            #expect(outcome.violation == nil)
            completions += outcome.completions
        }
        // The runs get past the negotiation, or they would prove nothing.
        #expect(completions > Int(seeds) * 10)
    }

    @Test(arguments: [
        VirtioFuzz.Bug.unreportedWrites, .tooLargeADrive, .forgottenLine,
    ])
    func aPlantedBugIsFound(bug: VirtioFuzz.Bug) throws {
        let found = try (0..<400).contains { seed in
            try VirtioFuzz.run(seed: seed, steps: 400, bug: bug).violation != nil
        }
        #expect(found)
    }
}
