import CSkiff
import SkiffABI

/// `nanobench`: the operations that Adams and Agesen compared virtual machine monitors by ("A
/// Comparison of Software and Hardware Techniques for x86 Virtualization", 2006), on RISC-V. The
/// traps among them go to an entry that only steps over the instruction: the hart is measured, not
/// this kernel.
extension Kernel {
    ///
    /// `nanobench NAME TURNS` runs one of them so many times: two such runs differ by turns alone.
    func nanobench(_ words: ArraySlice<ArraySlice<UInt8>>) -> UInt64 {
        let choice = NanobenchChoice(words)
        guard let uart = console.uart, let page = pages.allocate(),
            let entry = space.entry(PagingWindow.base, making: pages)
        else { return 1 }
        let hasCycles = if case .value = attempt(probe_cycle) { true } else { false }
        runMeasured("syscall", hasCycles, choice)
        let ready = uart.device.address + UART.Register.lineStatus.rawValue << uart.device.shift
        measure("in", nano_in, ready, 0, hasCycles, choice)
        csr_write_sie(0)
        measure("csrw", nano_csrw, 0, 0, hasCycles, choice)
        measure("callret", nano_callret, 0, 0, hasCycles, choice)
        csr_write_stvec(address_of_skiff_skip_entry())
        store64(entry, 0)
        sfence_address(PagingWindow.base)
        measure("pgfault", nano_pgfault, PagingWindow.base, 0, hasCycles, choice)
        measure("divzero", nano_divzero, 0, 0, hasCycles, choice)
        csr_write_stvec(address_of_skiff_trap_entry())
        // This page takes turns with its neighbour.
        store64(entry, PTE.leaf(page, PTE.read))
        measure("ptemod", nano_ptemod, entry, PagingWindow.base, hasCycles, choice)
        csr_write_sie(Interrupt.all)
        runMeasured("forkwait", hasCycles, choice)
        store64(entry, 0)
        sfence_address(PagingWindow.base)
        pages.release(page)
        return 0
    }

    /// Turns double until they take long enough to be told from the clock's steps.
    private func measure(
        _ name: StaticString, _ body: (UInt64, UInt64, UInt64) -> UInt64, _ a: UInt64, _ b: UInt64,
        _ hasCycles: Bool, _ choice: NanobenchChoice
    ) {
        guard choice.includes(name) else { return }
        var measurement = Measurement(
            name: name, frequency: timer.frequency, hasCycles: hasCycles, turns: choice.turns)
        measurement.run { count in _ = body(count, a, b) }
        console.write(bytes: measurement.line[...])
    }

    /// The part of it that runs in user mode.
    private func runMeasured(
        _ name: StaticString, _ hasCycles: Bool, _ choice: NanobenchChoice
    ) {
        guard choice.includes(name) else { return }
        let program: StaticString = "bench"
        let clock: StaticString = hasCycles ? "cycles" : "time"
        _ = runProgram([program.bytes[...], name.bytes[...], clock.bytes[...]] + choice.turnsWord)
    }
}

/// Which operations are asked for: all, or one with a number of turns.
struct NanobenchChoice {
    private let words: ArraySlice<ArraySlice<UInt8>>

    init(_ words: ArraySlice<ArraySlice<UInt8>>) { self.words = words }

    var turns: UInt64? { words.dropFirst().first?.decimal }
    var turnsWord: ArraySlice<ArraySlice<UInt8>> { words.dropFirst().prefix(1) }
    func includes(_ name: StaticString) -> Bool { words.first?.equals(name) ?? true }
}
