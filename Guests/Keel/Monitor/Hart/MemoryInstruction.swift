import Bits
import RISCV

/// A load, a store or an atomic as one access: what the monitor carries out in the guest's place.
struct MemoryInstruction {
    enum Operation {
        case load(LoadKind)
        case store(AccessWidth)
        /// To and from the floating-point unit's registers.
        case loadFloat(AccessWidth)
        case storeFloat(AccessWidth)
        case atomic(AtomicOperation, AccessWidth)
        case loadReserved(AccessWidth)
        case storeConditional(AccessWidth)
    }
    let operation: Operation
    let address: UInt64
    let rd: Int
    /// The register whose value is stored, or is the operand of an atomic.
    let source: Int
    /// What it holds, where it is one of the integer registers.
    let value: UInt64

    var width: AccessWidth {
        switch operation {
        case .load(let kind): kind.width
        case .store(let width), .atomic(_, let width), .loadReserved(let width),
            .storeConditional(let width), .loadFloat(let width), .storeFloat(let width):
            width
        }
    }
    var access: AccessKind {
        switch operation {
        case .load, .loadReserved, .loadFloat: .load
        case .store, .atomic, .storeConditional, .storeFloat: .store
        }
    }

    /// Nil for any other instruction.
    init?(_ instruction: Instruction, _ frame: TrapFrame) {
        guard let operation = Self.operation(instruction.opcode) else { return nil }
        self.operation = operation
        rd = instruction.rd
        source = instruction.rs2
        value = instruction.rs2 == 0 ? 0 : frame[instruction.rs2]
        let base = instruction.rs1 == 0 ? 0 : frame[instruction.rs1]
        switch operation {
        case .load, .store, .loadFloat, .storeFloat:
            address = base &+ UInt64(bitPattern: instruction.immediate)
        // The immediate of an atomic is its ordering.
        default: address = base
        }
    }

    private static func operation(_ opcode: Opcode) -> Operation? {
        switch opcode {
        case .lb: .load(.signed8)
        case .lh: .load(.signed16)
        case .lw: .load(.signed32)
        case .ld: .load(.double)
        case .lbu: .load(.unsigned8)
        case .lhu: .load(.unsigned16)
        case .lwu: .load(.unsigned32)
        case .sb: .store(.byte)
        case .sh: .store(.half)
        case .sw: .store(.word)
        case .sd: .store(.double)
        case .flh: .loadFloat(.half)
        case .flw: .loadFloat(.word)
        case .fld: .loadFloat(.double)
        case .fsh: .storeFloat(.half)
        case .fsw: .storeFloat(.word)
        case .fsd: .storeFloat(.double)
        case .lr_w: .loadReserved(.word)
        case .lr_d: .loadReserved(.double)
        case .sc_w: .storeConditional(.word)
        case .sc_d: .storeConditional(.double)
        default: atomic(opcode)
        }
    }

    private static func atomic(_ opcode: Opcode) -> Operation? {
        switch opcode {
        case .amoswap_w: .atomic(.swap, .word)
        case .amoadd_w: .atomic(.add, .word)
        case .amoxor_w: .atomic(.xor, .word)
        case .amoand_w: .atomic(.and, .word)
        case .amoor_w: .atomic(.or, .word)
        case .amomin_w: .atomic(.minimum, .word)
        case .amomax_w: .atomic(.maximum, .word)
        case .amominu_w: .atomic(.minimumUnsigned, .word)
        case .amomaxu_w: .atomic(.maximumUnsigned, .word)
        case .amoswap_d: .atomic(.swap, .double)
        case .amoadd_d: .atomic(.add, .double)
        case .amoxor_d: .atomic(.xor, .double)
        case .amoand_d: .atomic(.and, .double)
        case .amoor_d: .atomic(.or, .double)
        case .amomin_d: .atomic(.minimum, .double)
        case .amomax_d: .atomic(.maximum, .double)
        case .amominu_d: .atomic(.minimumUnsigned, .double)
        case .amomaxu_d: .atomic(.maximumUnsigned, .double)
        default: nil
        }
    }
}
