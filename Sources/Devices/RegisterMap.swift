import Bits

/// Which accesses a register takes. The smallest unit of a device's window is one register; this
/// says what happens to an access that does not fit one exactly.
package enum RegisterWidths: Sendable {
    /// Only its own size.
    case exact
    /// Its own size and aligned parts of it, such as the 32-bit halves of `mtime`.
    case parts
    /// Any size from its own address on: a wider access still means this one register.
    case wider
}

/// One access in a device's own words: which register, and which of its bits.
package struct RegisterAccess<Register: Sendable>: Sendable {
    package let register: Register
    /// Where the access starts inside the register, in bits.
    private let shift: UInt64
    /// The bits of the register that the access moves.
    private let mask: UInt64

    /// Fails if `register`, which lies at `start` and is `size` wide, does not take this access.
    package init?(
        _ register: Register, at start: UInt64, _ size: AccessWidth, _ widths: RegisterWidths,
        offset: UInt64, _ width: AccessWidth
    ) {
        guard offset & (width.bytes &- 1) == 0, offset >= start, offset &- start < size.bytes
        else { return nil }
        switch widths {
        case .exact: guard offset == start, width == size else { return nil }
        case .parts: guard width.bytes <= size.bytes else { return nil }
        case .wider: guard offset == start, width.bytes >= size.bytes else { return nil }
        }
        self.register = register
        shift = (offset &- start) &* 8
        mask = (width.mask &<< shift) & size.mask
    }

    /// What the access reads out of the whole register.
    package func part(of whole: UInt64) -> UInt64 { (whole & mask) &>> shift }
    /// The whole register after the access wrote `value` into its part.
    package func whole(_ old: UInt64, writing value: UInt64) -> UInt64 {
        old.replacing(mask, with: value &<< shift)
    }
}
