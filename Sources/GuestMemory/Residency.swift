import Glibc

extension GuestMemory {
    /// How much of the guest's memory the host has given pages for.
    package var residentBytes: UInt64 {
        var sum: UInt64 = 0
        for index in 0..<slotCount { sum &+= unsafe slots[index].residentBytes }
        return sum
    }
}

extension Memslot {
    /// Asked in pieces, so that the answer for a large guest needs little room.
    fileprivate var residentBytes: UInt64 {
        let piece = 256 << 20
        var resident: UInt64 = 0
        var at = 0
        var pages = [UInt8](repeating: 0, count: min(piece, Int(count)) >> Int(Page.shift))
        while at < Int(count) {
            let length = min(piece, Int(count) - at)
            // The kernel fills a byte for each page of the range, which lies inside the slot.
            guard unsafe mincore(base + at, length, &pages) == 0 else { return resident }
            for page in 0..<(length >> Int(Page.shift)) where pages[page] & 1 != 0 {
                resident &+= Page.bytes
            }
            at += length
        }
        return resident
    }
}
