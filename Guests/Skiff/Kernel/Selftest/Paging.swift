import CSkiff
import SkiffABI

/// The gigabyte behind the programs' one, where the self-test maps what it likes.
enum PagingWindow {
    static let base: UInt64 = 0x10_4000_0000
    /// A leaf of 2 MiB goes here, one of 1 GiB behind the window.
    static let megapage: UInt64 = base + 0x20_0000
    static let gigapage: UInt64 = base + 0x4000_0000
    static let a = base
    static let b = base + 0x1000
}

extension Selftest {
    private var space: AddressSpace { kernel.space }

    /// Puts an entry for a page of the window, as it is, and makes the hart see it.
    private func put(_ address: UInt64, _ entry: UInt64, level: UInt64 = 0) {
        guard let at = space.entry(address, level: level, making: kernel.pages) else { return }
        store64(at, entry)
        sfence_all()
    }

    func paging() {
        guard let page = kernel.pages.allocate(), let other = kernel.pages.allocate() else {
            return check("paging", false)
        }
        let rw = PTE.read | PTE.write
        let a = PagingWindow.a
        put(a, PTE.leaf(page, rw))
        store64(a + 8, 0xfeed)
        equal("a mapping is the page behind it", load64(page + 8), 0xfeed)
        put(a, PTE.leaf(other, rw))
        equal("sfence.vma shows the new mapping", load64(a + 8), 0)
        rights(page)
        userPages(page)
        reserved(page)
        accessedAndDirty(page)
        superpages(page)
        crossing(page, other)
        ownImage()
        put(a, 0)
        put(PagingWindow.b, 0)
        if kernel.hasASIDs { spaces(page, other) } else { skip("ASIDs") }
        kernel.pages.release(page)
        kernel.pages.release(other)
    }

    private func rights(_ page: UInt64) {
        let a = PagingWindow.a
        put(a, PTE.leaf(page, PTE.read))
        works("read-only page: load", 0xfeed, op_ld, a + 8)
        traps("read-only page: store", cause: 15, value: a + 9, op_sb, a + 9)
        traps("read-only page: atomic", cause: 15, value: a + 16, op_amoadd_d, a + 16)
        traps("read-only page: fetch", cause: 12, value: a + 2, probe_jump, a + 2)
        // li a0, 7; ret
        store64(page + 16, 0x8082_451d)
        put(a, PTE.leaf(page, PTE.execute))
        fence_instructions()
        works("execute-only page: fetch", 7, probe_jump, a + 16)
        traps("execute-only page: load", cause: 13, value: a + 8, op_ld, a + 8)
        csr_set_sstatus(Status.mxr)
        works("execute-only page: load with MXR", 0xfeed, op_ld, a + 8)
        csr_clear_sstatus(Status.mxr)
        put(a, 0)
        traps("no page: load", cause: 13, value: a + 7, op_lb, a + 7)
        traps("no page: store", cause: 15, value: a + 0xff8, op_sd, a + 0xff8)
        traps("no page: lr", cause: 13, value: a, op_lr_d, a)
        traps("no page: atomic", cause: 15, value: a, op_amoswap_d, a)
        traps("no page: fetch", cause: 12, value: a + 0xffe, probe_jump, a + 0xffe)
        // Bits 63…39 must equal bit 38 (10.4.1).
        let outside: UInt64 = 1 << 39
        traps("no canonical address: load", cause: 13, value: outside, op_lb, outside)
        traps("no canonical address: store", cause: 15, value: outside | 8, op_sd, outside | 8)
        traps("no canonical address: fetch", cause: 12, value: outside, probe_jump, outside)
        traps("top of the addresses", cause: 13, value: ~7, op_ld, ~7)
    }

    private func userPages(_ page: UInt64) {
        let a = PagingWindow.a
        put(a, PTE.leaf(page, PTE.user | PTE.read | PTE.write | PTE.execute))
        traps("user page: load without SUM", cause: 13, value: a + 8, op_ld, a + 8)
        traps("user page: store without SUM", cause: 15, value: a, op_sd, a)
        csr_set_sstatus(Status.sum)
        works("user page: load with SUM", 0xfeed, op_ld, a + 8)
        traps("user page: fetch with SUM", cause: 12, value: a + 16, probe_jump, a + 16)
        csr_clear_sstatus(Status.sum)
    }

