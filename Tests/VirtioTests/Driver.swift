import Bits
import Effects
import GuestMemory
import Testing
import Virtio

let ramStart: UInt64 = 0x8000_0000
let ramBytes: UInt64 = 32 << 20

/// One buffer of a chain, as a driver thinks of it.
struct Buffer {
    var address: UInt64
    var count: UInt32
    var isWritable: Bool
    init(_ address: UInt64, _ count: UInt32, writable: Bool = false) {
        self.address = address
        self.count = count
        isWritable = writable
    }
}

/// A driver in front of a slot: what Linux does, step by step and with a place for each mistake.
final class Driver {
    var slot: VirtioSlot
    let memory: GuestMemory
    var effects = EffectList()
    var lineIsRaised = false
    /// What left as effects and nobody has answered.
    var requests: [BlockRequest] = []
    var shares: [ShareRequest] = []
    var orders: [RemoteOrder] = []
    var entropyWanted: [Int] = []
    var output: [UInt8] = []
    var wrote: [GuestRange] = []
    var transmitted: [FrameBatch] = []
    var framesTaken = 0
    var offloads: [FrameOffloads] = []

    var size: UInt16 = 8
    private var nextAvailable = [UInt16](repeating: 0, count: 64)
    private var seenUsed = [UInt16](repeating: 0, count: 64)
    private var nextDescriptor: UInt16 = 0

    init(_ device: VirtioDevice, slot number: Int = 0) throws {
        slot = VirtioSlot(slot: number, line: 1 + number, device: device)
        memory = try GuestMemory([
            MemslotRequest(
                GuestRange(start: GuestPhysical(ramStart), count: ramBytes),
                backing: .anonymous(hugePages: false)),
            MemslotRequest(
                GuestRange(start: GuestPhysical(0x1000), count: 0x1000), access: .readOnly),
        ])
    }
    deinit { memory.release() }

    // MARK: Registers

    func read(_ offset: UInt64, _ width: AccessWidth = .word) -> UInt64? {
        defer { drain() }
        return slot.read(offset, width, memory, &effects)
    }
    func write(_ offset: UInt64, _ value: UInt64, _ width: AccessWidth = .word) {
        #expect(slot.write(offset, value, width, memory, &effects))
        drain()
    }
    func deliver(_ event: Event) {
        slot.deliver(event, memory: memory, effects: &effects)
        drain()
    }
    var status: UInt64 { read(0x70) ?? ~0 }
    var needsReset: Bool { slot.status.contains(.needsReset) }

    func drain() {
        effects.drain { effect in
            switch effect {
            case .raise(let line):
                #expect(line == 1 + slot.slot && !lineIsRaised)
                lineIsRaised = true
            case .lower(let line):
                #expect(line == 1 + slot.slot && lineIsRaised)
                lineIsRaised = false
            case .submit(let request): requests.append(request)
            case .share(let request): shares.append(request)
            case .remote(_, let order): orders.append(order)
            case .entropy(_, let count): entropyWanted.append(count)
            case .output(_, let byte): output.append(byte)
            case .outputBytes(_, let bytes): output.append(contentsOf: bytes)
            case .transmit(_, let batch): transmitted.append(batch)
            case .framesTaken(_, let bytes): framesTaken += bytes
            case .acceptOffloads(_, let ways): offloads.append(ways)
            case .wrote(let range): wrote.append(range)
            default: Issue.record("unexpected \(effect)")
            }
        }
    }

    // MARK: Initialisation (§3.1.1)

    /// Negotiates `wanted`, sets up the queues and goes live.
    func start(
        _ wanted: UInt64 = 1 << 32 | 1 << 28 | 1 << 9, queues: Int = 1, size: UInt16 = 8
    ) {
        self.size = size
        write(0x70, 0)
        write(0x70, 1)
        write(0x70, 3)
        for half: UInt64 in 0...1 {
            write(0x24, half)
            write(0x20, wanted >> (half * 32) & 0xffff_ffff)
        }
        write(0x70, 11)
        #expect(status == 11)
        for queue in 0..<queues {
            setUpQueue(queue)
            write(0x44, 1)
            #expect(read(0x44) == 1)
        }
        write(0x70, 15)
    }

    /// Everything of a queue but QueueReady.
    func setUpQueue(_ queue: Int) {
        nextAvailable[queue] = 0
        seenUsed[queue] = 0
        _ = memory.fill(
            GuestRange(start: GuestPhysical(descriptors(queue)), count: 0x4000), with: 0)
        write(0x30, UInt64(queue))
        write(0x38, UInt64(size))
        write(0x80, descriptors(queue) & 0xffff_ffff)
        write(0x84, descriptors(queue) >> 32)
        write(0x90, available(queue) & 0xffff_ffff)
        write(0x94, 0)
        write(0xa0, used(queue) & 0xffff_ffff)
        write(0xa4, 0)
    }
    func descriptors(_ queue: Int) -> UInt64 { ramStart + UInt64(queue) * 0x8000 }
    func available(_ queue: Int) -> UInt64 { descriptors(queue) + 0x2000 }
    func used(_ queue: Int) -> UInt64 { descriptors(queue) + 0x3000 }
    /// Where a test may put its own things.
    var free: UInt64 { ramStart + 0x10_0000 }

    // MARK: Requests

