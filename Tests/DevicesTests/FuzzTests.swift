import Devices
import Effects
import TestKit
import Testing

/// A fixed handful of seeds; soak runs more of the same.
@Suite struct FuzzTests {
    @Test(arguments: Effort.seeds) func uart(seed: UInt64) throws {
        try fuzzUART(seed: seed, steps: Effort.rounds(20_000))
    }
    @Test(arguments: Effort.seeds) func uartInput(seed: UInt64) throws {
        try fuzzUARTInput(seed: seed, steps: Effort.rounds(20_000))
    }
    @Test(arguments: Effort.seeds) func plic(seed: UInt64) throws {
        try fuzzPLIC(seed: seed, steps: Effort.rounds(2_000, share: 50))
    }
    @Test(arguments: Effort.seeds) func aclint(seed: UInt64) throws {
        try fuzzACLINT(seed: seed, steps: Effort.rounds(20_000))
    }
    @Test(arguments: Effort.seeds) func smallDevices(seed: UInt64) throws {
        try fuzzSmallDevices(seed: seed, steps: Effort.rounds(20_000))
    }
    @Test(arguments: Effort.seeds) func virtqueue(seed: UInt64) throws {
        try fuzzVirtqueue(seed: seed, steps: Effort.rounds(20_000))
    }
}

/// Each search finds a bug that was planted for it.
@Suite struct PlantedBugTests {
    @Test func forgottenInterrupts() {
        #expect(throws: FuzzFailure.self) {
            try fuzzUART(seed: 1, steps: 20_000, planted: forgetful())
        }
        #expect(throws: FuzzFailure.self) {
            try fuzzPLIC(seed: 1, steps: 2_000, planted: forgetful())
        }
        #expect(throws: FuzzFailure.self) {
            try fuzzACLINT(seed: 1, steps: 20_000, planted: forgetful())
        }
        #expect(throws: FuzzFailure.self) {
            try fuzzSmallDevices(seed: 1, steps: 20_000, planted: forgetful())
        }
    }

    @Test func inputThatIsLost() {
        var random = SeededNumbers(seed: 1)
        #expect(throws: FuzzFailure(what: "byte lost or repeated")) {
            try fuzzUARTInput(seed: 1, steps: 20_000) {
                if random.below(100) == 0 { _ = $0.takeWaiting() }
            }
        }
    }

    @Test func bufferBoundsThatAreNotChecked() {
        #expect(throws: FuzzFailure(what: "out of range")) {
            try fuzzVirtqueue(seed: 1, steps: 20_000) { $0.claimedCount = 1 << 40 }
        }
    }
}
