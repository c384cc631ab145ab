import Bits
import Hart
import RISCV

/// How a hart starts an episode.
package struct Entry: Sendable {
    package var pc: UInt64 = 0
    package var privilege = Privilege.machine
    package var x: [UInt64] = Array(repeating: 0, count: 32)
    package var f: [UInt64] = Array(repeating: 0, count: 32)
    package var csr: CSRFile
    package var exitsOnFirmwareCall = false

    /// In machine mode, with the floating-point unit on.
    package init(pc: UInt64 = 0, csr: CSRFile) {
        self.pc = pc
        self.csr = csr
        self.csr.mstatus |= Status.fs
    }
}

/// What is done to both harts, in order.
package enum Step: Sendable {
    case enter(Entry)
    case run(UInt64)
    /// Levels of interrupt inputs.
    case lines(UInt64, Bool)
    /// The timer's comparison is looked at.
    case time
    /// Tables of the second hart are cleared, or of both.
    case flush(both: Bool)
    /// The second engine's code of this page is dropped, or both engines'.
    case forget(page: UInt64, both: Bool)
    /// A device writes.
    case write(UInt64, [UInt8])
    case remap(Remap)
    /// A debugger's breakpoints.
    case breakpoints([UInt64])

    package var isEntry: Bool { if case .enter = self { true } else { false } }
    package var budget: UInt64? { if case .run(let budget) = self { budget } else { nil } }
}

/// A program and everything that happens to it: a value, so that it can be made smaller.
package struct Stream: Sendable {
    package let seed: UInt64
    package let isa: ISA
    /// Bytes by address, before the first step.
    package var memory: [UInt64: [UInt8]]
    package var steps: [Step]
    /// What `satp` and its kin may hold; nil: anything.
    package let roots: Set<UInt64>?

    package init(
        seed: UInt64, isa: ISA, memory: [UInt64: [UInt8]], steps: [Step],
        roots: Set<UInt64>? = nil
    ) {
        self.roots = roots
        self.seed = seed
        self.isa = isa
        self.memory = memory
        self.steps = steps
    }

    /// Where the code lies that may be replaced by nothing.
    static var code: ClosedRange<UInt64> {
        Place.page(Place.code.lowerBound)...Place.page(Place.code.upperBound) - 1
    }
}
