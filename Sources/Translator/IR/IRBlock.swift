import RISCV

/// The IR of one translation unit, and what is known of its guest instructions. The memory is the
/// owner's and is used again for each unit.
///
/// SAFETY: `instructions` has room for `capacity` instructions and `guests` for `maximumGuests`; `append`
/// stops before either is full, and the lifter asks `isFull` after each guest instruction.
package struct IRBlock {
    package static let maximumGuests = 256
    /// The longest clause lifts to fewer instructions than this.
    static let longestClause = 24
    static let capacity = maximumGuests * 4 + longestClause

    let instructions: UnsafeMutablePointer<IRInstruction>
    package private(set) var count = 0
    /// Guest address and encoding of each instruction in the unit.
    let guests: UnsafeMutablePointer<Guest>
    package internal(set) var guestCount = 0

    struct Guest {
        var pc: UInt64
        var instruction: Instruction
    }

    package init() {
        instructions = .allocate(capacity: Self.capacity)
        guests = .allocate(capacity: Self.maximumGuests)
    }
    package func deallocate() {
        instructions.deallocate()
        guests.deallocate()
    }

    mutating func clear() {
        count = 0
        guestCount = 0
    }
    var isFull: Bool { count > Self.capacity - Self.longestClause }

    @discardableResult
    mutating func append(_ instruction: IRInstruction) -> Int {
        precondition(count < Self.capacity, "a clause lifts to more IR than the room left for it")
        (instructions + count).initialize(to: instruction)
        count &+= 1
        return count &- 1
    }
    mutating func remove(at index: Int) {
        var at = index
        while at &+ 1 < count {
            instructions[at] = instructions[at &+ 1]
            at &+= 1
        }
        count &-= 1
    }
    /// Drops what is marked dead.
    mutating func compact() {
        var to = 0
        for from in 0..<count where !instructions[from].flags.contains(.isDead) {
            instructions[to] = instructions[from]
            to &+= 1
        }
        count = to
    }
    package subscript(_ index: Int) -> IRInstruction { instructions[index] }
}

extension IROperation {
    /// Nothing follows in this unit.
    var ends: Bool {
        switch self {
        case .jump, .jumpRegister, .system, .interpret: true
        default: false
        }
    }
}

extension IRInstruction {
    /// The unit may be left here: all guest registers have to be true. Operations on the bits of
    /// f-registers leave where a value is not boxed as it should be.
    var mayLeave: Bool {
        switch operation {
        case .move, .unary, .binary, .shiftAdd, .select: to.isF || a.isF || b.isF || c.isF
        case .readFlags, .writeFlags, .fence: false
        default: true
        }
    }
}
