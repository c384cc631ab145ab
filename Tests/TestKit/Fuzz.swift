/// A seeded source of numbers (SplitMix64), so that a failure can be run again.
package struct SeededNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64
    package init(seed: UInt64) { state = seed }
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

/// An input for which the property did not hold.
package struct FuzzFinding: Sendable, CustomStringConvertible {
    package let seed: UInt64
    package let round: Int
    package let input: [UInt8]
    package let what: String
    package var description: String { "seed \(seed), round \(round): \(what)" }
}

/// Changes valid inputs in the ways that break parsers (flipped bits, extreme numbers in aligned
/// fields, cuts, copies) and hands each to `property`, which says what is wrong with the outcome.
/// An input that traps ends the test process, and with it the test.
///
/// `hot` names the bytes that are structure rather than content: nine mutations of ten go there.
package func fuzz(
    seed: UInt64, rounds: Int, corpus: [[UInt8]], hot: Range<Int> = 0..<Int.max,
    property: (_ input: [UInt8], _ round: Int) -> String?
) -> FuzzFinding? {
    guard !corpus.isEmpty else { return nil }
    for round in 0..<rounds {
        // Each round has its own numbers, so that one can be repeated without those before it.
        var numbers = SeededNumbers(seed: seed &+ UInt64(round) &* 0xd1b5_4a32_d192_ed03)
        var input = corpus[Int.random(in: 0..<corpus.count, using: &numbers)]
        for _ in 0...Int.random(in: 0..<4, using: &numbers) {
            mutate(&input, hot: hot, using: &numbers)
        }
        if let what = property(input, round) {
            return FuzzFinding(seed: seed, round: round, input: input, what: what)
        }
    }
    return nil
}

private func mutate(_ input: inout [UInt8], hot: Range<Int>, using numbers: inout SeededNumbers) {
    guard !input.isEmpty else { return }
    let structure = hot.clamped(to: 0..<input.count)
    let range =
        structure.isEmpty || Int.random(in: 0..<10, using: &numbers) == 0
        ? 0..<input.count : structure
    let at = Int.random(in: range, using: &numbers)
    switch Int.random(in: 0..<12, using: &numbers) {
    case 0...2: input[at] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
    case 3: input[at] = UInt8.random(in: 0...255, using: &numbers)
    case 4...8: putNumber(&input, at: at, using: &numbers)
    case 9: input.removeSubrange(at...)
    case 10:
        let end = min(input.count, at + Int.random(in: 1...64, using: &numbers))
        input.removeSubrange(at..<end)
    default:
        let from = Int.random(in: 0..<input.count, using: &numbers)
        let count = min(input.count - max(from, at), Int.random(in: 1...64, using: &numbers))
        input.replaceSubrange(at..<at + count, with: Array(input[from..<from + count]))
    }
}

/// Writes an extreme number, or one near a number that is there, into an aligned field.
private func putNumber(_ input: inout [UInt8], at: Int, using numbers: inout SeededNumbers) {
    let width = [1, 2, 4, 8].randomElement(using: &numbers) ?? 1
    let start = at & ~(width - 1)
    guard start + width <= input.count else { return }
    let bits = UInt64(8 * width)
    let extremes: [UInt64] = [
        0, 1, 2, ~0, ~0 >> 1, 1 << (bits - 1), UInt64(input.count), UInt64(input.count) &- 1,
        UInt64(input.count) &+ 1, 0x8000_0000, 0xffff_f000, numbers.next(),
    ]
    var value = extremes.randomElement(using: &numbers) ?? 0
    if Bool.random(using: &numbers) {
        value = 0
        for index in (0..<width).reversed() { value = value << 8 | UInt64(input[start + index]) }
        value &+= UInt64(bitPattern: Int64.random(in: -16...16, using: &numbers))
    }
    for index in 0..<width {
        input[start + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
    }
}
