import Bits
import RISCV

/// `mmu=trace`: each store to a page table comes to the monitor, which carries it out and takes
/// what the old entry stood for out of the shadows. They are right at every moment, and a fence is
/// nothing.
enum TraceMMU: MMUBackEnd {
    /// So many stores in a row to a page that nothing is translated by: it is a table no more.
    private static let patience = 64

    static func switched(_ shadows: inout Shadows) {}
    static func fenced(_ address: UInt64?, _ shadows: inout Shadows) {}

    static func tableWritten(_ frame: Int, _ access: AccessKind, _ shadows: inout Shadows) -> Fill {
        guard access == .store else { return .emulate }
        if shadows.watch.lastWritten.frame == frame {
            shadows.watch.lastWritten.times += 1
        } else {
            shadows.watch.lastWritten = (frame, 1)
        }
        guard shadows.watch.lastWritten.times > patience else { return .emulate }
        shadows.forget(frame)
        return .mapped
    }

    static func willStore(
        _ address: GuestPhysical, _ width: AccessWidth, _ shadows: inout Shadows
    ) {
        guard let frame = shadows.ram.frame(address), shadows.watch.isWatched(frame, shadows) else {
            return
        }
        shadows.counts.tableWrites += 1
        // A driver of page tables writes whole entries; bytes mean that the page has a new use.
        guard width == .double, address.rawValue & 7 == 0 else { return shadows.forget(frame) }
        let old = shadows.ram.load(address, .double) ?? 0
        guard old & PTE.valid != 0 else { return }
        let note = shadows.watch.note(frame)
        if note.isScattered { return shadows.dropAll() }
        shadows.drop(note, entry: Int((address.rawValue & 0xfff) &>> 3))
    }
}
