import Bits
import GuestMemory
import Hart
import RISCV

/// Where two rigs first differ.
package struct Difference: Sendable {
    /// The step after which they do.
    package let step: Int
    package let list: [StateDifference]
    package let remarks: [String]
}

/// Two rigs that do the same steps.
package struct Duel {
    package let first: StreamRig
    package let second: StreamRig
    /// What both retired.
    package var retired: UInt64 { first.hart.retired }

    package init(_ stream: Stream, _ makers: (first: EngineMaker, second: EngineMaker))
        throws(HullError)
    {
        first = try StreamRig(stream, makers.first)
        second = try StreamRig(stream, makers.second)
    }

    /// Runs all steps. Memory is compared before each entry and at the end, or after each step.
    package func run(_ stream: Stream, comparesMemoryOften: Bool = false) -> Difference? {
        for (index, step) in stream.steps.enumerated() {
            if step.isEntry && index > 0, let address = memoryDifference {
                return difference(index - 1, nil, address)
            }
            let exits = (
                first.perform(step, isSecond: false), second.perform(step, isSecond: true)
            )
            if isLost(first.hart, stream) || isLost(second.hart, stream) { return nil }
            if exits.0 != exits.1 || !first.agrees(with: second) {
                return difference(index, exits, memoryDifference)
            }
            if comparesMemoryOften, let address = memoryDifference {
                return difference(index, nil, address)
            }
        }
        return memoryDifference.map { difference(stream.steps.count - 1, nil, $0) }
    }

    /// Whether the hart made up a root of its own. A table of that root may miss a global page, and then an
    /// engine may still know it, or not.
    private func isLost(_ hart: Hart, _ stream: Stream) -> Bool {
        guard let roots = stream.roots else { return false }
        let csr = hart.csr
        return ![csr.satp, csr.vsatp, csr.hgatp].allSatisfy { $0 == 0 || roots.contains($0) }
    }

    /// Pages that streams use; the rest follows at the end of a stream by chance only.
    private var memoryDifference: GuestPhysical? {
        first.memory.firstDifference(
            from: second.memory,
            in: GuestRange(start: GuestPhysical(Place.ram), count: 22 << 12))
            ?? first.memory.firstDifference(
                from: second.memory,
                in: GuestRange(start: GuestPhysical(Place.tables), count: Place.tablePages << 12))
    }

    private func difference(
        _ index: Int, _ exits: (Exit?, Exit?)?, _ address: GuestPhysical?
    ) -> Difference {
        var remarks: [String] = []
        if let exits, exits.0 != exits.1 {
            remarks.append(
                "left the run loop as \(exits.0.map { "\($0)" } ?? "nothing") and as"
                    + " \(exits.1.map { "\($0)" } ?? "nothing")")
        }
        if let address {
            let values = (first.memory.load64(address) ?? 0, second.memory.load64(address) ?? 0)
            remarks.append(
                "memory at \(hex(address.rawValue)) holds \(hex(values.0)) and \(hex(values.1))")
        }
        return Difference(step: index, list: first.differences(from: second), remarks: remarks)
    }
}

func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
