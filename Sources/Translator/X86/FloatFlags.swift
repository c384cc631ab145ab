import RISCV

/// `fflags`: what was gathered before, in the state block, and what MXCSR has gathered since.
extension Emitter {
    /// Below rsp, where nothing else is kept (System V ABI, 3.2.2).
    private var control: HostMemory { .at(.rsp, -16) }
    private static let hostFlags: Int32 = 0x3f

    mutating func emitReadFlags(_ i: IRInstruction) {
        if i.to == .none { return }
        let table = scratch()
        let value = scratch()
        asm.stmxcsr(control)
        asm.load(value, control, .long)
        asm.alu(.and, .register(value), imm: Self.hostFlags, .long)
        asm.mov(table, imm: thunks.flagTable)
        asm.load(value, .at(table, value), .byte)
        asm.alu(.or, value, .memory(.at(.rbp, StateLayout.flags)), .quad)
        free(table)
        let to = target(i.to)
        asm.mov(to, value)
        free(value)
        finish(i.to, to)
    }

    mutating func emitWriteFlags(_ i: IRInstruction) {
        if i.a == .immediate {
            asm.store(
                .at(.rbp, StateLayout.flags), imm: Int32(truncatingIfNeeded: i.immediate & 31),
                .quad)
        } else {
            let value = scratch()
            load(value, i.a)
            asm.alu(.and, .register(value), imm: 31, .long)
            asm.store(.at(.rbp, StateLayout.flags), value)
            free(value)
        }
        asm.stmxcsr(control)
        asm.alu(.and, .memory(control), imm: ~Self.hostFlags, .long)
        asm.ldmxcsr(control)
    }
}

extension Thunks {
    /// The flags of `fflags` (NX, UF, OF, DZ, NV from bit 0 on) for each value of MXCSR's (IE, DE, ZE,
    /// OE, UE, PE).
    static func putFlagTable(_ asm: inout Assembler) -> UInt64 {
        let table = asm.here
        for flags in UInt8(0)..<64 {
            asm.cursor.pointee =
                (flags >> 5 & 1) | (flags >> 3 & 2) | (flags >> 1 & 4) | (flags << 1 & 8)
                | (flags << 4 & 16)
            asm.cursor += 1
        }
        return table
    }
}
