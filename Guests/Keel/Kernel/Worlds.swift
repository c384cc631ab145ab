import Keel

/// The worlds, each in memory of its own where it stays until the end: so the trap handler reaches
/// the one that runs through a plain address, which its frame holds.
///
/// SAFETY: places are allocated and initialised in `add`, never given back, and reached only by an
/// index below `count`. The lock of `RunQueue`, or that a world is marked as taken there, keeps a
/// world in one function's hands at a time.
@safe struct Worlds {
    private var places: [UnsafeMutablePointer<World>]

    init() { unsafe places = [] }

    var count: Int { unsafe places.count }

    mutating func add(_ world: consuming World) {
        let place = UnsafeMutablePointer<World>.allocate(capacity: 1)
        unsafe place.initialize(to: world)
        unsafe place.pointee.vcpu.frame.world = UInt64(UInt(bitPattern: place))
        unsafe places.append(place)
    }

    subscript(_ index: Int) -> World {
        unsafeAddress { unsafe UnsafePointer(places[index]) }
        nonmutating unsafeMutableAddress { unsafe places[index] }
    }
}
