import Hart
import RISCV

/// Off the hot path: what x86 does otherwise than RISC-V.
extension Emitter {
    mutating func emitColdFloat(_ stub: ColdStub) {
        let work = stub.float
        switch work.work {
        case .none: break
        case .canonicalNaN: putNaN(work)
        case .negativeNaN:
            asm.mov(work.register, imm: 0xffff_ffff_ffc0_0000)
            asm.movq(work.d, work.register)
        case .fusedNaN: putFusedNaN(work)
        case .minimum, .maximum, .minimumNaN, .maximumNaN: pick(work, stub.back)
        case .saturation: saturate(work, stub.back)
        case .highInteger: convertHigh(work)
        }
        asm.jmp(address: stub.back)
    }

    private mutating func putNaN(_ work: ColdFloat) {
        asm.mov(
            work.register, imm: work.isDouble ? 0x7ff8_0000_0000_0000 : 0xffff_ffff_7fc0_0000)
        asm.movq(work.d, work.register)
    }

    /// x86 raises no flag for ∞ × 0 + a quiet NaN, RISC-V "invalid". The product alone says whether it
    /// was that; where it is a number, its flags are none of ours. The 128 bytes below rsp are ours
    /// (System V ABI, 3.2.2).
    private mutating func putFusedNaN(_ work: ColdFloat) {
        let saved = HostMemory.at(.rsp, -8)
        var isNaN = Label()
        asm.stmxcsr(saved)
        asm.float(.mul, isDouble: work.isDouble, work.d, work.a, work.b)
        asm.ucomi(isDouble: work.isDouble, work.d, .vector(work.d))
        asm.jccShort(.p, &isNaN)
        asm.ldmxcsr(saved)
        asm.bind(&isNaN)
        putNaN(work)
    }

    /// Equal operands differ in their zeros' signs at most: the minimum has either's, the maximum
    /// both's. Of a number and a NaN, `minimum` and `maximum` take the number.
    private mutating func pick(_ work: ColdFloat, _ back: UInt64) {
        var unordered = Label()
        asm.jccShort(.p, &unordered)
        let isMinimum = work.work == .minimum || work.work == .minimumNaN
        asm.logic(isMinimum ? .or : .and, work.d, work.a, wide(work))
        asm.jmp(address: back)
        asm.bind(&unordered)
        if work.work == .minimum || work.work == .maximum {
            var aIsNaN = Label()
            asm.ucomi(isDouble: work.isDouble, work.a, .vector(work.a))
            asm.jccShort(.p, &aIsNaN)
            asm.movaps(work.d, work.a)
            asm.jmp(address: back)
            asm.bind(&aIsNaN)
            let b = wideVector(work)
            asm.ucomi(isDouble: work.isDouble, b, .vector(b))
            var bIsNaN = Label()
            asm.jccShort(.p, &bIsNaN)
            asm.movaps(work.d, b)
            asm.jmp(address: back)
            asm.bind(&bIsNaN)
        }
        putNaN(work)
    }
    /// All 64 bits of b in a vector; one in memory goes to xmm0.
    private mutating func wideVector(_ work: ColdFloat) -> HostVector {
        switch work.b {
        case .vector(let vector): return vector
        case .memory(let memory):
            asm.loadVector(.xmm0, memory, .quad)
            return .xmm0
        }
    }
    private mutating func wide(_ work: ColdFloat) -> VectorOperand { .vector(wideVector(work)) }

    /// The register holds the least integer: right for negative numbers, while positive ones and NaNs
    /// give the greatest.
    private mutating func saturate(_ work: ColdFloat, _ back: UInt64) {
        asm.logic(.xor, .xmm0, .xmm0, .vector(.xmm0))
        asm.ucomi(isDouble: work.isDouble, .xmm0, work.b)
        asm.jcc(.a, address: back)
        asm.mov(work.register, imm: work.isWide ? 0x7fff_ffff_ffff_ffff : 0x7fff_ffff)
    }

    /// Half of it with the lost bit kept sticky rounds alike; doubling is exact.
    private mutating func convertHigh(_ work: ColdFloat) {
        asm.mov(work.other, work.register)
        asm.shift(.shr, .register(work.other), by: 1)
        asm.alu(.and, .register(work.register), imm: 1, .long)
        asm.alu(.or, work.other, .register(work.register))
        asm.convert(
            fromInteger: .register(work.other), .quad, isDouble: work.isDouble, work.d, work.d)
        asm.float(.add, isDouble: work.isDouble, work.d, work.d, .vector(work.d))
    }
}
