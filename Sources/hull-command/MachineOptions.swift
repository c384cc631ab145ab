import ArgumentParser
import Bits
import Hull

/// A size in bytes: `512M`, `2G`.
struct MemorySize: ExpressibleByArgument {
    let bytes: UInt64

    init?(argument: String) {
        guard let unit = argument.last, let number = UInt64(argument.dropLast()) else { return nil }
        let shift: UInt64
        switch unit {
        case "k", "K": shift = 10
        case "m", "M": shift = 20
        case "g", "G": shift = 30
        case "t", "T": shift = 40
        default: return nil
        }
        guard number <= UInt64.max >> shift else { return nil }
        bytes = number << shift
    }
    init(bytes: UInt64) { self.bytes = bytes }

    var defaultValueDescription: String { "\(bytes >> 20)M" }
}

/// An address: `0x80200000`.
struct Address: ExpressibleByArgument {
    let value: UInt64
    init?(argument: String) {
        let digits = argument.hasPrefix("0x") ? argument.dropFirst(2) : argument[...]
        guard let value = UInt64(digits.replacing("_", with: ""), radix: 16) else { return nil }
        self.value = value
    }
}

/// `host`, `instructions` or `instructions=MHz`.
struct ClockChoice: ExpressibleByArgument {
    let clock: Configuration.Clock
    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("host", 1): clock = .host
        case ("instructions", 1): clock = .instructions(megahertz: 100)
        case ("instructions", 2):
            guard let megahertz = UInt64(parts[1]), (1...1_000_000).contains(megahertz) else {
                return nil
            }
            clock = .instructions(megahertz: megahertz)
        default: return nil
        }
    }
    init(_ clock: Configuration.Clock) { self.clock = clock }
    var defaultValueDescription: String { "host" }
}

extension Configuration.Engine: ExpressibleByArgument {
    static var names: String { allCases.map(\.rawValue).joined(separator: " or ") }
}

/// What the board has, for every command that makes one.
struct BoardOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Length of RAM, such as 512M or 2G.", valueName: "size"))
    var memory = MemorySize(bytes: 1 << 30)

    @Option(help: ArgumentHelp("How many harts there are.", valueName: "count"))
    var harts = 1

    @Option(
        name: .customLong("cpu"),
        help: ArgumentHelp(
            "What a hart can do: virt, or a name such as rv64gc, then ,+extension or ,-extension.",
            valueName: "isa"))
    var isa = "virt"

    func apply(to configuration: inout Configuration) {
        configuration.memoryBytes = memory.bytes
        configuration.hartCount = harts
        configuration.processor = isa
    }
}
