import Bits

/// What `hlv`, `hlvx` and `hsv` move.
package struct GuestAccess: Equatable, Sendable {
    package let width: AccessWidth
    package let isSigned: Bool
    package let isStore: Bool
    package let readsCode: Bool

    package init?(_ opcode: Opcode) {
        switch opcode {
        case .hlv_b: self.init(.byte, signed: true)
        case .hlv_bu: self.init(.byte)
        case .hlv_h: self.init(.half, signed: true)
        case .hlv_hu: self.init(.half)
        case .hlvx_hu: self.init(.half, code: true)
        case .hlv_w: self.init(.word, signed: true)
        case .hlv_wu: self.init(.word)
        case .hlvx_wu: self.init(.word, code: true)
        case .hlv_d: self.init(.double)
        case .hsv_b: self.init(.byte, store: true)
        case .hsv_h: self.init(.half, store: true)
        case .hsv_w: self.init(.word, store: true)
        case .hsv_d: self.init(.double, store: true)
        default: return nil
        }
    }
    private init(
        _ width: AccessWidth, signed: Bool = false, store: Bool = false, code: Bool = false
    ) {
        self.width = width
        isSigned = signed
        isStore = store
        readsCode = code
    }
}

/// A memory access as a trap tells a hypervisor of it.
extension Instruction {
    /// What is added to rs1 for the address: only loads and stores have it.
    package var addressOffset: UInt64 {
        guard let bits = uncompressed else { return 0 }
        switch bits & 0x7f {
        case 0x03, 0x07, 0x23, 0x27: return UInt64(bitPattern: immediate)
        default: return 0
        }
    }

    /// The standard transformation (§18.6.3): no immediate, and in the place of rs1 how far the
    /// faulting address lies behind the first. Bit 1 is clear where the instruction was compressed. nil
    /// where none is defined.
    package func transformed(offset: UInt64) -> UInt64? {
        guard let bits = uncompressed else { return nil }
        let kept: UInt32
        switch bits & 0x7f {
        case 0x03, 0x07: kept = 0x0000_7fff
        case 0x23, 0x27: kept = 0x01f0_707f
        case 0x2f, 0x73: kept = ~(0x1f << 15)
        default: return nil
        }
        let result = bits & kept | UInt32(truncatingIfNeeded: offset & 0x1f) << 15
        return UInt64(isCompressed ? result & ~2 : result)
    }

    private var uncompressed: UInt32? {
        var base = self
        if isCompressed { base.word &= ~(1 &<< 15) }
        return base.encoding
    }
}
