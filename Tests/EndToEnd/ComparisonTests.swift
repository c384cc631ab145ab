import Foundation
import Hull
import TestKit
import Testing

/// One guest bare and under every back-end of Keel, in figures that do not depend on the host.
@Suite struct ComparisonTests {
    @Test func whatEachBackEndCosts() throws {
        let comparison = try Comparison(.skiff) { _ in }
        #expect(comparison.rows.map(\.operation) == Comparison.operations)
        func column(_ name: String) throws -> Int {
            try #require(comparison.columns.firstIndex { $0.name == name })
        }
        let (lazy, trace) = (try column("trap, lazy"), try column("trap, trace"))
        let hardware = try column("hardware")
        for row in comparison.rows {
            #expect(row.costs.count == 5)
            // The hypervisor extension leaves all to the guest but devices, and what is illegal, which
            // the monitor wants to know of.
            let exits = ["in", "divzero"].contains(row.operation)
            #expect((row.costs[hardware].count("VMExits") >= 0.9) == exits, "\(row)")
            #expect(exits || comparison.factor(row, hardware) <= 1.3, "\(row)")
            let isOfPrograms = row.operation == "callret"
            #expect((row.costs[lazy].count("VMExits") >= 0.9) != isOfPrograms, "\(row)")
            #expect(!isOfPrograms || comparison.factor(row, lazy) < 1.2, "\(row)")
        }
        let fork = try #require(comparison.rows.last)
        #expect(fork.costs[lazy].count("VMExits") * 3 <= fork.costs[trace].count("VMExits"))
        #expect(comparison.text.contains("forkwait against bare: "))
        #expect(comparison.page.components(separatedBy: "<svg").count == 4)
        #expect(comparison.page.hasSuffix("</html>\n"))
    }

    @Test func aGuestThatIsNotThereIsSaid() throws {
        try withTemporaryFolder { folder in
            let missing = folder.appendingPathComponent("kernel").path
            let outcome = try Toolchain.runBuilt("hull", ["compare", "--guest", missing])
            #expect(outcome.status == 1 && outcome.errors.contains("kernel"))
        }
    }
}
