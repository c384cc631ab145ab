import Bits

/// A compiled code fragment: the host code of one translation unit.
struct Fragment {
    /// Guest-physical and guest-virtual address of its first instruction: together its key.
    var physical: UInt64
    var pc: UInt64
    /// Executable address; 0: the slot is free.
    var code: UInt64
    var hostBytes: UInt32
    var guestCount: UInt16
    /// A bit for each region of the buffer that holds code of it, older forms included.
    var regions: UInt8
    var flags: Flags = []
    /// How often its checks failed for good, and how often a slice ended in it.
    var failures: UInt16 = 0
    var samples: UInt16 = 0
    /// Next in the chain of the hash bucket, and of its page's bucket.
    var next: Int32 = -1
    var nextInPage: Int32 = -1

    struct Flags: OptionSet {
        var rawValue: UInt8
        /// Emitted without merged checks.
        static var isSeparate: Self { Self(rawValue: 1) }
        /// Leads back to its own start.
        static var repeats: Self { Self(rawValue: 2) }
        /// Emitted as a loop, with a register map of its own where that pays.
        static var isLoop: Self { Self(rawValue: 4) }
    }
}

/// All fragments, by key and by physical page.
///
/// SAFETY: indices that are linked are below `used`, which is at most `capacity`.
struct FragmentTable: ~Copyable {
    private var storage: UnsafeMutablePointer<Fragment>
    private var capacity = 4096
    private(set) var used = 0
    private var free: Int32 = -1
    private(set) var live = 0
    private static let bucketCount = 1 << 15
    private let heads: UnsafeMutablePointer<Int32>
    private let pages: UnsafeMutablePointer<Int32>

    init() {
        storage = .allocate(capacity: capacity)
        heads = .allocate(capacity: Self.bucketCount)
        heads.initialize(repeating: -1, count: Self.bucketCount)
        pages = .allocate(capacity: Self.bucketCount)
        pages.initialize(repeating: -1, count: Self.bucketCount)
    }
    deinit {
        storage.deallocate()
        heads.deallocate()
        pages.deallocate()
    }

    private static func bucket(_ physical: UInt64, _ pc: UInt64) -> Int {
        let mixed = (physical ^ (pc &>> 12) &* 0x9e37_79b9) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed &>> 49)
    }
    private static func pageBucket(_ physical: UInt64) -> Int {
        Int(truncatingIfNeeded: physical &>> 12) & (bucketCount - 1)
    }

    subscript(_ index: Int) -> Fragment {
        get { storage[index] }
        nonmutating set { storage[index] = newValue }
    }

    func find(_ physical: UInt64, _ pc: UInt64) -> Int? {
        var index = heads[Self.bucket(physical, pc)]
        while index >= 0 {
            let at = Int(index)
            if storage[at].physical == physical && storage[at].pc == pc { return at }
            index = storage[at].next
        }
        return nil
    }

    mutating func insert(_ fragment: Fragment) -> Int {
        let index: Int
        if free >= 0 {
            index = Int(free)
            free = storage[index].next
        } else {
            if used == capacity { grow() }
            index = used
            used &+= 1
        }
        var fragment = fragment
        let bucket = Self.bucket(fragment.physical, fragment.pc)
        fragment.next = heads[bucket]
        heads[bucket] = Int32(index)
        let page = Self.pageBucket(fragment.physical)
        fragment.nextInPage = pages[page]
        pages[page] = Int32(index)
        (storage + index).initialize(to: fragment)
        live &+= 1
        return index
    }
    private mutating func grow() {
        let bigger = UnsafeMutablePointer<Fragment>.allocate(capacity: capacity * 2)
        bigger.moveInitialize(from: storage, count: used)
        storage.deallocate()
        storage = bigger
        capacity *= 2
    }

    /// Takes all fragments of a physical page out; `body` gets each.
    mutating func removePage(_ physical: UInt64, _ body: (Fragment) -> Void) {
        let page = physical & ~0xfff
        let bucket = Self.pageBucket(page)
        var index = pages[bucket]
        var kept: Int32 = -1
        while index >= 0 {
            let at = Int(index)
            let following = storage[at].nextInPage
            if storage[at].physical & ~0xfff == page {
                body(storage[at])
                unlink(at)
            } else {
                storage[at].nextInPage = kept
                kept = index
            }
            index = following
        }
        pages[bucket] = kept
    }
    private mutating func unlink(_ index: Int) {
        let bucket = Self.bucket(storage[index].physical, storage[index].pc)
        if heads[bucket] == Int32(index) {
            heads[bucket] = storage[index].next
        } else {
            var at = Int(heads[bucket])
            while storage[at].next != Int32(index) { at = Int(storage[at].next) }
            storage[at].next = storage[index].next
        }
        storage[index].code = 0
        storage[index].next = free
        free = Int32(index)
        live &-= 1
    }

    mutating func removeAll() {
        heads.update(repeating: -1, count: Self.bucketCount)
        pages.update(repeating: -1, count: Self.bucketCount)
        used = 0
        free = -1
        live = 0
    }
}
