import Testing

@Suite struct FuzzTests {
    @Test(arguments: 1...8 as ClosedRange<UInt64>) func firmware(seed: UInt64) {
        #expect(fuzzFirmware(seed: seed, steps: 20_000) == nil)
    }
}
