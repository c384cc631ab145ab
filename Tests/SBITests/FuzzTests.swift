import Bits
import SBI
import TestKit
import Testing

@Suite struct FuzzTests {
    @Test(arguments: Effort.seeds) func firmware(seed: UInt64) {
        #expect(fuzzFirmware(seed: seed, steps: Effort.rounds(20_000)) == nil)
    }

    /// The same search, over a firmware that starts harts twice, or lets a failed call do something.
    @Test func plantedBugsAreFound() {
        let twice = fuzzFirmware(seed: 1, steps: 20_000) { outcome in
            for case .setTimer(let hart, let deadline) in outcome.actions {
                outcome.actions = [.start(hart: hart, address: deadline, opaque: 0)]
            }
        }
        #expect(twice == "started twice")
        let eager = fuzzFirmware(seed: 1, steps: 20_000) { outcome in
            if outcome.actions.isEmpty { outcome.effects.append(.output(device: 0, byte: 0)) }
        }
        #expect(eager == "a failed call has consequences")
    }
}
