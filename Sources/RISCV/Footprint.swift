import Bits

/// What one instruction reads and writes, for tracing, the debugger and the translator: the clause
/// itself is run on terms instead of values, so it cannot say something else than what happens.
package struct Footprint: Sendable, Equatable {
    /// Bit n stands for register n; x0 is never among them.
    package var readsX: UInt32 = 0
    package var writesX: UInt32 = 0
    package var readsF: UInt32 = 0
    package var writesF: UInt32 = 0
    package var memory: MemoryAccess?
    package var control = Control.next
    package var csr: CSRAccess?
    /// Needs `mstatus.FS`, and may read the rounding mode and set flags.
    package var usesFloat = false
    /// A whole-instruction call.
    package var isSystem = false

    package struct MemoryAccess: Sendable, Equatable {
        package enum Kind: UInt8, Sendable {
            case load, store, loadReserved, storeConditional, atomic
            /// Cache-block operations; only `zeroBlock` changes memory.
            case cacheBlock, zeroBlock
            /// By a hypervisor, as its guest would.
            case guestLoad, guestStore
        }
        package var kind: Kind
        /// How many bytes.
        package var count: Int
        /// The address is `x[base] + offset`; base 0 is x0.
        package var base: Int
        package var offset: Int64

        package init(kind: Kind, count: Int, base: Int, offset: Int64) {
            self.kind = kind
            self.count = count
            self.base = base
            self.offset = offset
        }
        package var isWrite: Bool {
            switch kind {
            case .load, .loadReserved, .cacheBlock, .guestLoad: false
            case .store, .storeConditional, .atomic, .zeroBlock, .guestStore: true
            }
        }
        package var isRead: Bool {
            kind == .load || kind == .loadReserved || kind == .atomic || kind == .guestLoad
        }
        /// The first byte, given the value of register `base`.
        package func address(base value: UInt64) -> UInt64 {
            let address = value &+ UInt64(bitPattern: offset)
            let isBlock = kind == .cacheBlock || kind == .zeroBlock
            return isBlock ? address & ~(UInt64(count) &- 1) : address
        }
    }

    /// Where execution goes.
    package enum Control: Sendable, Equatable {
        case next
        /// To this instruction's address plus an offset: perhaps, or always.
        case branch(Int64)
        case jump(Int64)
        /// To `x[base] + offset`, its lowest bit cleared.
        case jumpRegister(base: Int, offset: Int64)
        /// Always into a trap handler (`ecall`, `ebreak`), or back from one.
        case trap, trapReturn
    }

    package struct CSRAccess: Sendable, Equatable {
        package var number: Int
        package var isRead: Bool
        package var isWrite: Bool

        package init(number: Int, isRead: Bool, isWrite: Bool) {
            self.number = number
            self.isRead = isRead
            self.isWrite = isWrite
        }
    }

    package init() {}

    package init(_ instruction: Instruction) {
        var reader = FootprintReader()
        // An opcode without a clause has no effect but its trap.
        do throws(Trap) { try reader.apply(instruction) } catch { reader.footprint = Footprint() }
        self = reader.footprint
    }

    /// A jump that leaves a return address in a link register (x1 or x5).
    package var isCall: Bool {
        switch control {
        case .jump, .jumpRegister: writesX & 0x22 != 0
        default: false
        }
    }
    /// A jump to what a link register holds.
    package var isReturn: Bool {
        guard case .jumpRegister(let base, 0) = control else { return false }
        return (base == 1 || base == 5) && writesX == 0
    }
}

/// Runs a clause and notes what it asks for.
struct FootprintReader {
    var footprint = Footprint()

    private mutating func access(_ kind: Footprint.MemoryAccess.Kind, _ count: Int, _ at: Term) {
        guard case .register(let base, let offset) = at else { return }
        footprint.memory = Footprint.MemoryAccess(
            kind: kind, count: count, base: base, offset: offset)
    }
}

/// What is known of a value before the instruction runs: nothing, or a register plus a constant (a
/// constant is x0 plus itself).
enum Term {
    case unknown
    case register(Int, plus: Int64)
}

extension FootprintReader: Semantics {
    typealias Value = Term

    mutating func x(_ register: Int) -> Term {
        footprint.readsX |= UInt32(1) << UInt32(register) & ~1
        return .register(register, plus: 0)
    }
    mutating func setX(_ register: Int, _ value: Term) {
        footprint.writesX |= UInt32(1) << UInt32(register) & ~1
    }
    mutating func f(_ register: Int) -> Term {
        footprint.readsF |= UInt32(1) << UInt32(register)
        return .unknown
    }
    mutating func setF(_ register: Int, _ value: Term) {
        footprint.writesF |= UInt32(1) << UInt32(register)
        footprint.usesFloat = true
    }
    mutating func constant(_ value: UInt64) -> Term {
        .register(0, plus: Int64(bitPattern: value))
    }
    mutating func pc(plus offset: Int64) -> Term { .unknown }

