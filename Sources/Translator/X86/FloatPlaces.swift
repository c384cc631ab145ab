import Hart
import RISCV

/// Where floating-point operands and results are.
///
/// An f-register lives in a vector register, whose upper half means nothing, or in the state block. A
/// single lies in the low half of its 64 bits and its box, ones, in the high half: instructions with
/// three operands keep the bits above the lowest element of their first source, so that boxed operands
/// make a boxed result.
extension Emitter {
    func home(_ place: Place) -> HostMemory { .at(.rbp, StateLayout.f(place.index)) }

    /// An f-register as the last operand of an instruction.
    func vectorOperand(_ place: Place) -> VectorOperand {
        if let vector = map.host(f: place.index) { return .vector(vector) }
        return .memory(home(place))
    }
    /// An f-register or temporary in a vector register: its own, or `scratch` with all 64 bits.
    mutating func inVector(_ place: Place, _ scratch: HostVector) -> HostVector {
        if place.isF {
            if let vector = map.host(f: place.index) { return vector }
            asm.loadVector(scratch, home(place), .quad)
            return scratch
        }
        switch operand(place) {
        case .register(let register): asm.movq(scratch, register)
        case .memory(let memory): asm.loadVector(scratch, memory, .quad)
        }
        return scratch
    }
    /// The vector in which to make a result; `finishVector` then puts it in its place.
    func targetVector(_ place: Place) -> HostVector {
        if place.isF, let vector = map.host(f: place.index) { return vector }
        return .xmm0
    }
    /// A temporary gets the bits of the format, an f-register all of them.
    mutating func finishVector(_ place: Place, _ vector: HostVector, _ format: FloatFormat) {
        if place.isF {
            setBoxed(place, format == .single)
            if map.host(f: place.index) == nil { asm.storeVector(home(place), vector, .quad) }
            return
        }
        let to = target(place)
        if format == .double { asm.movq(to, vector) } else { asm.movd(to, vector) }
        finish(place, to)
    }

    /// Whether it is known that an f-register holds a boxed single.
    mutating func setBoxed(_ place: Place, _ isBoxed: Bool) {
        let bit = UInt32(1) &<< UInt32(place.index)
        boxedSingles = isBoxed ? boxedSingles | bit : boxedSingles & ~bit
    }
    func isBoxed(_ place: Place) -> Bool {
        boxedSingles & (1 &<< UInt32(place.index)) != 0
    }

    /// Leaves the instruction to the interpreter where one of these holds no boxed single: there it
    /// counts as a NaN.
    mutating func checkBoxed(_ i: IRInstruction, _ a: Place, _ b: Place, _ c: Place) {
        var combined: HostVector?
        checkBoxed(i, a, &combined)
        if b != a { checkBoxed(i, b, &combined) }
        if c != a && c != b { checkBoxed(i, c, &combined) }
        guard let combined else { return }
        let high = scratch()
        asm.vpextrd1(high, combined)
        asm.alu(.cmp, .register(high), imm: -1, .long)
        free(high)
        leaveToInterpreter(i, .ne)
    }
    private mutating func checkBoxed(
        _ i: IRInstruction, _ place: Place, _ combined: inout HostVector?
    ) {
        if isBoxed(place) { return }
        setBoxed(place, true)
        guard let vector = map.host(f: place.index) else {
            asm.alu(
                .cmp, .memory(.at(.rbp, StateLayout.f(place.index) + 4)), imm: -1, .long)
            return leaveToInterpreter(i, .ne)
        }
        if let first = combined {
            asm.logic(.and, .xmm0, first, .vector(vector))
            combined = .xmm0
        } else {
            combined = vector
        }
    }

    mutating func leaveToInterpreter(_ i: IRInstruction, _ condition: Condition) {
        var stub = ColdStub(kind: .interpret, label: Label(), guest: Int(i.guest))
        asm.jcc(condition, &stub.label)
        push(stub)
    }

    /// Leaves the instruction to the interpreter always: what follows in the unit is never reached.
    mutating func leaveUnit(_ i: IRInstruction) {
        emitInterpret(guest: Int(i.guest))
        index = count
    }

    /// Goes to the cold code of a floating-point operation (`emitColdFloat`), which comes back here.
    mutating func coldFloat(_ condition: Condition, _ work: ColdFloat) {
        var stub = ColdStub(kind: .float, label: Label())
        asm.jcc(condition, &stub.label)
        stub.back = asm.here
        stub.float = work
        push(stub)
    }
    /// A register that nothing else holds here, for cold code.
    mutating func spare() -> HostRegister {
        let register = scratch()
        free(register)
        return register
    }
}

/// What cold code has to know of an operation: it is emitted when all others are.
struct ColdFloat {
    enum Work: UInt8 {
        case none
        /// The result is a NaN: the canonical one.
        case canonicalNaN
        /// A single with its sign flipped, of which there was no box.
        case negativeNaN
        /// The same, of a fused multiply-add: ∞ × 0 is invalid, whatever is added.
        case fusedNaN
        /// Operands that are equal or unordered.
        case minimum, maximum, minimumNaN, maximumNaN
        /// An integer that the host says no number converts to.
        case saturation
        /// An unsigned integer of 64 bits with its highest bit set.
        case highInteger
    }
    var work = Work.none
    var isDouble = false
    /// Integer results: 64 bits.
    var isWide = false
    var d = HostVector.xmm0
    var a = HostVector.xmm0
    var b = VectorOperand.vector(.xmm0)
    var register = HostRegister.rax
    var other = HostRegister.rax
}
