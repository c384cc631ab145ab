import Bits
import RISCV
import TestKit

/// Tables of both stages in sparse memory. Guest-physical pages lie anywhere.
struct TwoStageTables {
    static let guestRoot: UInt64 = 0x10_0000
    var words: [UInt64: UInt64] = [:]
    let modes: (first: PageTableMode, guest: PageTableMode)
    /// Where the root of the first stage lies, as the guest sees it.
    private(set) var root: UInt64 = 0
    /// Where the guest's own tables lie in memory, by their guest-physical address.
    private var homes: [UInt64: UInt64] = [:]
    private var nextPage: UInt64 = 0x20_0000
    private var nextGuestPage: UInt64 = 0x4123_4000

    init(_ first: PageTableMode, _ guest: PageTableMode) {
        modes = (first, guest)
        fill(Self.guestRoot, pages: 4)
        if first != .bare { root = guestTable() }
    }

    private mutating func fill(_ table: UInt64, pages: UInt64 = 1) {
        for index in 0..<(512 * pages) { words[table + index * 8] = 0 }
    }
    mutating func page() -> UInt64 {
        defer { nextPage += 0x1000 }
        return nextPage
    }
    private mutating func guestTable() -> UInt64 {
        let home = page()
        fill(home)
        guard modes.guest != .bare else {
            homes[home] = home
            return home
        }
        nextGuestPage += 0x20_3000
        homes[nextGuestPage] = home
        mapGuest(nextGuestPage, home, 0xd7)
        return nextGuestPage
    }

    /// A leaf of the G-stage.
    mutating func mapGuest(_ address: UInt64, _ physical: UInt64, _ flags: UInt64, level: Int = 0) {
        guard modes.guest != .bare else { return }
        var table = Self.guestRoot
        for step in (level + 1..<modes.guest.levels).reversed() {
            let mask: UInt64 = step == modes.guest.levels - 1 ? 2047 : 511
            let slot = table + (address >> UInt64(12 + 9 * step) & mask) * 8
            if words[slot] == 0 {
                let new = page()
                fill(new)
                words[slot] = new >> 2 | 1
            }
            table = PTE.pageNumber(words[slot, default: 0]) << 12
        }
        let mask: UInt64 = level == modes.guest.levels - 1 ? 2047 : 511
        words[table + (address >> UInt64(12 + 9 * level) & mask) * 8] = physical >> 2 | flags
    }
    /// A leaf of the first stage.
    mutating func map(_ address: UInt64, _ guest: UInt64, _ flags: UInt64, level: Int = 0) {
        guard modes.first != .bare else { return }
        var table = root
        for step in (level + 1..<modes.first.levels).reversed() {
            let slot = homes[table, default: 0] + (address >> UInt64(12 + 9 * step) & 511) * 8
            if words[slot] == 0 {
                let new = guestTable()
                words[slot] = new >> 2 | 1
            }
            table = PTE.pageNumber(words[slot, default: 0]) << 12
        }
        words[homes[table, default: 0] + (address >> UInt64(12 + 9 * level) & 511) * 8] =
            guest >> 2 | flags
    }

    func stages(_ privilege: Privilege = .supervisor) -> TranslationStages {
        let first = WalkContext(mode: modes.first, root: GuestPhysical(root), privilege: privilege)
        var guest = WalkContext(
            mode: modes.guest, root: GuestPhysical(Self.guestRoot), privilege: .user)
        guest.isGuestStage = true
        return TranslationStages(first, guest: guest)
    }
}