    mutating func unary(_ operation: UnaryOperation, _ a: Term) -> Term { .unknown }
    mutating func binary(_ operation: BinaryOperation, _ a: Term, _ b: Term) -> Term {
        switch (operation, a, b) {
        case (.add, .register(let base, let offset), .register(0, let constant)):
            .register(base, plus: offset &+ constant)
        case (.add, .register(0, let constant), .register(let base, let offset)):
            .register(base, plus: offset &+ constant)
        // The target of `jalr`.
        case (.and, .register, .register(0, -2)): a
        default: .unknown
        }
    }
    mutating func select(_ condition: Term, _ a: Term, _ b: Term) -> Term { .unknown }

    mutating func branch(if condition: Term, to offset: Int64) {
        footprint.control = .branch(offset)
    }
    mutating func jump(to offset: Int64) { footprint.control = .jump(offset) }
    mutating func jump(toAddress address: Term) {
        guard case .register(let base, let offset) = address else { return }
        footprint.control = .jumpRegister(base: base, offset: offset)
    }

    mutating func load(_ kind: LoadKind, at address: Term) throws(Trap) -> Term {
        access(.load, Int(kind.width.rawValue), address)
        return .unknown
    }
    mutating func store(_ width: AccessWidth, at address: Term, _ value: Term) throws(Trap) {
        access(.store, Int(width.rawValue), address)
    }
    mutating func loadReserved(_ width: AccessWidth, at address: Term) throws(Trap) -> Term {
        access(.loadReserved, Int(width.rawValue), address)
        return .unknown
    }
    mutating func storeConditional(_ width: AccessWidth, at address: Term, _ value: Term)
        throws(Trap) -> Term
    {
        access(.storeConditional, Int(width.rawValue), address)
        return .unknown
    }
    mutating func atomic(
        _ operation: AtomicOperation, _ width: AccessWidth, at address: Term, _ value: Term
    ) throws(Trap) -> Term {
        access(.atomic, Int(width.rawValue), address)
        return .unknown
    }
    mutating func compareAndSwap(
        _ width: AccessWidth, at address: Term, expected: Term, new: Term
    ) throws(Trap) -> Term {
        access(.atomic, Int(width.rawValue), address)
        return .unknown
    }

    mutating func fenceStoreLoad() {}
    mutating func spin(_ instruction: Instruction) throws(Trap) {}

    mutating func requireFloat() throws(Trap) { footprint.usesFloat = true }
    mutating func float(
        _ operation: FloatOperation, _ format: FloatFormat, rounding: Int,
        _ a: Term, _ b: Term, _ c: Term
    ) throws(Trap) -> Term {
        footprint.usesFloat = true
        return .unknown
    }
}

/// What the whole-instruction calls read and write.
extension FootprintReader {
    mutating func system(_ i: Instruction) throws(Trap) {
        footprint.isSystem = true
        switch i.opcode {
        case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci:
            readCSR(i)
        case .ecall, .ebreak:
            footprint.control = .trap
        case .mret, .sret, .mnret:
            footprint.control = .trapReturn
        case .cbo_inval, .cbo_clean, .cbo_flush:
            access(.cacheBlock, 64, x(i.rs1))
        case .cbo_zero:
            access(.zeroBlock, 64, x(i.rs1))
        case .amocas_q:
            for register in [i.rd, i.rs2] where register != 0 {
                _ = x(register)
                _ = x(register + 1)
            }
            if i.rd != 0 {
                setX(i.rd, .unknown)
                setX(i.rd + 1, .unknown)
            }
            access(.atomic, 16, x(i.rs1))
        case .hlv_b, .hlv_bu, .hlv_h, .hlv_hu, .hlvx_hu, .hlv_w, .hlv_wu, .hlvx_wu, .hlv_d:
            access(.guestLoad, hypervisorCount(i.opcode), x(i.rs1))
            setX(i.rd, .unknown)
        case .hsv_b, .hsv_h, .hsv_w, .hsv_d:
            access(.guestStore, hypervisorCount(i.opcode), x(i.rs1))
            _ = x(i.rs2)
        default:
            // Fences read an address and an address-space identifier; the others have no operands.
            _ = x(i.rs1)
            _ = x(i.rs2)
        }
    }

    private mutating func readCSR(_ i: Instruction) {
        let isSwap = i.opcode == .csrrw || i.opcode == .csrrwi
        footprint.csr = Footprint.CSRAccess(
            number: i.csr, isRead: !isSwap || i.rd != 0, isWrite: isSwap || i.rs1 != 0)
        if i.opcode == .csrrw || i.opcode == .csrrs || i.opcode == .csrrc { _ = x(i.rs1) }
        setX(i.rd, .unknown)
    }

    private func hypervisorCount(_ opcode: Opcode) -> Int {
        switch opcode {
        case .hlv_b, .hlv_bu, .hsv_b: 1
        case .hlv_h, .hlv_hu, .hlvx_hu, .hsv_h: 2
        case .hlv_w, .hlv_wu, .hlvx_wu, .hsv_w: 4
        default: 8
        }
    }
}
