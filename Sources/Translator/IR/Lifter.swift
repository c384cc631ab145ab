import Bits
import RISCV

/// The evaluator of the clauses that builds IR.
///
/// What it knows of registers holds from the instruction that made it so to the unit's end, because a
/// unit has one way in.
struct Lifter {
    var block: IRBlock
    /// Registers whose value is a constant here: a bit for each, and the values.
    var knownRegisters: UInt32 = 0
    let known: UnsafeMutablePointer<UInt64>
    var pc: UInt64 = 0
    var current = Instruction(.illegal)
    /// First IR instruction of the current guest instruction.
    var start = 0
    var temporaries = 0
    /// The index of a check for `mstatus.FS` that covers this instruction; -1: none yet.
    var floatCheck = -1
    var isFloatDirty = false
    /// Other harts run at the same time.
    var sharesMemory = false
    /// The unit ends behind this instruction.
    var hasEnded = false

    init() {
        block = IRBlock()
        known = .allocate(capacity: 32)
        known.initialize(repeating: 0, count: 32)
    }
    func deallocate() {
        known.deallocate()
        block.deallocate()
    }

    mutating func begin() {
        block.clear()
        knownRegisters = 0
        floatCheck = -1
        isFloatDirty = false
        hasEnded = false
    }

    /// Lifts one instruction at `pc`.
    mutating func lift(_ instruction: Instruction, at pc: UInt64) {
        self.pc = pc
        current = instruction
        start = block.count
        temporaries = 0
        (block.guests + block.guestCount).initialize(
            to: IRBlock.Guest(pc: pc, instruction: instruction))
        var failed = false
        do throws(Trap) { try apply(instruction) } catch { failed = true }
        if failed {
            // An opcode without a clause: whoever runs it raises the trap.
            while block.count > start { block.remove(at: block.count - 1) }
            add(.interpret) { _ in }
            hasEnded = true
        }
        block.guestCount &+= 1
    }

    /// The unit ended without a terminator: control goes on behind it.
    mutating func finish(at pc: UInt64) {
        guard !hasEnded else { return }
        var jump = IRInstruction(.jump)
        jump.target = pc
        jump.guest = UInt16(truncatingIfNeeded: block.guestCount)
        block.append(jump)
        hasEnded = true
    }

    @discardableResult
    mutating func add(_ operation: IROperation, _ fill: (inout IRInstruction) -> Void) -> Int {
        var instruction = IRInstruction(operation)
        instruction.guest = UInt16(truncatingIfNeeded: block.guestCount)
        fill(&instruction)
        return block.append(instruction)
    }
    mutating func temporary() -> Place {
        temporaries &+= 1
        return .temporary(temporaries &- 1)
    }
    /// The instruction of this clause that makes `place`, where it is the last one or `back` before.
    func definition(_ place: Place) -> Int? {
        guard place.isTemporary else { return nil }
        var index = block.count &- 1
        while index >= start {
            if block.instructions[index].to == place { return index }
            index &-= 1
        }
        return nil
    }
}

/// Putting values into places.
extension Lifter {
    /// Something that one operand field and the immediate can name: a place or `.immediate`.
    mutating func operand(_ value: IRValue) -> (place: Place, immediate: Int64) {
        if value.isConstant { return (.immediate, Int64(bitPattern: value.constant)) }
        return (place(value), 0)
    }

    /// A place that holds the value; a constant gets a temporary.
    mutating func place(_ value: IRValue) -> Place {
        if value.isPlain { return value.place }
        let result = temporary()
        write(value, to: result)
        return result
    }

    mutating func write(_ value: IRValue, to place: Place) {
        if value.isConstant {
            add(.move) {
                $0.to = place
                $0.a = .immediate
                $0.immediate = Int64(bitPattern: value.constant)
            }
            return
        }
        switch value.box {
        case .none where value.offset == 0:
            if let index = definition(value.place), index == block.count &- 1 {
                block.instructions[index].to = place
            } else {
                add(.move) {
                    $0.to = place
                    $0.a = value.place
                }
            }
        case .none:
            add(.binary) {
                $0.code = BinaryOperation.add.rawValue
                $0.to = place
                $0.a = value.place
                $0.b = .immediate
                $0.immediate = value.offset
            }
        case .insideSingle: addUnary(.unboxSingle, value.place, to: place)
        case .insideHalf: addUnary(.unboxHalf, value.place, to: place)
        case .boxedSingle: addUnary(.boxSingle, value.place, to: place)
        case .boxedHalf: addUnary(.boxHalf, value.place, to: place)
        }
    }

    private mutating func addUnary(_ operation: UnaryOperation, _ a: Place, to place: Place) {
        add(.unary) {
            $0.code = operation.rawValue
            $0.to = place
            $0.a = a
        }
    }
}

/// How a unit goes on and ends.
extension Lifter {
    /// An encoding that is no instruction: the interpreter raises the trap.
    mutating func liftIllegal(at pc: UInt64) {
        (block.guests + block.guestCount).initialize(
            to: IRBlock.Guest(pc: pc, instruction: Instruction(.illegal)))
        add(.interpret) { _ in }
        block.guestCount &+= 1
        hasEnded = true
    }

    /// Where a plain jump within the page leads, if the unit can go on there: the jump itself is gone.
    mutating func followed(from start: UInt64) -> UInt64? {
        guard let last = block.last, last.operation == .jump,
            (last.target ^ start) & ~0xfff == 0, last.target & 1 == 0
        else { return nil }
        for index in 0..<block.guestCount where block.guests[index].pc == last.target {
            return nil
        }
        block.remove(at: block.count &- 1)
        hasEnded = false
        return last.target
    }
}
