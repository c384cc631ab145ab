import RISCV

/// What a clause holds while it is lifted: a constant, a place, or one of a few shapes that wait to see
/// what becomes of them (`place + offset`, an operand still in its NaN box).
@frozen @usableFromInline
package struct IRValue: Sendable {
    @usableFromInline var place: Place
    /// Added to the place.
    @usableFromInline var offset: Int64 = 0
    @usableFromInline var constant: UInt64 = 0
    @usableFromInline var isConstant = false
    @usableFromInline var box = Box.none

    @frozen @usableFromInline
    enum Box: UInt8, Sendable {
        case none
        /// The value inside the box that `place` (an f-register) holds.
        case insideSingle, insideHalf
        /// `place` (a temporary) put into a box.
        case boxedSingle, boxedHalf
    }

    init(constant: UInt64) {
        place = .none
        self.constant = constant
        isConstant = true
    }
    init(_ place: Place, offset: Int64 = 0, box: Box = .none) {
        self.place = place
        self.offset = offset
        self.box = box
    }
    /// A bare place, without offset or box.
    var isPlain: Bool { !isConstant && offset == 0 && box == .none }
}