    /// Entries that the walk must refuse (10.3.2).
    private func reserved(_ page: UInt64) {
        let a = PagingWindow.a
        let rw = PTE.read | PTE.write
        put(a, PTE.leaf(page, PTE.write))
        traps("entry with W and no R", cause: 13, value: a, op_lb, a)
        put(a, PTE.leaf(page, rw) | 1 << 60)
        traps("entry with a reserved bit", cause: 13, value: a, op_lb, a)
        put(a, PTE.leaf(page, rw) & ~PTE.valid)
        traps("entry without V", cause: 13, value: a, op_lb, a)
        put(a, PTE.table(page))
        traps("a table where a leaf must be", cause: 13, value: a, op_lb, a)
        if kernel.board.has("svpbmt") {
            put(a, PTE.leaf(page, rw) | 3 << 61)
            traps("entry with reserved PBMT", cause: 13, value: a, op_lb, a)
            put(a, PTE.leaf(page, rw) | 1 << 61)
            works("entry with PBMT NC", 0xfeed, op_ld, a + 8)
        } else {
            put(a, PTE.leaf(page, rw) | 1 << 61)
            traps("entry with PBMT and no Svpbmt", cause: 13, value: a, op_lb, a)
        }
        if kernel.board.has("svnapot") {
            napot()
        } else {
            put(a, PTE.leaf(page, rw) | 1 << 63)
            traps("entry with N and no Svnapot", cause: 13, value: a, op_lb, a)
        }
        let table = space.entry(PagingWindow.base, level: 1) ?? 0
        let good = load64(table)
        for bit in [PTE.accessed, PTE.dirty, PTE.user] {
            store64(table, good | bit)
            sfence_all()
            traps("table entry with D, A or U", cause: 13, value: a, op_lb, a)
        }
        store64(table, good)
        sfence_all()
    }

    /// Sixteen pages behind one entry, whose page number ends in 1000 (Svnapot, chapter 12).
    private func napot() {
        let image = address_of_skiff_text_start() & ~0xffff
        let entry = PTE.leaf(image | 0x8000, PTE.read) | 1 << 63
        for index in 0..<UInt64(16) { put(PagingWindow.base + 0x1_0000 + index << 12, entry) }
        var isRight = true
        for index in 0..<UInt64(16) {
            let at = index << 12 | 0x18
            isRight = isRight && load64(PagingWindow.base + 0x1_0000 + at) == load64(image + at)
        }
        check("Svnapot: 64 KiB", isRight)
        put(PagingWindow.base + 0x1_0000, PTE.leaf(image | 0x4000, PTE.read) | 1 << 63)
        traps(
            "Svnapot: another size", cause: 13, value: PagingWindow.base + 0x1_0000, op_lb,
            PagingWindow.base + 0x1_0000)
        for index in 0..<UInt64(16) { put(PagingWindow.base + 0x1_0000 + index << 12, 0) }
    }

    /// Either the hart writes A and D itself (Svadu), or it faults and leaves them (Svade).
    private func accessedAndDirty(_ page: UInt64) {
        let a = PagingWindow.a
        let clean = PTE.leaf(page, PTE.read | PTE.write) & ~(PTE.accessed | PTE.dirty)
        put(a, clean)
        let at = space.entry(a) ?? 0
        switch attempt(op_ld, a + 8) {
        case .value(let value):
            check("a load sets A", value == 0xfeed && load64(at) == clean | PTE.accessed)
            if case .value = attempt(op_sd, a, 1) {
                check("a store sets D", load64(at) == clean | PTE.accessed | PTE.dirty)
            } else {
                check("a store sets D", false)
            }
        case .trap(let cause, let value, _):
            check("a load without A faults", cause == 13 && value == a + 8 && load64(at) == clean)
            put(a, clean | PTE.accessed)
            traps("a store without D faults", cause: 15, value: a, op_sd, a, 1)
            equal("the fault leaves D", load64(at), clean | PTE.accessed)
        }
    }

    private func superpages(_ page: UInt64) {
        let rw = PTE.read | PTE.write
        let mega = page & ~0x1f_ffff
        put(PagingWindow.megapage, PTE.leaf(mega, rw), level: 1)
        works("megapage", 0xfeed, op_ld, PagingWindow.megapage | page & 0x1f_ffff + 8)
        put(PagingWindow.megapage, PTE.leaf(mega + 0x1000, rw), level: 1)
        traps(
            "misaligned megapage", cause: 13, value: PagingWindow.megapage, op_lb,
            PagingWindow.megapage)
        put(PagingWindow.megapage, 0, level: 1)
        let giga = page & ~0x3fff_ffff
        put(PagingWindow.gigapage, PTE.leaf(giga, rw), level: 2)
        works("gigapage", 0xfeed, op_ld, PagingWindow.gigapage | page & 0x3fff_ffff + 8)
        put(PagingWindow.gigapage, PTE.leaf(giga + 0x20_0000, rw), level: 2)
        traps(
            "misaligned gigapage", cause: 13, value: PagingWindow.gigapage, op_lb,
            PagingWindow.gigapage)
        put(PagingWindow.gigapage, 0, level: 2)
    }

