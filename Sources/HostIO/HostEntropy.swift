import CHost
import Effects
import Glibc
import Journal

/// The host's random numbers.
package final class HostEntropy: EntropyBackEnd {
    private let inbox: EventInbox
    package init(inbox: EventInbox) { self.inbox = inbox }

    package func submit(device: Int, count: Int) {
        inbox.post(.entropy(device: device, Self.bytes(max(count, 0))))
    }

    package static func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                // SAFETY: the call fills at most the rest of the buffer and says how much.
                let got = unsafe hull_random(
                    buffer.baseAddress.map { unsafe $0 + filled }, count - filled)
                // Only EINTR is possible: without it, waiting is what the guest asked for.
                filled += Int(max(got, 0))
            }
        }
    }
}

/// The same numbers on every run, for deterministic ones (SplitMix64; not for secrets).
package struct SeededEntropy: Sendable, Equatable {
    private var state: UInt64
    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<max(count, 0)).map { _ in UInt8(truncatingIfNeeded: next() >> 32) }
    }
}
