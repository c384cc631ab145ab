import EngineKit
import Glibc
import StreamKit

// Runs random streams on the interpreter and the translator, side by side, outside of any test library,
// which would look at each trap.
//
//     StreamHunt seed 17                    one stream again
//     StreamHunt from 1 by 2 for 50000000   every other one, until so many instructions were compared
//     StreamHunt … unreduced                says at once what differs

let words = Array(CommandLine.arguments.dropFirst())

func number(behind word: String) -> UInt64? {
    guard let at = words.firstIndex(of: word), at + 1 < words.count else { return nil }
    return UInt64(words[at + 1])
}

var hunt = Hunt { EngineChoice.translator.make($0) }
let limit = number(behind: "for") ?? 1_000_000
let isReduced = !words.contains("unreduced")
do {
    let report =
        if let seed = number(behind: "seed") {
            try hunt.run(seeds: [seed], shrinks: isReduced)
        } else {
            try hunt.run(
                seeds: stride(from: number(behind: "from") ?? 1, to: .max, by: step()),
                shrinks: isReduced
            ) { $0.retired >= limit }
        }
    if let report {
        print(report)
        exit(1)
    }
    print(
        "\(hunt.retired) instructions and \(hunt.traps) traps of \(hunt.streams) streams were the same"
            + " on both engines")
} catch {
    print(error)
    exit(2)
}

func step() -> UInt64.Stride { UInt64.Stride(number(behind: "by") ?? 1) }