    /// An access over the end of a page: the fault names the part that faults.
    private func crossing(_ page: UInt64, _ other: UInt64) {
        let a = PagingWindow.a
        let b = PagingWindow.b
        put(a, PTE.leaf(page, PTE.read | PTE.write | PTE.execute))
        put(b, PTE.leaf(other, PTE.read | PTE.write | PTE.execute))
        store32(page + 0xffc, 0x4444_3333)
        store32(other, 0x6666_5555)
        if case .value(let value) = attempt(op_ld, a + 0xffc) {
            equal("load over two pages", value, 0x6666_5555_4444_3333)
            put(b, 0)
            traps("load into no page", cause: 13, value: b, op_ld, a + 0xffc)
            traps("store into no page", cause: 15, value: b, op_sd, a + 0xffc)
            equal("a store that faults stores nothing", UInt64(load32(page + 0xffc)), 0x4444_3333)
        } else {
            skip("misaligned accesses")
        }
        put(b, PTE.leaf(other, PTE.read | PTE.write | PTE.execute))
        // addi a0, zero, 99 in two halves; ret
        store16(page + 0xffe, 0x0513)
        store32(other, 0x8082_0630)
        fence_instructions()
        works("instruction over two pages", 99, probe_jump, a + 0xffe)
        put(b, 0)
        switch attempt(probe_jump, a + 0xffe) {
        case .value: check("instruction into no page", false)
        case .trap(let cause, let value, let pc):
            check("instruction into no page", cause == 12 && value == b && pc == a + 0xffe)
        }
        store32(page, 0x8082_4505)
        fence_instructions()
        works("code written: 1", 1, probe_jump, a)
        store32(page, 0x8082_4509)
        fence_instructions()
        works("code changed: 2", 2, probe_jump, a)
    }

    private func ownImage() {
        let text = address_of_skiff_text_start()
        let data = address_of_skiff_rodata_end()
        traps("the kernel's code is not written", cause: 15, value: text, op_sb, text)
        traps("the kernel's data is not run", cause: 12, value: data, probe_jump, data)
    }

    /// Two spaces with numbers of their own: no fence between them (10.2.1).
    private func spaces(_ page: UInt64, _ other: UInt64) {
        guard let first = space.copyForProgram(asid: 14, kernel.pages),
            let second = space.copyForProgram(asid: 15, kernel.pages)
        else { return check("ASIDs", false) }
        let base = ProgramMemory.base
        first.map(base, to: page, PTE.read, kernel.pages)
        second.map(base, to: other, PTE.read, kernel.pages)
        store64(page, 1)
        store64(other, 2)
        var isRight = true
        sfence_asid(14)
        sfence_asid(15)
        for _ in 0..<4 {
            csr_write_satp(first.satp)
            isRight = isRight && load64(base) == 1
            csr_write_satp(second.satp)
            isRight = isRight && load64(base) == 2
        }
        csr_write_satp(space.satp)
        check("ASIDs keep spaces apart", isRight)
        for half in [first, second] {
            if let entry = half.entry(base) { store64(entry, 0) }
            half.release(to: kernel.pages)
        }
    }

    /// Sv48 and Sv57: the same tables below one or two more levels. A mode that is not there
    /// leaves satp as it was (10.1.11).
    func pagingModes() {
        guard let top = kernel.pages.allocate(), let higher = kernel.pages.allocate() else {
            return
        }
        store64(top, PTE.table(space.root))
        store64(higher, PTE.table(top))
        let names: [(UInt64, UInt64, StaticString)] = [(9, top, "Sv48"), (10, higher, "Sv57")]
        for (mode, root, name) in names {
            let satp = mode << 60 | root >> 12
            csr_write_satp(satp)
            let got = csr_read_satp()
            sfence_all()
            if got == satp {
                let word = load64(address_of_skiff_text_start())
                let beyond: UInt64 = 1 << (mode == 9 ? 47 : 56)
                let outcome = attempt(op_lb, beyond << 1)
                let inside = attempt(op_lb, beyond >> 1)
                csr_write_satp(space.satp)
                sfence_all()
                var isRight = word == load64(address_of_skiff_text_start())
                if case .trap(let cause, let value, _) = outcome {
                    isRight = isRight && cause == 13 && value == beyond << 1
                } else {
                    isRight = false
                }
                if case .trap(13, beyond >> 1, _) = inside {} else { isRight = false }
                check(name, isRight)
            } else {
                csr_write_satp(space.satp)
                sfence_all()
                skip(name)
                equal("satp keeps its value", got, space.satp)
            }
        }
        csr_write_satp(15 << 60 | space.root >> 12)
        equal("satp refuses a reserved mode", csr_read_satp(), space.satp)
        kernel.pages.release(top)
        kernel.pages.release(higher)
    }
}
