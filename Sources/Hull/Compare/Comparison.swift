import Bits

/// One guest bare and under each back-end of Keel: what each operation costs.
package struct Comparison: Sendable {
    /// A column: the guest by itself, or under the monitor.
    package struct Column: Sendable, Equatable {
        package let name: String
        /// Keel's words; nil: no monitor.
        let words: String?

        static let all = [
            Column(name: "bare", words: nil),
            Column(name: "trap, lazy", words: "cpu=trap mmu=lazy"),
            Column(name: "trap, shadow", words: "cpu=trap mmu=shadow"),
            Column(name: "trap, trace", words: "cpu=trap mmu=trace"),
            Column(name: "hardware", words: "cpu=hardware"),
        ]
        /// Operations that leave such a guest alone are quick, and there can be many.
        var isQuick: Bool { words == nil || words == "cpu=hardware" }
    }

    /// What one turn of an operation costs under one column.
    package struct Cost: Sendable {
        package var instructions: Double
        package var walkReads: Double
        package var nanoseconds: Double
        /// What Keel counted, in its order: names and how often.
        package var counts: [(name: String, value: Double)] = []

        package func count(_ name: String) -> Double {
            counts.first { $0.name == name }?.value ?? 0
        }
    }
    package struct Row: Sendable {
        package let operation: String
        package let costs: [Cost]
    }

    package let columns: [Column]
    package let rows: [Row]

    /// The operations of Adams and Agesen's figure 5, as Skiff has them.
    package static let operations = [
        "syscall", "in", "csrw", "callret", "pgfault", "divzero", "ptemod", "forkwait",
    ]

    /// Runs everything; `progress` is told of each column.
    package init(
        _ guest: ComparisonGuest, progress: (String) -> Void
    ) throws(VirtualMachineError) {
        columns = Column.all
        let names = guest.operations
        var costs = [[Cost]](repeating: [], count: names.count)
        for column in columns {
            progress(column.name)
            for (index, name) in names.enumerated() {
                costs[index].append(try guest.cost(name, under: column))
            }
        }
        rows = zip(names, costs).map { Row(operation: $0, costs: $1) }
    }

    /// How much more a column needs than the bare guest.
    package func factor(_ row: Row, _ column: Int) -> Double {
        row.costs[column].instructions / max(row.costs[0].instructions, 1)
    }
    func row(_ operation: String) -> Row? { rows.first { $0.operation == operation } }
}
