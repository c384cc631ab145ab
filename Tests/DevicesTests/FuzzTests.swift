import Testing

/// A fixed handful of seeds; soak runs more of the same functions.
@Suite struct FuzzTests {
    static let seeds = (1...8).map { UInt64($0) }

    @Test(arguments: seeds) func uart(seed: UInt64) throws {
        try fuzzUART(seed: seed, steps: 20_000)
    }
    @Test(arguments: seeds) func uartInput(seed: UInt64) throws {
        try fuzzUARTInput(seed: seed, steps: 20_000)
    }
    @Test(arguments: seeds) func plic(seed: UInt64) throws {
        try fuzzPLIC(seed: seed, steps: 2_000)
    }
    @Test(arguments: seeds) func aclint(seed: UInt64) throws {
        try fuzzACLINT(seed: seed, steps: 20_000)
    }
    @Test(arguments: seeds) func smallDevices(seed: UInt64) throws {
        try fuzzSmallDevices(seed: seed, steps: 20_000)
    }
    @Test(arguments: seeds) func virtqueue(seed: UInt64) throws {
        try fuzzVirtqueue(seed: seed, steps: 20_000)
    }
}
