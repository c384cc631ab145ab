import RISCV

/// A place that an IR instruction reads or writes: an integer register, a floating-point register, a
/// temporary that lives within one guest instruction, or the instruction's immediate.
@frozen @usableFromInline
package struct Place: Hashable, Sendable {
    @usableFromInline package let rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable package static func x(_ register: Int) -> Place {
        Place(rawValue: UInt8(truncatingIfNeeded: register & 31))
    }
    @inlinable package static func f(_ register: Int) -> Place {
        Place(rawValue: UInt8(truncatingIfNeeded: register & 31) | 32)
    }
    @inlinable package static func temporary(_ index: Int) -> Place {
        Place(rawValue: UInt8(truncatingIfNeeded: index) | 64)
    }
    /// The constant in `IRInstruction.immediate`.
    @inlinable package static var immediate: Place { Place(rawValue: 254) }
    @inlinable package static var none: Place { Place(rawValue: 255) }

    @inlinable package var isX: Bool { rawValue < 32 }
    @inlinable package var isF: Bool { rawValue &- 32 < 32 && rawValue >= 32 }
    @inlinable package var isTemporary: Bool { rawValue >= 64 && rawValue < 128 }
    /// The register's or temporary's number.
    @inlinable package var index: Int { Int(rawValue & (rawValue < 64 ? 31 : 63)) }
}

/// What an IR instruction does. Which of the others fields hold something is said at each case.
@frozen @usableFromInline
package enum IROperation: UInt8, Sendable, CaseIterable {
    /// `to = a`.
    case move
    /// `to = operation(a)`; `code` is a `UnaryOperation`.
    case unary
    /// `to = operation(a, b)`; `code` is a `BinaryOperation`. With `isWord` the low 32 bits of both
    /// operands go in and the sign-extended low 32 bits come out.
    case binary
    /// `to = (a << immediate) + b`, with `zeroExtends` of the low 32 bits of `a`.
    case shiftAdd
    /// `to = a != 0 ? b : c`.
    case select
    /// `to = memory[a + immediate]`; `code` is a `LoadKind`. To an f-register: the raw bits, boxed.
    case load
    /// `memory[a + immediate] = b`; `code` is an `AccessWidth`.
    case store
    /// `to = memory[a]`, reserving it; `code` is an `AccessWidth`.
    case loadReserved
    /// `to = 0` and `memory[a] = b`, or `to = 1`; `code` is an `AccessWidth`.
    case storeConditional
    /// `to = memory[a]`, `memory[a] = code(memory[a], b)`; `code` is an `AtomicOperation`, `width` an
    /// `AccessWidth`.
    case atomic
    /// `to = memory[a]`; `memory[a] = c` where it equalled `b`; `width` is an `AccessWidth`.
    case compareAndSwap
    /// Every store before it is seen before any load behind it is made.
    case fence
    /// Goes on in the interpreter, for one instruction, where `mstatus.FS` does not allow what follows;
    /// with `marksDirty` where it is not dirty yet or `frm` is not one of the host's modes.
    case checkFloat
    /// `to = operation(a, b, c)`; `code` is a `FloatOperation`, `width` a `FloatFormat` (of the
    /// operands), `immediate` the rounding mode. Operands in f-registers are still boxed there; a
    /// floating result for an f-register is boxed.
    case float
    /// `to = fflags`.
    case readFlags
    /// `fflags = a`, or `immediate`; nothing else of `fcsr` changes.
    case writeFlags
    /// Leaves for the guest address `target` where `code` (a comparison among `BinaryOperation`) holds
    /// for a and b. `immediate` is b's value where b is `.immediate`.
    case branch
    /// Leaves for the guest address `target`.
    case jump
    /// Leaves for the address in `a`.
    case jumpRegister
    /// Leaves for the run loop, which executes the whole guest instruction in `target`.
    case system
    /// Leaves for the interpreter, which runs one instruction.
    case interpret
}

/// One instruction of the intermediate representation: 32 bytes, no pointers.
///
/// It works on guest registers in place, as the guest instruction did, plus temporaries; all registers
/// are true at each instruction that may leave (`mayLeave`), unless a later pass says otherwise.
@frozen @usableFromInline
package struct IRInstruction: Sendable, Equatable {
    @usableFromInline package var operation: IROperation
    @usableFromInline package var code: UInt8 = 0
    @usableFromInline package var width: UInt8 = 0
    @usableFromInline package var flags: Flags = []
    @usableFromInline package var to: Place = .none
    @usableFromInline package var a: Place = .none
    @usableFromInline package var b: Place = .none
    @usableFromInline package var c: Place = .none
    /// Which guest instruction of the unit this belongs to.
    @usableFromInline package var guest: UInt16 = 0
    /// Merged checks: how many bytes from `immediate + spanStart` on the first access of a group has to
    /// check for all of it; 0: this access relies on the group's check.
    @usableFromInline package var spanStart: Int16 = 0
    @usableFromInline package var span: UInt16 = 0
    /// Which of the two host base registers holds the group's address.
    @usableFromInline package var group: UInt8 = 0
    @usableFromInline package var immediate: Int64 = 0
    @usableFromInline package var target: UInt64 = 0

    @frozen @usableFromInline
    package struct Flags: OptionSet, Sendable {
        @usableFromInline package var rawValue: UInt8
        @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// `binary`: on 32 bits, the result sign-extended.
        @inlinable package static var isWord: Self { Self(rawValue: 1) }
        /// `shiftAdd`: of the zero-extended low word of `a`.
        @inlinable package static var zeroExtends: Self { Self(rawValue: 2) }
        /// `checkFloat`: what follows writes floating-point state.
        @inlinable package static var marksDirty: Self { Self(rawValue: 4) }
        /// Nothing reads the result any more: not emitted.
        @inlinable package static var isDead: Self { Self(rawValue: 8) }
        /// `load`, `store`: relies on the check of an earlier access in its group.
        @inlinable package static var isChecked: Self { Self(rawValue: 16) }
        /// `store` in the group: the check asks for a page that may be written.
        @inlinable package static var checksStore: Self { Self(rawValue: 32) }
        /// Logic and comparisons: both operands are sign-extended words, so that their low halves
        /// say it all.
        @inlinable package static var areWords: Self { Self(rawValue: 64) }
    }

    @inlinable package init(_ operation: IROperation) { self.operation = operation }
}
