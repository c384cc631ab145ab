import CSkiff
import FDT
import SkiffABI

extension AddressSpace {
    private static let gigabyte: UInt64 = 1 << 30
    private static let megapage: UInt64 = 1 << 21

    /// The space without a program: memory and devices where they lie, the image with each part's
    /// own rights.
    static func kernel(_ board: Board, _ pages: PageAllocator) -> AddressSpace? {
        guard let root = pages.allocate() else { return nil }
        let space = AddressSpace(root: root, asid: 0)
        let bits = PTE.read | PTE.write | PTE.global
        for address in board.deviceAddresses where address < ProgramMemory.base {
            let start = address & ~(gigabyte - 1)
            if start + gigabyte <= board.memory.address || start >= board.memory.address {
                space.map(start, to: start, bits, level: 2, pages)
            }
        }
        let image = address_of_skiff_text_start()
        let end = min(board.memory.address &+ board.memory.size, ProgramMemory.base)
        var at = board.memory.address & ~(megapage - 1)
        // A gigapage over devices, when memory begins inside it, gives way to finer pages.
        if at % gigabyte != 0 { store64(root + 8 * index(at, 2), 0) }
        while at < end {
            if at % gigabyte == 0 && end - at >= gigabyte && image &- at >= gigabyte {
                space.map(at, to: at, bits, level: 2, pages)
                at += gigabyte
                continue
            }
            if image &- at < megapage {
                space.mapImage(at, pages)
            } else {
                space.map(at, to: at, bits, level: 1, pages)
            }
            at += megapage
        }
        return space
    }

    private func mapImage(_ start: UInt64, _ pages: PageAllocator) {
        for page in stride(from: start, to: start + Self.megapage, by: Int(pageSize)) {
            var bits = PTE.read | PTE.global
            if page >= address_of_skiff_rodata_end() {
                bits |= PTE.write
            } else if page < address_of_skiff_text_end() {
                bits |= PTE.execute
            }
            map(page, to: page, bits, pages)
        }
    }

    /// A space that shares the kernel's part.
    func copyForProgram(asid: UInt64, _ pages: PageAllocator) -> AddressSpace? {
        guard let copy = pages.allocate() else { return nil }
        copy_memory(copy, root, pageSize)
        store64(copy + 8 * Self.index(ProgramMemory.base, 2), 0)
        return AddressSpace(root: copy, asid: asid)
    }
}

extension Board {
    var deviceAddresses: [UInt64] {
        var list = virtio.map { $0.address }
        for address in [uart?.address, plic?.address, finisher, clock] {
            if let address { list.append(address) }
        }
        return list
    }
}
