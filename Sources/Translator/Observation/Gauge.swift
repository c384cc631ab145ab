import Bits
import CHost
import Hart
import RISCV

/// Where time goes, and which clauses leave generated code: counted only where statistics are asked
/// for.
///
/// SAFETY: both arrays have an element for each opcode and live until `release`.
struct Gauge {
    /// Ticks of the host's counter inside `run`, and of them those of each part.
    var runTicks: UInt64 = 0
    var translationTicks: UInt64 = 0
    var interpreterTicks: UInt64 = 0
    var callTicks: UInt64 = 0
    /// Instructions that the interpreter ran because a unit was longer than the budget left.
    var sliceEnds: UInt64 = 0
    /// Instructions where there was no code to translate: fetches that trap, pages that PMP divides.
    var withoutCode: UInt64 = 0
    /// By opcode: left to the interpreter, and whole-instruction calls.
    let interpreted: UnsafeMutablePointer<UInt64>
    let calls: UnsafeMutablePointer<UInt64>
    private let startTicks = hull_host_ticks()
    private let startNanoseconds = hull_host_nanoseconds()

    init() {
        interpreted = .allocate(capacity: RISCV.Opcode.allCases.count)
        calls = .allocate(capacity: RISCV.Opcode.allCases.count)
        interpreted.initialize(repeating: 0, count: RISCV.Opcode.allCases.count)
        calls.initialize(repeating: 0, count: RISCV.Opcode.allCases.count)
    }
    func release() {
        interpreted.deallocate()
        calls.deallocate()
    }

    /// By how much to multiply ticks for seconds: both clocks have run side by side since the start.
    var secondsPerTick: Double {
        let ticks = hull_host_ticks() &- startTicks
        let nanoseconds = hull_host_nanoseconds() &- startNanoseconds
        return ticks > 0 ? Double(nanoseconds) / 1e9 / Double(ticks) : 0
    }

    /// The instruction at the hart's pc is left to the interpreter.
    @inline(never)
    mutating func noteInterpreted(_ hart: Hart) {
        guard let opcode = Self.opcode(hart) else {
            withoutCode &+= 1
            return
        }
        interpreted[Int(opcode.rawValue)] &+= 1
    }
    mutating func noteCall(_ instruction: Instruction) {
        calls[Int(instruction.opcode.rawValue)] &+= 1
    }

    private static func opcode(_ hart: Hart) -> RISCV.Opcode? {
        let pc = hart.state.pointee.pc
        guard let page = hart.codePage(pc),
            let host = hart.memory.host(GuestPhysical(page), count: 4096)
        else { return nil }
        let offset = Int(truncatingIfNeeded: pc & 0xffe)
        var bits = UInt32(host.load(fromByteOffset: offset, as: UInt16.self))
        if bits & 3 == 3 {
            guard offset < 4094 else { return .straddle }
            bits |= UInt32(host.load(fromByteOffset: offset + 2, as: UInt16.self)) << 16
        }
        return hart.decode(bits)?.opcode ?? .illegal
    }
}
