import CSkiff

/// The platform-level interrupt controller (RISC-V PLIC specification 1.0.0), as seen by this
/// hart's supervisor context.
struct PLIC {
    let address: UInt64
    let context: UInt64

    private var contextAddress: UInt64 { address + 0x20_0000 + 0x1000 * context }

    func priorityAddress(_ source: UInt32) -> UInt64 { address + 4 * UInt64(source) }
    private func enableAddress(_ source: UInt32) -> UInt64 {
        address + 0x2000 + 0x80 * context + 4 * UInt64(source / 32)
    }

    func start() { setThreshold(0) }

    /// Sources of this priority and below do not interrupt.
    func setThreshold(_ priority: UInt32) { store32(contextAddress, priority) }

    func enable(_ source: UInt32) {
        guard source > 0 else { return }
        store32(priorityAddress(source), 1)
        let word = enableAddress(source)
        store32(word, load32(word) | 1 << (source % 32))
    }

    /// Takes the most urgent pending interrupt; 0 when there is none.
    func claim() -> UInt32 { load32(contextAddress + 4) }
    func complete(_ source: UInt32) { store32(contextAddress + 4, source) }
}
