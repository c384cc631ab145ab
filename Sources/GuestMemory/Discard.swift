import Bits
import Glibc

/// Memory that the guest does not use, given back to the host.
extension GuestMemory {
    /// The whole host pages of a range go back to the host, and read as zeros when the guest touches
    /// them again. What lies outside of RAM, and the parts of pages at both ends, stay as they are.
    /// Returns what went, which the caller reports as written, so that no engine keeps code of it.
    @discardableResult
    package func discard(_ range: GuestRange) -> [GuestRange] {
        var discarded: [GuestRange] = []
        for index in 0..<slotCount {
            let slot = unsafe slots + index
            guard let part = unsafe slot.pointee.wholePages(of: range),
                unsafe slot.pointee.discard(part)
            else { continue }
            discarded.append(part)
        }
        return discarded
    }

    /// How many bytes of RAM the host holds for the guest now.
    package var residentBytes: UInt64 {
        var bytes: UInt64 = 0
        for index in 0..<slotCount {
            let slot = unsafe slots[index]
            if !slot.isReadOnly { bytes += slot.residentPages << Page.shift }
        }
        return bytes
    }
}

// SAFETY: each range is checked to lie in the slot, whose mapping lives as long as the slot does.
extension Memslot {
    /// The pages of RAM that lie in a range as a whole; nil where there are none.
    fileprivate func wholePages(of range: GuestRange) -> GuestRange? {
        guard !isReadOnly else { return nil }
        let (sum, wraps) = range.start.rawValue.addingReportingOverflow(range.count)
        let end = min(wraps ? .max : sum, start &+ count) & ~Page.offsetMask
        let first = max(range.start.rawValue, start)
        guard first < end else { return nil }
        let begin = (first &+ Page.offsetMask) & ~Page.offsetMask
        guard begin < end else { return nil }
        return GuestRange(start: GuestPhysical(begin), count: end &- begin)
    }

    fileprivate func discard(_ range: GuestRange) -> Bool {
        if isLogging { mark(.dirty, range.start, range.count) }
        // Pages of a shared file would stay in the file.
        let advice = descriptor < 0 ? MADV_DONTNEED : MADV_REMOVE
        return unsafe madvise(host(range.start), Int(truncatingIfNeeded: range.count), advice) == 0
    }

    fileprivate var residentPages: UInt64 {
        let pages = Int(truncatingIfNeeded: count >> Page.shift)
        let step = 1 << 16
        var resident: UInt64 = 0
        var flags = [UInt8](repeating: 0, count: min(step, pages))
        for first in stride(from: 0, to: pages, by: step) {
            let some = min(step, pages - first)
            let at = unsafe base + first << Int(Page.shift)
            guard unsafe mincore(at, some << Int(Page.shift), &flags) == 0 else { continue }
            for flag in flags.prefix(some) where flag & 1 != 0 { resident += 1 }
        }
        return resident
    }
}
