import Hart
import RISCV

/// Ways out of a unit.
extension Emitter {
    mutating func emitBranch(_ i: IRInstruction) {
        guard let operation = BinaryOperation(rawValue: i.code) else { return }
        let condition = Self.condition(operation)
        let unrun = counted &- Int(i.guest) &- 1
        if i.target == start && unrun == 0 {
            // A loop over the unit itself.
            completeAll()
            compare(i)
            noteBackEdge()
            return asm.jcc(condition, address: loopEntry)
        }
        compare(i)
        var stub = ColdStub(
            kind: .sideExit, label: Label(), guest: Int(i.guest) &+ 1, target: i.target)
        asm.jcc(condition, &stub.label)
        if unrun == 0 && pendingWords == 0 && loop == nil { stub.jump = asm.cursor - 4 }
        push(stub)
    }

    mutating func emitJump(_ i: IRInstruction) {
        emitExit(to: i.target, unrun: counted &- min(counted, Int(i.guest) &+ 1))
    }

    /// Leaves for a guest address, `unrun` of the counted instructions not run.
    ///
    /// - Parameter jump: the displacement of the jump that led here, for chaining.
    mutating func emitExit(
        to target: UInt64, unrun: Int, from jump: UnsafeMutablePointer<UInt8>? = nil
    ) {
        giveBack(unrun)
        if target == start && counted > 0 {
            completeAll()
            noteBackEdge()
            return asm.jmp(address: loopEntry)
        }
        restoreHomes()
        if (target ^ start) & ~0xfff == 0 {
            // Within the page: chained once the target is known.
            var patch = jump ?? asm.cursor
            if jump == nil {
                asm.jmp(address: asm.here &+ 5)
                patch += 1
            }
            let record = asm.cursor - bufferStart + ExitRecord.distance
            asm.mov(.rax, imm: UInt64(record))
            asm.jmp(address: thunks.exitChain)
            precondition(asm.cursor - bufferStart == record, "an exit has one length")
            let words = UnsafeMutableRawPointer(asm.cursor)
            words.storeBytes(of: target, as: UInt64.self)
            words.storeBytes(of: physicalPage, toByteOffset: 8, as: UInt64.self)
            words.storeBytes(
                of: UInt64(patch - bufferStart), toByteOffset: 16, as: UInt64.self)
            asm.cursor += ExitRecord.bytes
            return
        }
        let slot = TableLayout.jumps + TableLayout.jumpIndex(target) * 16
        asm.mov(.rax, imm: target)
        asm.alu(.cmp, .rax, .memory(.gs(Int32(slot))), .quad)
        asm.jcc(.ne, address: thunks.exitLookup)
        asm.jmp(.gs(Int32(slot + 8)))
    }
    private mutating func giveBack(_ unrun: Int) {
        if unrun > 0 { asm.lea(.r14, .at(.r14, Int32(unrun)), .quad) }
    }

    mutating func emitJumpRegister(_ i: IRInstruction) {
        let unrun = counted &- Int(i.guest) &- 1
        giveBack(unrun)
        claim(.rax)
        if i.immediate == 0 {
            load(.rax, i.a)
        } else if case .register(let from) = operand(i.a) {
            asm.lea(.rax, .at(from, Int32(truncatingIfNeeded: i.immediate)), .quad)
        } else {
            load(.rax, i.a)
            asm.alu(.add, .register(.rax), imm: Int32(truncatingIfNeeded: i.immediate), .quad)
        }
        restoreHomes()
        // Of an odd target the lowest bit is cleared; an empty entry's tag is odd.
        asm.alu(.and, .register(.rax), imm: -2, .quad)
        asm.lea(.rdx, HostMemory(base: nil, index: .rax, scale: 3, displacement: 0), .long)
        asm.alu(
            .and, .register(.rdx), imm: Int32((TableLayout.jumpCount - 1) << 4), .long)
        asm.alu(.cmp, .rax, .memory(.gs(.rdx, Int32(TableLayout.jumps))), .quad)
        asm.jcc(.ne, address: thunks.exitLookup)
        asm.jmp(.gs(.rdx, Int32(TableLayout.jumps + 8)))
    }

    mutating func emitSystem(_ i: IRInstruction) {
        restoreHomes()
        asm.mov(.rax, imm: guests[Int(i.guest)].pc)
        asm.mov(.rdx, imm: i.target)
        asm.jmp(address: thunks.exitSystem)
    }

    /// Leaves this instruction to the interpreter.
    mutating func emitInterpret(guest: Int, afterCheck: Bool = false) {
        if index < count { alwaysLeaves = true }
        giveBack(counted &- min(counted, guest))
        restoreHomes()
        asm.mov(.rax, imm: guests[guest].pc)
        asm.mov(.rdx, imm: afterCheck ? start : 0)
        asm.jmp(address: thunks.exitInterpret)
    }

    mutating func emitCheckFloat(_ i: IRInstruction) {
        let field =
            i.flags.contains(.marksDirty) ? StateLayout.floatUnready : StateLayout.floatOff
        asm.alu(.cmp, .memory(.at(.rbp, field)), imm: 0, .byte)
        var stub = ColdStub(kind: .interpret, label: Label(), guest: Int(i.guest))
        asm.jcc(.ne, &stub.label)
        push(stub)
    }

    // MARK: Cold code

    mutating func emitCold(_ stub: ColdStub) {
        var stub = stub
        asm.bind(&stub.label)
        switch stub.kind {
        case .access: emitColdAccess(stub)
        case .interpret: emitInterpret(guest: stub.guest)
        case .sideExit:
            emitExit(to: stub.target, unrun: counted &- stub.guest, from: stub.jump)
        case .budget:
            asm.alu(.add, .register(.r14), imm: Int32(counted), .quad)
            restoreHomes()
            asm.mov(.rax, imm: start)
            asm.jmp(address: thunks.exitBudget)
        case .float: emitColdFloat(stub)
        }
    }
    private mutating func emitColdAccess(_ stub: ColdStub) {
        // The address again, for the thunk to look up.
        if stub.isConstant {
            asm.mov(stub.register, imm: UInt64(bitPattern: stub.constant))
        } else {
            asm.alu(.add, stub.register, .memory(.gs(stub.site)), .quad)
        }
        asm.store(
            .at(.rbp, StateLayout.scratch(StateLayout.request)),
            imm: stub.site | stub.limit << 16, .long)
        asm.call(address: thunks.access(stub.access, stub.register))
        asm.jmp(address: stub.back)
        // Where the thunk returns to, five bytes on, when there is no such page.
        emitInterpret(guest: stub.guest, afterCheck: true)
    }
}
