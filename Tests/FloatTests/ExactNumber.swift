/// A natural number of any size: little-endian limbs without leading zeros.
struct Natural: Comparable {
    var limbs: [UInt64]

    init(_ value: UInt64) { limbs = value == 0 ? [] : [value] }
    private init(trimming limbs: [UInt64]) {
        self.limbs = limbs
        while self.limbs.last == 0 { self.limbs.removeLast() }
    }
    var isZero: Bool { limbs.isEmpty }
    var bitCount: Int {
        limbs.isEmpty ? 0 : limbs.count * 64 - limbs[limbs.count - 1].leadingZeroBitCount
    }
    static func < (a: Self, b: Self) -> Bool {
        if a.limbs.count != b.limbs.count { return a.limbs.count < b.limbs.count }
        for index in a.limbs.indices.reversed() where a.limbs[index] != b.limbs[index] {
            return a.limbs[index] < b.limbs[index]
        }
        return false
    }
    static func + (a: Self, b: Self) -> Self {
        var result: [UInt64] = []
        var carry: UInt64 = 0
        for index in 0..<max(a.limbs.count, b.limbs.count) {
            let (s, c1) = a.limb(index).addingReportingOverflow(b.limb(index))
            let (t, c2) = s.addingReportingOverflow(carry)
            carry = (c1 ? 1 : 0) + (c2 ? 1 : 0)
            result.append(t)
        }
        result.append(carry)
        return Self(trimming: result)
    }
    /// a − b, of which a is not the smaller.
    static func - (a: Self, b: Self) -> Self {
        precondition(a >= b, "a natural number cannot be negative")
        var result: [UInt64] = []
        var borrow: UInt64 = 0
        for index in a.limbs.indices {
            let (s, c1) = a.limb(index).subtractingReportingOverflow(b.limb(index))
            let (t, c2) = s.subtractingReportingOverflow(borrow)
            borrow = (c1 ? 1 : 0) + (c2 ? 1 : 0)
            result.append(t)
        }
        return Self(trimming: result)
    }
    static func * (a: Self, b: Self) -> Self {
        var result = [UInt64](repeating: 0, count: a.limbs.count + b.limbs.count)
        for (i, x) in a.limbs.enumerated() {
            var carry: UInt64 = 0
            for (j, y) in b.limbs.enumerated() {
                let full = x.multipliedFullWidth(by: y)
                let (s, c1) = full.low.addingReportingOverflow(result[i + j])
                let (t, c2) = s.addingReportingOverflow(carry)
                carry = full.high + (c1 ? 1 : 0) + (c2 ? 1 : 0)
                result[i + j] = t
            }
            result[i + b.limbs.count] = carry
        }
        return Self(trimming: result)
    }
    static func << (a: Self, count: Int) -> Self {
        if count == 0 || a.isZero { return a }
        var result = [UInt64](repeating: 0, count: count / 64)
        var carry: UInt64 = 0
        let shift = UInt64(count % 64)
        for limb in a.limbs {
            result.append(limb << shift | carry)
            carry = shift == 0 ? 0 : limb >> (64 - shift)
        }
        result.append(carry)
        return Self(trimming: result)
    }
    private func limb(_ index: Int) -> UInt64 { index < limbs.count ? limbs[index] : 0 }
}

/// A number significand × 2^exponent, not negative.
struct Dyadic: Comparable {
    var significand: Natural
    var exponent: Int

    static func < (a: Self, b: Self) -> Bool { compare(a, b) { $0 < $1 } }
    static func == (a: Self, b: Self) -> Bool { compare(a, b) { $0 == $1 } }
    static func + (a: Self, b: Self) -> Self { aligned(a, b, +) }
    static func - (a: Self, b: Self) -> Self { aligned(a, b, -) }
    static func * (a: Self, b: Self) -> Self {
        Dyadic(significand: a.significand * b.significand, exponent: a.exponent + b.exponent)
    }

    private static func compare(_ a: Self, _ b: Self, _ relation: (Natural, Natural) -> Bool)
        -> Bool
    {
        // The places of the leading ones decide, where they differ.
        let aTop = a.significand.isZero ? Int.min : a.significand.bitCount + a.exponent
        let bTop = b.significand.isZero ? Int.min : b.significand.bitCount + b.exponent
        if aTop != bTop {
            return relation(Natural(aTop < bTop ? 0 : 1), Natural(aTop < bTop ? 1 : 0))
        }
        let low = min(a.exponent, b.exponent)
        return relation(a.significand << (a.exponent - low), b.significand << (b.exponent - low))
    }
    private static func aligned(_ a: Self, _ b: Self, _ operation: (Natural, Natural) -> Natural)
        -> Self
    {
        let low = min(a.exponent, b.exponent)
        return Dyadic(
            significand: operation(
                a.significand << (a.exponent - low), b.significand << (b.exponent - low)),
            exponent: low)
    }
}
