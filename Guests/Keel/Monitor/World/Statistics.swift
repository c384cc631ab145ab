/// What `stats` prints when a guest ends.
extension World {
    package var statistics: [UInt8] {
        let mmu = shadows.counts
        let lines: [(StaticString, Int)] = [
            ("VMExits", counts.total),
            ("  CSR instructions, the short way", counts.quick),
            ("  instructions refused", counts.illegal),
            ("  instructions left to the monitor", counts.virtual),
            ("  guest-page faults", counts.guestPageFaults),
            ("  calls (ecall)", counts.calls),
            ("  page faults", counts.pageFaults),
            ("    hidden", mmu.hiddenFaults),
            ("    true", mmu.trueFaults),
            ("    instructions carried out", counts.emulated),
            ("  other exceptions", counts.exceptions),
            ("  timer", counts.timers),
            ("  other interrupts", counts.interrupts),
            ("device accesses", counts.deviceAccesses),
            ("virtual interrupts", counts.virtualInterrupts),
            ("moves to another hart", counts.moves),
            ("stores to watched page tables", mmu.tableWrites),
            ("shadows rebuilt", mmu.rebuilds),
            ("shadows given up", mmu.drops),
            ("moves of the trap page", mmu.trapPageMoves),
        ]
        var text: [UInt8] = []
        text.append(text: "keel: statistics\r\n")
        for (name, count) in lines {
            text.append(text: "keel: ")
            text.append(text: name)
            text.append(text: ": ")
            text.append(decimal: UInt64(count))
            text.append(text: "\r\n")
        }
        return text
    }
}
