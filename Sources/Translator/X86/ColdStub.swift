/// Code off the hot path of a fragment, emitted behind it.
struct ColdStub {
    enum Kind: UInt8 {
        /// A memory check failed: ask the tables, else leave the instruction to the interpreter.
        case access
        /// The instruction is the interpreter's.
        case interpret
        /// A branch was taken.
        case sideExit
        /// The budget does not hold this unit.
        case budget
        /// A floating-point operation needs more than its fast path; `float` says what.
        case float
    }
    var kind: Kind
    var label: Label
    /// Guest instruction.
    var guest = 0
    /// Where to go on, as an executable address.
    var back: UInt64 = 0
    /// `access`: the register with the address, and what the thunk has to know.
    var register = HostRegister.rcx
    var access = AccessCheck.load
    var site: Int32 = 0
    var limit: Int32 = 0
    /// The address where it is a constant: the register does not hold it then.
    var isConstant = false
    var constant: Int64 = 0
    /// `sideExit`: the guest address.
    var target: UInt64 = 0
    /// `sideExit` with nothing to give back: its own jump can be chained.
    var jump: UnsafeMutablePointer<UInt8>?
    var float = ColdFloat()
    /// Words that wait for their extension where the hot path left.
    var pendingWords: UInt32 = 0
}

/// What a check of an address asks for.
enum AccessCheck: Int {
    case load, store
    /// May be stored to, for an access that is not the store itself: nothing may be marked dirty yet.
    case laterStore
}
