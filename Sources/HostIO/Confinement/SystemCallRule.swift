/// A system call that a kind of thread may make, and with which arguments.
package struct SystemCallRule: Sendable, Equatable {
    /// The kernel's name.
    package let name: String
    /// All of them must hold.
    package let conditions: [ArgumentCondition]

    package init(_ name: String, _ conditions: ArgumentCondition...) {
        self.name = name
        self.conditions = conditions
    }
}

/// What an argument must be. The low 32 bits are looked at: no argument that is tested has more.
package struct ArgumentCondition: Sendable, Equatable {
    package enum Test: Sendable, Equatable {
        case isOne(of: [UInt32])
        /// No bit of the mask is set.
        case lacks(UInt32)
        /// It names this process, or the calling thread where 0 is allowed.
        case isThisProcess
    }
    /// Counted from 0.
    package let argument: Int
    package let test: Test
    /// For people: `prot without PROT_EXEC`.
    package let text: String

    package init(_ argument: Int, _ test: Test, _ text: String) {
        self.argument = argument
        self.test = test
        self.text = text
    }
}
