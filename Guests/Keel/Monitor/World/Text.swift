/// Text as bytes: a guest of this size does without Unicode's tables.
extension [UInt8] {
    package mutating func append(text: StaticString) {
        // SAFETY: a literal's own bytes, as many as it says.
        let bytes = unsafe UnsafeBufferPointer(
            start: text.utf8Start, count: text.utf8CodeUnitCount)
        unsafe append(contentsOf: bytes)
    }
    package mutating func append(hex value: UInt64) {
        append(text: "0x")
        var shift = 60
        while shift > 0, value &>> UInt64(shift) == 0 { shift -= 4 }
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: value &>> UInt64(shift)) & 15
            append(digit < 10 ? 48 + digit : 87 + digit)
            shift -= 4
        }
    }
    package mutating func append(decimal value: UInt64) {
        var digits: [UInt8] = []
        var rest = value
        repeat {
            digits.append(48 + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        append(contentsOf: digits.reversed())
    }
}
