import RISCV

/// One translation unit for people: guest code, IR, host code, and the ways out.
package struct UnitDescription: Sendable {
    package struct Guest: Sendable, Equatable {
        package var pc: UInt64
        package var bits: UInt32
        package var instruction: Instruction
    }

    /// A way out of the unit, in the order of the host code.
    package struct Exit: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            /// To the unit's own start, without leaving the fragment.
            case loop
            /// To an address in the page: the jump at this place waits to be chained, or leads straight
            /// to the host code at `to`.
            case chained(jump: UInt64, to: UInt64?)
            /// To a known address in another page, and to one that a register says: through the table
            /// of jumps.
            case lookup, indirect
            /// The run loop executes the instruction, or the interpreter does.
            case system, interpreter
        }
        package var kind: Kind
        /// The guest instruction that leaves, by its number in the unit.
        package var guest: Int
        package var target: UInt64?
    }

    package var pc: UInt64
    package var guests: [Guest] = []
    /// The IR as it was lifted, and as it was emitted, in the form of `IRBlock.lines`.
    package var lifted: [String] = []
    package var optimised: [String] = []
    /// Where the host code lies: its distance from the start of the code buffer, which is the same in
    /// every run.
    package var hostStart: UInt64 = 0
    package var host: [UInt8] = []
    /// Parts of `host` that are no code: where chained jumps lead.
    package var records: [Range<Int>] = []
    package var exits: [Exit] = []
    /// The host code is what runs, not a draft.
    package var isLive = false
    /// What the unit was retranslated for.
    package var forms: [String] = []
    /// Code that all fragments share, by its distance from the start of the code buffer.
    package var thunks: [(name: String, at: UInt64)] = []

    init(pc: UInt64) { self.pc = pc }

    /// Whether control comes back behind the unit: it ends in a call or leaves one instruction to
    /// somebody else.
    package var isFollowed: Bool {
        guard let last = guests.last else { return false }
        if exits.contains(where: { $0.kind == .system || $0.kind == .interpreter }) { return true }
        let footprint = Footprint(last.instruction)
        switch footprint.control {
        case .jump, .jumpRegister: return footprint.writesX & 0b100010 != 0
        default: return false
        }
    }
    /// The guest address behind the unit's last instruction.
    package var end: UInt64 {
        guests.last.map { $0.pc &+ $0.instruction.length } ?? pc
    }
}

/// Collects the two states of a unit's IR while it is translated for people.
final class UnitDraft {
    var lifted: [String] = []
    var optimised: [String] = []
    var guests: [IRBlock.Guest] = []
    var block: [IRInstruction] = []

    func noteLifted(_ block: IRBlock) { lifted = block.lines }
    func noteOptimised(_ block: IRBlock) {
        optimised = block.lines
        guests = (0..<block.guestCount).map { block.guests[$0] }
        self.block = (0..<block.count).map { block[$0] }
    }
}
