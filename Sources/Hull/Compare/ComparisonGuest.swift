import Bits
import Effects
import HostIO
import Machine

/// What is compared: Skiff's operations one by one, or another guest's whole run.
package enum ComparisonGuest: Sendable {
    case skiff
    /// A kernel that boots and switches itself off, with an initial RAM disk and a command line.
    case image(kernel: [UInt8], initialRAMDisk: [UInt8]?, arguments: String?)

    package init(
        path: String, initialRAMDisk: String?, arguments: String?
    ) throws(VirtualMachineError) {
        do throws(HullError) {
            let disk: [UInt8]?
            if let initialRAMDisk { disk = try HostFile.read(initialRAMDisk) } else { disk = nil }
            self = .image(
                kernel: try HostFile.read(path), initialRAMDisk: disk, arguments: arguments)
        } catch {
            throw VirtualMachineError(error)
        }
    }

    var operations: [String] {
        if case .skiff = self { Comparison.operations } else { ["the whole run"] }
    }

    /// Two runs that differ in the number of turns cost the same but for the turns: what the guest
    /// does before and after them goes out.
    func cost(_ operation: String, under column: Comparison.Column) throws(VirtualMachineError)
        -> Comparison.Cost
    {
        guard case .skiff = self else { return try run(column, turns: nil).cost(turns: 1) }
        let (few, most) = Self.turns(operation, column)
        let first = try quickest(column, (operation, few))
        let second = try quickest(column, (operation, few + most))
        return second.minus(first).cost(turns: Double(most))
    }

    /// Runs are the same but for the host's time, of which the least is the guest's own.
    private func quickest(_ column: Comparison.Column, _ turns: (String, Int))
        throws(VirtualMachineError) -> Sample
    {
        var best = try run(column, turns: turns)
        for _ in 0..<2 {
            best.nanoseconds = min(best.nanoseconds, try run(column, turns: turns).nanoseconds)
        }
        return best
    }

    /// Enough turns for the host's clock to tell them from what else a run takes.
    private static func turns(_ operation: String, _ column: Comparison.Column) -> (Int, Int) {
        switch operation {
        case "forkwait": (2, column.isQuick ? 200 : 20)
        case "ptemod": (50, column.isQuick ? 50_000 : 500)
        default: (50, column.isQuick ? 50_000 : 10_000)
        }
    }
    /// Of the machine and of the monitor's guest. What is touched takes the host time too.
    private var memory: (machine: UInt64, guest: String) {
        if case .skiff = self { (128 << 20, "32M") } else { (1 << 30, "512M") }
    }

    private func run(_ column: Comparison.Column, turns: (String, Int)?)
        throws(VirtualMachineError) -> Sample
    {
        var guest: Keel.Guest
        switch self {
        case .skiff: guest = Keel.Guest(kernel: Skiff.supervisorImage)
        case .image(let kernel, let disk, let arguments):
            guest = Keel.Guest(kernel: kernel, arguments: arguments)
            guest.initialRAMDisk = disk
        }
        if let (name, count) = turns { guest.arguments = "run=nanobench \(name) \(count)" }
        var configuration = Configuration()
        configuration.timeoutSeconds = 3600
        configuration.memoryBytes = memory.machine
        // A repeatable run: the same guest does the same, and two runs can be subtracted. So many
        // instructions a second that no tick of the guest is due before the last one is dealt with.
        configuration.clock = .instructions(megahertz: 5000)
        if let words = column.words {
            configuration.start(
                keelWith: [guest], words: words + " memory=\(memory.guest) stats")
        } else {
            configuration.bareImage = guest.kernel
            configuration.arguments = guest.arguments
            configuration.moreInitialFiles = guest.initialRAMDisk ?? []
        }
        let machine = try VirtualMachine(configuration)
        let before = machine.figures
        let code = try machine.run()
        let text = machine.readAvailable()
        guard code == 0 else {
            throw VirtualMachineError(
                "The guest ended with \(code) under \(column.name): \(text.suffix(400))")
        }
        return Sample(before, machine.figures, text)
    }
}

/// What one run took.
private struct Sample {
    var instructions: Double
    var walkReads: Double
    var nanoseconds: Double
    var counts: [(name: String, value: Double)]

    init(_ before: RunFigures, _ after: RunFigures, _ text: String) {
        func sum(_ value: (RunFigures.HartFigures) -> UInt64) -> Double {
            Double(
                after.harts.reduce(0) { $0 &+ value($1) }
                    &- before.harts.reduce(0) { $0 &+ value($1) })
        }
        instructions = sum { $0.retired }
        walkReads = sum { $0.walkReads }
        nanoseconds = sum { $0.hostNanoseconds }
        counts = text.split(whereSeparator: \.isNewline).compactMap { line in
            guard line.hasPrefix("keel: "), let colon = line.lastIndex(of: ":"),
                let value = Double(line[line.index(after: colon)...].drop { $0 == " " })
            else { return nil }
            return (String(line[..<colon].dropFirst("keel: ".count)), value)
        }
    }

    func minus(_ other: Sample) -> Sample {
        var result = self
        result.instructions -= other.instructions
        result.walkReads -= other.walkReads
        result.nanoseconds -= other.nanoseconds
        for index in counts.indices {
            let name = counts[index].name
            result.counts[index].value -= other.counts.first { $0.name == name }?.value ?? 0
        }
        return result
    }
    func cost(turns: Double) -> Comparison.Cost {
        Comparison.Cost(
            instructions: instructions / turns, walkReads: walkReads / turns,
            nanoseconds: nanoseconds / turns,
            counts: counts.map { ($0.name, $0.value / turns) })
    }
}
