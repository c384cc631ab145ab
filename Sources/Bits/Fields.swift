extension UInt64 {
    /// The bits `low...high`, moved down to bit 0.
    @inlinable package func bits(_ high: Int, _ low: Int) -> UInt64 {
        (self &>> UInt64(low)) & (~0 &>> UInt64(63 &- (high &- low)))
    }
    @inlinable package func bit(_ index: Int) -> Bool { (self &>> UInt64(index)) & 1 != 0 }
    /// The low `width` bits, their topmost copied upwards.
    @inlinable package func signExtended(from width: Int) -> UInt64 {
        let shift = UInt64(64 &- width)
        return UInt64(bitPattern: Int64(bitPattern: self &<< shift) &>> Int64(shift))
    }
    /// Bits under `mask` replaced by those of `value`.
    @inlinable package func replacing(_ mask: UInt64, with value: UInt64) -> UInt64 {
        (self & ~mask) | (value & mask)
    }
    @inlinable package mutating func set(_ mask: UInt64, _ on: Bool) {
        self = on ? self | mask : self & ~mask
    }
}

extension UInt32 {
    @inlinable package func bits(_ high: Int, _ low: Int) -> UInt32 {
        (self &>> UInt32(low)) & (~0 &>> UInt32(31 &- (high &- low)))
    }
    @inlinable package func bit(_ index: Int) -> Bool { (self &>> UInt32(index)) & 1 != 0 }
}
