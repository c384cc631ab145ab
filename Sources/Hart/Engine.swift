import Bits

/// What runs a hart: the interpreter, the translator, a hypervisor of the host.
package protocol Engine: AnyObject {
    /// Runs until `budget` instructions are retired (trapping ones count too, so that a guest that
    /// only traps cannot hold the loop), or until an exit.
    func run(_ hart: Hart, budget: UInt64) -> Exit
    /// Guest-physical bytes were written by someone else: what was made of them is stale.
    func invalidate(_ range: GuestRange)
    /// The same for one page whose `hasCode` flag somebody else has cleared.
    func forget(page: GuestPhysical)
    /// A hart's breakpoints or watchpoints changed.
    func debugChanged(_ hart: Hart)
    /// What it has counted so far, for people.
    var report: [EngineCount] { get }
}

extension Engine {
    package var report: [EngineCount] { [] }
}

/// A line of an engine's report.
package struct EngineCount: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case count(UInt64)
        case decimal(Double)
    }
    package var name: String
    package var value: Value

    package init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
    package init(_ name: String, _ count: UInt64) { self.init(name, .count(count)) }
}

/// What a hart sees beyond RAM. Accesses complete inside the instruction.
package protocol Bus: AnyObject {
    /// nil: nothing answers there (an access fault).
    func load(_ address: GuestPhysical, _ width: AccessWidth, from hart: Hart) -> UInt64?
    func store(_ address: GuestPhysical, _ width: AccessWidth, _ value: UInt64, from hart: Hart)
        -> Bool
    /// The board's `time`, in ticks.
    func time(for hart: Hart) -> UInt64
    /// 16 bits for the `seed` CSR, or nil where none are at hand.
    func seed(for hart: Hart) -> UInt16?
}
