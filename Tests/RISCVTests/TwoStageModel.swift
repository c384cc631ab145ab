import Bits
import RISCV

/// Two-stage translation read from the specification (§4.3.2, §18.5), without a thought for speed. A and
/// D are set in `words` as the walk has to set them.
struct TwoStageModel {
    var first: WalkContext
    var guest: WalkContext
    var words: [UInt64: UInt64]

    /// What a G-stage translation is for: the access itself, or an entry of the guest's tables.
    private enum Purpose { case access, readEntry, writeEntry }

    mutating func translate(_ virtual: UInt64, _ access: AccessKind) -> Result<UInt64, Trap> {
        do throws(Trap) {
            let address = try guestAddress(virtual, access)
            return .success(try physical(address, access, .access, virtual))
        } catch { return .failure(error) }
    }

    private func fault(_ cause: ExceptionCause, _ virtual: UInt64) -> Trap {
        var trap = Trap(cause, value: virtual)
        trap.isGuestAddress = true
        return trap
    }

    private mutating func guestAddress(_ virtual: UInt64, _ access: AccessKind)
        throws(Trap) -> UInt64
    {
        guard first.mode != .bare else { return virtual }
        let pageFault = fault(access.pageFault, virtual)
        let levels = Int(first.mode.rawValue) - 5
        let top = UInt64(levels * 9 + 11)
        guard virtual >> top == 0 || virtual >> top == ~0 >> top else { throw pageFault }
        var table = first.root.rawValue
        for level in (0..<levels).reversed() {
            let at = table + (virtual >> UInt64(12 + 9 * level) & 511) * 8
            guard let pte = words[try physical(at, access, .readEntry, virtual)] else {
                throw fault(access.accessFault, virtual)
            }
            guard Self.isValid(pte) else { throw pageFault }
            if Self.isPointer(pte) {
                table = (pte >> 10 & 0xfff_ffff_ffff) << 12
                continue
            }
            guard permits(pte, access, first, isGuestStage: false),
                let result = Self.frame(pte, level, virtual, first)
            else { throw pageFault }
            let marked = Self.marked(pte, access)
            if marked != pte {
                guard first.adue else { throw pageFault }
                words[try physical(at, access, .writeEntry, virtual)] = marked
            }
            return result
        }
        throw pageFault
    }

    private mutating func physical(
        _ address: UInt64, _ access: AccessKind, _ purpose: Purpose, _ virtual: UInt64
    ) throws(Trap) -> UInt64 {
        guard guest.mode != .bare else { return address }
        let kind: AccessKind =
            switch purpose {
            case .access: access
            case .readEntry: .load
            case .writeEntry: .store
            }
        var pageFault = fault(access.guestPageFault, virtual)
        pageFault.value2 = address >> 2
        if purpose != .access { pageFault.instruction = purpose == .readEntry ? 0x3000 : 0x3020 }
        let levels = Int(guest.mode.rawValue) - 5
        guard address >> UInt64(levels * 9 + 14) == 0 else { throw pageFault }
        var table = guest.root.rawValue
        for level in (0..<levels).reversed() {
            let index = address >> UInt64(12 + 9 * level) & (level == levels - 1 ? 2047 : 511)
            guard let pte = words[table + index * 8] else {
                throw fault(access.accessFault, virtual)
            }
            guard Self.isValid(pte) else { throw pageFault }
            if Self.isPointer(pte) {
                table = (pte >> 10 & 0xfff_ffff_ffff) << 12
                continue
            }
            var context = guest
            if purpose != .access { (context.mxr, context.readsCode) = (false, false) }
            guard permits(pte, kind, context, isGuestStage: true),
                let result = Self.frame(pte, level, address, guest)
            else { throw pageFault }
            let marked = Self.marked(pte, kind)
            if marked != pte {
                guard guest.adue else { throw pageFault }
                words[table + index * 8] = marked
            }
            return result
        }
        throw pageFault
    }

    private static func isValid(_ pte: UInt64) -> Bool {
        guard pte & 1 == 1, pte >> 54 & 0x7f == 0, pte & 6 != 4 else { return false }
        return !isPointer(pte) || (pte & 0xd0 == 0 && pte >> 61 == 0)
    }
    private static func isPointer(_ pte: UInt64) -> Bool { pte & 0xa == 0 }
    private static func marked(_ pte: UInt64, _ kind: AccessKind) -> UInt64 {
        pte | (kind == .store ? 0xc0 : 0x40)
    }

    private func permits(
        _ pte: UInt64, _ kind: AccessKind, _ context: WalkContext, isGuestStage: Bool
    ) -> Bool {
        let isUser = pte & 16 != 0
        if isGuestStage || context.privilege == .user {
            if !isUser { return false }
        } else if isUser && (kind == .fetch || !context.sum) {
            return false
        }
        switch kind {
        case .fetch: return pte & 8 != 0
        case .store: return pte & 4 != 0
        case .load:
            if context.readsCode { return pte & 8 != 0 }
            return pte & 2 != 0 || (context.mxr && pte & 8 != 0)
        }
    }

    private static func frame(
        _ pte: UInt64, _ level: Int, _ address: UInt64, _ context: WalkContext
    ) -> UInt64? {
        let frame = pte >> 10 & 0xfff_ffff_ffff
        let type = pte >> 61 & 3
        if type == 3 || (type != 0 && !context.pbmte) { return nil }
        if frame % (1 << UInt64(9 * level)) != 0 { return nil }
        guard pte >> 63 == 1 else { return frame << 12 | address % (1 << UInt64(12 + 9 * level)) }
        guard context.svnapot, level == 0, frame % 16 == 8 else { return nil }
        return (frame - 8) << 12 | address % 0x10000
    }
}
