import Bits
import Glibc
import GuestMemory
import RISCV

/// Code as the interpreter runs it: for each guest page of code one page of pre-decoded slots, one slot
/// for every two bytes, so that a guest address inside the page is a slot by arithmetic alone.
///
/// Slots of a page lie at a multiple of 16 KiB: whether a branch stays in its page is one XOR. What
/// would run past a page's end is a `straddle` slot.
///
/// SAFETY: the pool is one mapping that lives as long as its owner; every slot pointer handed out lies
/// in it, and a page is reused in place, so a stale pointer still points at slots.
struct DecodedPages: ~Copyable {
    static let slotsPerPage = 2048
    static let bytesPerPage = 16384
    /// 8 MiB of slots at most, so that a booted Debian stays within 25 MB beside its own memory.
    static let capacity = 512
    private static let hashSize = 2048

    /// Which guest page a page of slots was decoded from.
    private struct Origin {
        var physical: UInt64
        var host: UnsafePointer<UInt16>
        var next: Int32
    }

    private let pool: UnsafeMutableRawPointer
    private let poolBytes: Int
    private let origins: UnsafeMutablePointer<Origin>
    private let heads: UnsafeMutablePointer<Int32>
    private var used = 0
    private var hand = 0
    /// A page with the one instruction of a straddling slot, followed by page ends.
    let scratch: UnsafeMutablePointer<Instruction>
    let resumeSlot: UnsafePointer<Instruction>

    init() {
        // The scratch page and the resume slot's page follow the pool; one page more to align.
        poolBytes = (Self.capacity + 3) * Self.bytesPerPage
        let mapped = mmap(
            nil, poolBytes, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let mapped, mapped != MAP_FAILED else {
            preconditionFailure("the host refused \(poolBytes) bytes for decoded code")
        }
        pool = mapped
        let aligned = UnsafeMutableRawPointer(
            bitPattern: (UInt(bitPattern: mapped) + 16383) & ~16383)
        guard let aligned else { preconditionFailure("an aligned pointer in a mapping is not nil") }
        base = aligned
        scratch = (aligned + Self.capacity * Self.bytesPerPage)
            .bindMemory(to: Instruction.self, capacity: Self.slotsPerPage)
        let resume = (aligned + (Self.capacity + 1) * Self.bytesPerPage)
            .bindMemory(to: Instruction.self, capacity: 1)
        scratch.update(repeating: Instruction(.pageEnd), count: Self.slotsPerPage)
        resume.pointee = Instruction(.resume)
        resumeSlot = UnsafePointer(resume)
        origins = .allocate(capacity: Self.capacity)
        heads = .allocate(capacity: Self.hashSize)
        heads.initialize(repeating: -1, count: Self.hashSize)
    }

    private let base: UnsafeMutableRawPointer

    deinit {
        munmap(pool, poolBytes)
        origins.deallocate()
        heads.deallocate()
    }

    private func slots(_ index: Int) -> UnsafeMutablePointer<Instruction> {
        (base + index &* Self.bytesPerPage).assumingMemoryBound(to: Instruction.self)
    }
    private func hash(_ physical: UInt64) -> Int {
        Int(truncatingIfNeeded: physical &>> 12) & (Self.hashSize - 1)
    }
    private func find(_ physical: UInt64) -> Int? {
        var index = heads[hash(physical)]
        while index >= 0 {
            if origins[Int(index)].physical == physical { return Int(index) }
            index = origins[Int(index)].next
        }
        return nil
    }

    /// The slots of a physical page. `evicted` says that pointers to another page's slots are stale.
    mutating func page(
        _ physical: UInt64, host: UnsafeRawPointer
    ) -> (slots: UnsafeMutablePointer<Instruction>, evicted: Bool) {
        if let index = find(physical) { return (slots(index), false) }
        var evicted = false
        let index: Int
        if used < Self.capacity {
            index = used
            used += 1
        } else {
            index = hand
            hand = hand + 1 == Self.capacity ? 0 : hand + 1
            unlink(index)
            clear(index)
            evicted = true
        }
        let bucket = hash(physical)
        (origins + index).initialize(
            to: Origin(
                physical: physical, host: host.assumingMemoryBound(to: UInt16.self),
                next: heads[bucket]))
        heads[bucket] = Int32(index)
        return (slots(index), evicted)
    }

    private mutating func unlink(_ index: Int) {
        let bucket = hash(origins[index].physical)
        var link = heads[bucket]
        if link == Int32(index) {
            heads[bucket] = origins[index].next
            return
        }
        while link >= 0 {
            let next = origins[Int(link)].next
            if next == Int32(index) {
                origins[Int(link)].next = origins[index].next
                return
            }
            link = next
        }
    }

    /// All zero is `unfetched` in every slot.
    private func clear(_ index: Int) {
        memset(base + index &* Self.bytesPerPage, 0, Self.bytesPerPage)
    }

    /// Forgets what was decoded from a physical page.
    mutating func invalidate(page physical: UInt64) {
        if let index = find(physical) { clear(index) }
    }
    mutating func invalidateAll() {
        for index in 0..<used { clear(index) }
    }

    /// Whence a slot comes: its page's physical address and the 16-bit parcels there.
    func origin(of slot: UnsafePointer<Instruction>) -> (
        physical: UInt64, parcels: UnsafePointer<UInt16>, index: Int
    ) {
        let offset = UnsafeRawPointer(slot) - UnsafeRawPointer(base)
        let origin = origins[offset / Self.bytesPerPage]
        return (origin.physical, origin.host, (offset % Self.bytesPerPage) / 8)
    }
}
