import Bits

/// Physical memory protection (privileged specification §3.7): sixteen entries, granularity four
/// bytes. `mstatus.MPRV` is the caller's: it passes the effective privilege.
@frozen @usableFromInline
package struct PMP: Sendable {
    @inlinable package static var entryCount: Int { 16 }

    /// `pmpcfg0` and `pmpcfg2`: a byte for each entry.
    @usableFromInline package private(set) var configuration: (UInt64, UInt64) = (0, 0)
    /// `pmpaddr0` to `pmpaddr15`.
    @usableFromInline package private(set) var addresses = InlineArray<16, UInt64>(repeating: 0)
    /// What the two above mean: bytes `first[i]..<end[i]`; empty for an entry that is off.
    @usableFromInline var first = InlineArray<16, UInt64>(repeating: 0)
    @usableFromInline var end = InlineArray<16, UInt64>(repeating: 0)
    /// Entries from here on are off.
    @usableFromInline var activeCount = 0
    /// Up to here the first entry that holds anything allows everything to every mode.
    @usableFromInline var openEnd: UInt64 = 0

    @usableFromInline package init() {}

    @inlinable package func configurationByte(_ index: Int) -> UInt8 {
        let half = index < 8 ? configuration.0 : configuration.1
        return UInt8(truncatingIfNeeded: half &>> UInt64((index & 7) &* 8))
    }
    @inlinable func isLocked(_ index: Int) -> Bool { configurationByte(index) & 0x80 != 0 }
    @inlinable func mode(_ index: Int) -> UInt8 { configurationByte(index) >> 3 & 3 }

    // MARK: Registers

    /// Writes `pmpcfg0` (`upper` false) or `pmpcfg2`. Locked entries keep their byte.
    package mutating func setConfiguration(upper: Bool, _ value: UInt64) {
        var result = upper ? configuration.1 : configuration.0
        for index in 0..<8 {
            let shift = UInt64(index * 8)
            if result &>> shift & 0x80 != 0 { continue }
            // Bits 5 and 6 are reserved; W without R is a reserved combination: W is dropped.
            var byte = value &>> shift & 0x9f
            if byte & 1 == 0 { byte &= ~2 }
            result = result.replacing(0xff &<< shift, with: byte &<< shift)
        }
        if upper { configuration.1 = result } else { configuration.0 = result }
        derive()
    }

    /// Writes `pmpaddr[index]`, unless it or the upper neighbour that uses it as its bottom is locked.
    package mutating func setAddress(_ index: Int, _ value: UInt64) {
        guard index >= 0, index < Self.entryCount, !isLocked(index) else { return }
        if index + 1 < Self.entryCount, isLocked(index + 1), mode(index + 1) == 1 { return }
        addresses[index] = value & (~0 &>> 10)
        derive()
    }

    private mutating func derive() {
        activeCount = 0
        for index in 0..<Self.entryCount {
            let address = addresses[index]
            var start: UInt64 = 0
            var stop: UInt64 = 0
            switch mode(index) {
            case 1:  // TOR: from the entry below up to this one.
                let bottom = index == 0 ? 0 : addresses[index - 1] &<< 2
                if bottom < address &<< 2 { (start, stop) = (bottom, address &<< 2) }
            case 2:  // NA4
                start = address &<< 2
                stop = start &+ 4
            case 3:  // NAPOT: trailing ones give the size.
                let ones = UInt64((~address).trailingZeroBitCount)
                start = (address & ~((1 &<< (ones &+ 1)) &- 1)) &<< 2
                stop = start &+ (8 &<< ones)
            default: break
            }
            first[index] = start
            end[index] = stop
            if mode(index) != 0 { activeCount = index + 1 }
        }
        let lowest = (0..<activeCount).first { first[$0] < end[$0] }
        let isOpen = lowest.map { first[$0] == 0 && configurationByte($0) & 7 == 7 } ?? false
        openEnd = isOpen ? lowest.map { end[$0] } ?? 0 : 0
    }

    // MARK: Checks

    /// Whether nothing is to be checked, which is usual: no entry is in use in machine mode, or one
    /// opens all memory. False says nothing.
    @inlinable @inline(__always)
    package func isOpen(_ address: GuestPhysical, count: UInt64, _ privilege: Privilege) -> Bool {
        let (stop, overflow) = address.rawValue.addingReportingOverflow(count)
        return (stop <= openEnd && !overflow) || (activeCount == 0 && privilege == .machine)
    }

    /// What the lowest-numbered entry that overlaps the bytes allows; nil where that entry holds only
    /// some of them, so that no single answer holds.
    @inlinable package func permissions(
        _ address: GuestPhysical, count: UInt64, privilege: Privilege
    ) -> Permissions? {
        let start = address.rawValue
        let (sum, overflow) = start.addingReportingOverflow(count)
        let stop = overflow ? ~0 : sum
        var index = 0
        while index < activeCount {
            if start < end[index] && first[index] < stop {
                guard first[index] <= start, stop <= end[index] else { return nil }
                let byte = configurationByte(index)
                if privilege == .machine && byte & 0x80 == 0 { return .all }
                return Permissions(rawValue: byte & 7)
            }
            index &+= 1
        }
        return privilege == .machine ? .all : []
    }

    /// Whether every byte may be accessed so. An entry that holds only some of the bytes refuses.
    @inlinable package func check(
        _ address: GuestPhysical, count: UInt64, _ access: AccessKind, privilege: Privilege
    ) -> Bool {
        permissions(address, count: count, privilege: privilege)?.allow(access) ?? false
    }

    /// What holds for the whole 4 KiB page around `address`, so that a TLB may keep it; nil where the
    /// page is divided and each access has to be checked.
    @inlinable package func pagePermissions(
        _ address: GuestPhysical, privilege: Privilege
    ) -> Permissions? {
        permissions(
            GuestPhysical(address.rawValue & ~0xfff), count: 4096, privilege: privilege)
    }
}

extension PMP: Equatable {
    /// The registers decide; the rest follows from them.
    @usableFromInline package static func == (a: PMP, b: PMP) -> Bool {
        guard a.configuration == b.configuration else { return false }
        for index in 0..<entryCount where a.addresses[index] != b.addresses[index] { return false }
        return true
    }
}