    func put16(_ address: UInt64, _ value: UInt16) {
        #expect(memory.store16(GuestPhysical(address), value))
    }
    func describe(
        table: UInt64, _ index: UInt16, _ address: UInt64, _ count: UInt32, flags: UInt16,
        next: UInt16
    ) {
        let at = table + UInt64(index) * 16
        #expect(memory.store64(GuestPhysical(at), address))
        #expect(memory.store32(GuestPhysical(at + 8), count))
        put16(at + 12, flags)
        put16(at + 14, next)
    }

    /// Writes a chain into the table and returns its head.
    @discardableResult
    func chain(_ buffers: [Buffer], queue: Int = 0) -> UInt16 {
        let head = nextDescriptor
        for (index, buffer) in buffers.enumerated() {
            let isLast = index == buffers.count - 1
            let next = (nextDescriptor + 1) % size
            describe(
                table: descriptors(queue), nextDescriptor, buffer.address, buffer.count,
                flags: (isLast ? 0 : 1) | (buffer.isWritable ? 2 : 0), next: isLast ? 0 : next)
            nextDescriptor = next
        }
        return head
    }
    /// The same by way of one indirect descriptor and a table at `table`.
    func indirectChain(_ buffers: [Buffer], table: UInt64, queue: Int = 0) -> UInt16 {
        for (index, buffer) in buffers.enumerated() {
            let isLast = index == buffers.count - 1
            describe(
                table: table, UInt16(index), buffer.address, buffer.count,
                flags: (isLast ? 0 : 1) | (buffer.isWritable ? 2 : 0), next: UInt16(index + 1))
        }
        let head = nextDescriptor
        describe(
            table: descriptors(queue), head, table, UInt32(buffers.count * 16), flags: 4, next: 0)
        nextDescriptor = (nextDescriptor + 1) % size
        return head
    }
    func offer(_ head: UInt16, queue: Int = 0) {
        put16(available(queue) + 4 + UInt64(nextAvailable[queue] % size) * 2, head)
        nextAvailable[queue] &+= 1
        put16(available(queue) + 2, nextAvailable[queue])
    }
    func notify(_ queue: Int = 0) { write(0x50, UInt64(queue)) }
    func send(_ buffers: [Buffer], queue: Int = 0) {
        offer(chain(buffers, queue: queue), queue: queue)
        notify(queue)
    }

    /// The used entries that came since the last call.
    func collect(_ queue: Int = 0) -> [(head: UInt32, written: UInt32)] {
        var entries: [(UInt32, UInt32)] = []
        let index = memory.load16(GuestPhysical(used(queue) + 2)) ?? 0
        while seenUsed[queue] != index {
            let at = used(queue) + 4 + UInt64(seenUsed[queue] % size) * 8
            entries.append(
                (
                    memory.load32(GuestPhysical(at)) ?? ~0,
                    memory.load32(GuestPhysical(at + 4)) ?? ~0
                ))
            seenUsed[queue] &+= 1
        }
        return entries
    }
    func acknowledge() { write(0x64, read(0x60) ?? 0) }

    func bytes(_ address: UInt64, _ count: Int) -> [UInt8] {
        memory.bytes(GuestRange(start: GuestPhysical(address), count: UInt64(count))) ?? []
    }
    func put(_ address: UInt64, _ bytes: [UInt8]) {
        #expect(memory.write(GuestPhysical(address), bytes))
    }
}

/// A drive in memory that answers what a slot submits.
struct Drive {
    var content: [UInt8]
    var flushes = 0
    init(sectors: Int) {
        content = (0..<(sectors * 512)).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }
    }

    mutating func answer(_ request: BlockRequest) -> Event {
        let range = Int(request.offset)..<Int(request.offset + request.count)
        var data: [UInt8] = []
        switch request.operation {
        case .read: data = Array(content[range])
        case .write: content.replaceSubrange(range, with: request.data)
        case .flush: flushes += 1
        case .discard, .writeZeroes:
            content.replaceSubrange(range, with: [UInt8](repeating: 0, count: range.count))
        }
        return .block(device: request.device, tag: request.tag, .ok, data: data)
    }
    /// Answers all that is asked, and what that leads to.
    mutating func serve(_ driver: Driver) {
        while !driver.requests.isEmpty {
            driver.deliver(answer(driver.requests.removeFirst()))
        }
    }
}

extension Driver {
    /// A block request: header at `free`, status behind it, then `data`. Returns the status byte's
    /// address.
    func blockBuffers(_ type: UInt32, sector: UInt64 = 0, _ data: [Buffer], at index: UInt64 = 0)
        -> (buffers: [Buffer], status: UInt64)
    {
        let header = free + index * 32
        #expect(memory.store32(GuestPhysical(header), type))
        #expect(memory.store32(GuestPhysical(header + 4), 0))
        #expect(memory.store64(GuestPhysical(header + 8), sector))
        #expect(memory.store8(GuestPhysical(header + 16), 0xff))
        return (
            [Buffer(header, 16)] + data + [Buffer(header + 16, 1, writable: true)], header + 16
        )
    }
    func status(at address: UInt64) -> UInt8? { memory.load8(GuestPhysical(address)) }
}

func blockDevice(sectors: UInt64 = 64, readOnly: Bool = false) -> VirtioDevice {
    .block(
        VirtioBlock(
            device: 0, byteCount: sectors * 512, isReadOnly: readOnly,
            identification: Array("hull-drive".utf8)))
}
