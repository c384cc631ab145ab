import Bits
import Effects

/// The platform-level interrupt controller (RISC-V PLIC specification 1.0.0, `sifive,plic-1.0.0`).
/// Each hart has two contexts: machine level (even) and supervisor level (odd). All sources are
/// level-triggered.
package struct PLIC: Sendable, Equatable {
    /// Priorities are 0 (never interrupts) to 7.
    package static let highestPriority: UInt8 = 7
    package static let sourceLimit = 127

    /// One bit for each source; bit 0 is no source.
    struct SourceSet: Sendable, Equatable {
        var low: UInt64 = 0
        var high: UInt64 = 0

        subscript(source: Int) -> Bool {
            get { (source < 64 ? low : high).bit(source & 63) }
            set {
                let mask: UInt64 = 1 &<< UInt64(source & 63)
                if source < 64 { low.set(mask, newValue) } else { high.set(mask, newValue) }
            }
        }
        /// The 32 sources from `32 * index` on.
        subscript(word index: Int) -> UInt32 {
            get {
                let shift = UInt64(index & 1) &* 32
                return UInt32(truncatingIfNeeded: (index < 2 ? low : high) &>> shift)
            }
            set {
                let shift = UInt64(index & 1) &* 32
                let mask: UInt64 = 0xffff_ffff &<< shift
                let value = UInt64(newValue) &<< shift
                if index < 2 {
                    low = low.replacing(mask, with: value)
                } else {
                    high = high.replacing(mask, with: value)
                }
            }
        }
        static func & (a: Self, b: Self) -> Self { Self(low: a.low & b.low, high: a.high & b.high) }
        var isEmpty: Bool { low | high == 0 }
        /// Takes out the lowest-numbered source.
        mutating func takeFirst() -> Int? {
            if low != 0 {
                defer { low &= low &- 1 }
                return low.trailingZeroBitCount
            }
            guard high != 0 else { return nil }
            defer { high &= high &- 1 }
            return 64 + high.trailingZeroBitCount
        }
    }

    struct Context: Sendable, Equatable {
        var enabled = SourceSet()
        var threshold: UInt8 = 0
        /// The level of this context's notification.
        var notifies = false
    }

    package let sourceCount: Int
    var priorities: [UInt8]
    var contexts: [Context]
    /// The wires from devices.
    var levels = SourceSet()
    var pending = SourceSet()
    /// Sources whose gateway waits for a completion.
    var inService = SourceSet()

    /// Sources are numbered from 1 to `sourceCount`, at most 127.
    package init(hartCount: Int, sourceCount: Int = 95) {
        self.sourceCount = max(0, min(sourceCount, Self.sourceLimit))
        priorities = [UInt8](repeating: 0, count: self.sourceCount + 1)
        contexts = [Context](repeating: Context(), count: hartCount * 2)
    }

    // MARK: Wires

    /// A device raises or lowers its line. Lines that do not exist are ignored.
    package mutating func setLevel(_ source: Int, _ level: Bool, _ effects: inout EffectList) {
        guard isSource(source), levels[source] != level else { return }
        levels[source] = level
        // A request that was forwarded stays pending even if its line falls (§7).
        guard level else { return }
        forward(source)
        notify(&effects)
    }

    /// The gateway: one request at a time, and the next only after a completion.
    private mutating func forward(_ source: Int) {
        guard levels[source], !inService[source] else { return }
        pending[source] = true
    }

    // MARK: Claiming

    /// The most urgent pending source that the context has enabled; the lowest number of equals.
    /// The threshold does not matter here (§9).
    private func mostUrgent(_ context: Context) -> (source: Int, priority: UInt8) {
        var candidates = pending & context.enabled
        var best = (source: 0, priority: 0 as UInt8)
        while let source = candidates.takeFirst() {
            guard isSource(source), priorities[source] > best.priority else { continue }
            best = (source, priorities[source])
        }
        return best
    }

    mutating func claim(_ context: Int) -> UInt32 {
        let (source, _) = mostUrgent(contexts[context])
        if source != 0 {
            pending[source] = false
            inService[source] = true
        }
        return UInt32(source)
    }

    /// Completing a source that the context has not enabled is silently ignored (§9).
    mutating func complete(_ context: Int, _ source: UInt64) {
        guard source <= UInt64(sourceCount) else { return }
        let source = Int(source)
        guard isSource(source), contexts[context].enabled[source] else { return }
        inService[source] = false
        forward(source)
    }

    /// Drives each context's notification to what it should be.
    mutating func notify(_ effects: inout EffectList) {
        for index in contexts.indices {
            let level = mostUrgent(contexts[index]).priority > contexts[index].threshold
            guard level != contexts[index].notifies else { continue }
            contexts[index].notifies = level
            let line: HartLine = index & 1 == 0 ? .machineExternal : .supervisorExternal
            effects.append(.interrupt(hart: index >> 1, line, level))
        }
    }

    func isSource(_ source: Int) -> Bool { source > 0 && source <= sourceCount }
}
