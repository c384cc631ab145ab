import Bits
import RISCV

/// The translation process read line by line from the specification, without a thought for speed: what
/// the real walk is compared with.
struct PageWalkModel {
    var context: WalkContext
    var words: [UInt64: UInt64]

    /// The physical address, or the exception.
    func translate(_ address: UInt64, _ access: AccessKind) -> Result<UInt64, Trap> {
        let levels = Int(context.mode.rawValue) - 5
        let top = levels * 9 + 12
        let upper = address >> UInt64(top - 1)
        guard upper == 0 || upper == ~0 >> UInt64(top - 1) else { return page(access, address) }
        var table = context.root.rawValue
        for level in (0..<levels).reversed() {
            let index = address >> UInt64(12 + 9 * level) & 511
            guard let pte = words[table + index * 8] else {
                return .failure(Trap(access.accessFault, value: address))
            }
            guard pte & 1 == 1, pte >> 54 & 0x7f == 0 else { return page(access, address) }
            let (r, w, x) = (pte & 2 != 0, pte & 4 != 0, pte & 8 != 0)
            if w && !r { return page(access, address) }
            if !r && !x {
                // A pointer: U, A, D, PBMT and N are reserved.
                if pte & 0xd0 != 0 || pte >> 61 != 0 { return page(access, address) }
                table = (pte >> 10 & 0xfff_ffff_ffff) << 12
                continue
            }
            guard allows(pte, access) else { return page(access, address) }
            guard let found = leaf(pte, level, address) else { return page(access, address) }
            return .success(found)
        }
        return page(access, address)
    }

    private func page(_ access: AccessKind, _ address: UInt64) -> Result<UInt64, Trap> {
        .failure(Trap(access.pageFault, value: address))
    }

    private func allows(_ pte: UInt64, _ access: AccessKind) -> Bool {
        let isUser = pte & 16 != 0
        switch context.privilege {
        case .user: if !isUser { return false }
        default: if isUser && (access == .fetch || !context.sum) { return false }
        }
        let wants: Bool
        switch access {
        case .fetch: wants = pte & 8 != 0
        case .load: wants = pte & 2 != 0 || context.mxr && pte & 8 != 0
        case .store: wants = pte & 4 != 0
        }
        let isMarked = pte & 64 != 0 && (access != .store || pte & 128 != 0)
        return wants && (isMarked || context.adue)
    }

    private func leaf(_ pte: UInt64, _ level: Int, _ address: UInt64) -> UInt64? {
        let frame = pte >> 10 & 0xfff_ffff_ffff
        let type = pte >> 61 & 3
        if type == 3 || type != 0 && !context.pbmte { return nil }
        if frame % (1 << UInt64(9 * level)) != 0 { return nil }
        guard pte >> 63 == 1 else {
            let size: UInt64 = 1 << UInt64(12 + 9 * level)
            return frame << 12 | address % size
        }
        guard context.svnapot, level == 0, frame % 16 == 8 else { return nil }
        return (frame - 8) << 12 | address % 0x10000
    }
}
