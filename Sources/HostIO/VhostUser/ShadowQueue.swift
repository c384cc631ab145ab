import Bits
import Effects
import GuestMemory
import Synchronization

/// The driver's side of a split virtqueue in memory that we share with a back end (virtio 1.2 §2.7). Its
/// descriptors point to the guest's own buffers. What the back end has, and the indices, are kept here
/// too, so that nothing that it writes is believed without a look.
struct ShadowQueue {
    let memory: GuestMemory
    let size: UInt16
    private let base: GuestPhysical
    /// Whether a chain may be a table of its own.
    private let usesTables: Bool

    private struct Chain {
        let request: RemoteRequest
        let descriptors: [UInt16]
        /// Counts submissions, so that what is submitted again keeps its order.
        let order: UInt64
    }
    private var free: [UInt16] = []
    private var underWay: [UInt16: Chain] = [:]
    /// What found no room yet.
    private var waiting: [RemoteRequest] = []
    private var nextWaiting = 0
    private var nextOrder: UInt64 = 0
    private var nextAvailable: UInt16 = 0
    private var nextUsed: UInt16 = 0

    private static func tableBytes(_ size: UInt16) -> UInt64 { 16 * UInt64(size) }
    private static func partBytes(_ size: UInt16) -> UInt64 {
        (16 * UInt64(size) + Page.offsetMask) & ~Page.offsetMask
    }
    /// Descriptors and both rings on pages of their own, and a table for each descriptor.
    static func byteCount(_ size: UInt16) -> UInt64 {
        let tables = UInt64(size) * tableBytes(size)
        return (3 * partBytes(size) + tables + Page.offsetMask) & ~Page.offsetMask
    }

    /// `size` is a power of two.
    init(_ memory: GuestMemory, usesTables: Bool, at base: GuestPhysical, size: UInt16) {
        self.memory = memory
        self.usesTables = usesTables
        self.base = base
        self.size = size
        clear()
    }

    var descriptors: GuestPhysical { base }
    var available: GuestPhysical { base + Self.partBytes(size) }
    var used: GuestPhysical { base + 2 * Self.partBytes(size) }
    private func table(_ head: UInt16) -> GuestPhysical {
        base + (3 * Self.partBytes(size) + UInt64(head) * Self.tableBytes(size))
    }

    /// As new: what was under way is forgotten.
    mutating func clear() {
        free = (0..<size).reversed()
        underWay.removeAll()
        waiting.removeAll()
        nextWaiting = 0
        (nextAvailable, nextUsed) = (0, 0)
        _ = memory.fill(GuestRange(start: base, count: 3 * Self.partBytes(size)), with: 0)
    }

    /// A fresh ring with what was under way in it again, for a back end that kept no notes.
    mutating func resubmit() {
        let again = underWay.values.sorted { $0.order < $1.order }.map(\.request)
        let later = waiting[nextWaiting...]
        clear()
        for request in again + later { add(request) }
    }

    // MARK: Requests

    mutating func add(_ request: RemoteRequest) {
        waiting.append(request)
        fill()
    }

    /// Makes available what has room, and says whether that was anything.
    @discardableResult
    private mutating func fill() -> Bool {
        let before = nextAvailable
        while nextWaiting < waiting.count, place(waiting[nextWaiting]) { nextWaiting += 1 }
        if nextWaiting == waiting.count || nextWaiting > 256 {
            waiting.removeFirst(nextWaiting)
            nextWaiting = 0
        }
        return nextAvailable != before
    }

    private mutating func place(_ request: RemoteRequest) -> Bool {
        let buffers = request.readable.map { ($0, false) } + request.writable.map { ($0, true) }
        let count = buffers.count
        let hasTable = usesTables && count > 1 && count <= Int(size)
        let needed = hasTable ? 1 : max(count, 1)
        guard needed <= free.count else { return false }
        let taken = (0..<needed).map { _ in free.removeLast() }
        let head = taken[0]
        for (index, (range, isWritable)) in buffers.enumerated() {
            let isLast = index == count - 1
            let at =
                hasTable
                ? table(head) + UInt64(index) * 16 : descriptors + UInt64(taken[index]) * 16
            let next = isLast ? 0 : hasTable ? UInt16(index + 1) : taken[index + 1]
            describe(at, range, (isLast ? 0 : 1) | (isWritable ? 2 : 0), next: next)
        }
        let first = descriptors + UInt64(head) * 16
        if hasTable {
            describe(first, GuestRange(start: table(head), count: UInt64(count) * 16), 4, next: 0)
        } else if count == 0 {
            describe(first, GuestRange(start: base, count: 0), 0, next: 0)
        }
        _ = memory.store16(available + (4 + 2 * UInt64(nextAvailable & (size - 1))), head)
        // The entry must be seen before the index that covers it, and that before `wantsKick` looks.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        nextAvailable &+= 1
        _ = memory.store16(available + 2, nextAvailable)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        underWay[head] = Chain(request: request, descriptors: taken, order: nextOrder)
        nextOrder += 1
        return true
    }

    private func describe(_ at: GuestPhysical, _ range: GuestRange, _ flags: UInt16, next: UInt16) {
        _ = memory.store64(at, range.start.rawValue)
        _ = memory.store32(at + 8, UInt32(truncatingIfNeeded: range.count))
        _ = memory.store16(at + 12, flags)
        _ = memory.store16(at + 14, next)
    }

    /// Whether the back end wants to be told of new requests.
    var wantsKick: Bool { (memory.load16(used) ?? 0) & 1 == 0 }

    // MARK: Completions

    /// What the back end finished since the last call; nil if it finished what it was never given.
    /// `hasMore`: something that waited for room has it now.
    mutating func collect() -> (found: [RemoteNews.Completion], hasMore: Bool)? {
        var found: [RemoteNews.Completion] = []
        let index = memory.load16(used + 2) ?? 0
        // The entries that the index covers are read after the index.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        while nextUsed != index {
            let at = used + (4 + 8 * UInt64(nextUsed & (size - 1)))
            guard let head = memory.load32(at), let written = memory.load32(at + 4),
                let name = UInt16(exactly: head), let chain = underWay.removeValue(forKey: name)
            else { return nil }
            free += chain.descriptors
            nextUsed &+= 1
            found.append(.init(tag: chain.request.tag, written: written))
        }
        return (found, fill())
    }

    /// Where a back end goes on: behind the last request that it returned.
    var ringBase: UInt16 { memory.load16(used + 2) ?? 0 }
}
