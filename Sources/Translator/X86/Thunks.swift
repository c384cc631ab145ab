import Hart

/// Code that every fragment shares: the way in, the ways out, and the memory checks' second look.
struct Thunks {
    /// `enter(state + bias, code)`; returns why it came back.
    var enter: UInt64 = 0
    var exitLookup: UInt64 = 0
    var exitChain: UInt64 = 0
    var exitBudget: UInt64 = 0
    var exitInterpret: UInt64 = 0
    var exitSystem: UInt64 = 0
    /// By `AccessCheck` and register (rcx, r15).
    var accesses: InlineArray<6, UInt64> = .init(repeating: 0)
    var flagTable: UInt64 = 0
    /// End of the thunks and their table.
    var end: UInt64 = 0

    func access(_ access: AccessCheck, _ register: HostRegister) -> UInt64 {
        accesses[access.rawValue &* 2 &+ (register == .rcx ? 0 : 1)]
    }
}

/// Why generated code came back to the run loop.
enum ExitReason: Int {
    /// `pc` is set; nothing is known of the code there.
    case lookup
    /// An exit within a page; its number is in the argument word.
    case chain
    /// The unit at `pc` is longer than the budget.
    case budget
    /// The instruction at `pc` is the interpreter's.
    case interpret
    /// The instruction at `pc`, decoded in the argument word, is a whole-instruction call.
    case system
}

extension Thunks {
    private static let saved: [HostRegister] = [.rbx, .rbp, .r12, .r13, .r14, .r15]

    /// Emits them at the cursor.
    init(
        _ asm: inout Assembler, _ map: RegisterMap, refill: UInt64, fault: TranslatorFault? = nil
    ) {
        enter = asm.here
        for register in Self.saved { asm.push(register) }
        // The callee's frame: calls out of generated code find rsp at a multiple of sixteen.
        asm.alu(.sub, .register(.rsp), imm: 8, .quad)
        asm.mov(.rbp, .rdi)
        asm.mov(.rax, .rsi)
        asm.load(.r14, .at(.rbp, StateLayout.remaining))
        Self.loadAll(&asm, map)
        asm.jmp(.rax)

        let leave = asm.here
        Self.storeAll(&asm, map)
        asm.store(.at(.rbp, StateLayout.remaining), .r14)
        asm.alu(.add, .register(.rsp), imm: 8, .quad)
        for register in Self.saved.reversed() { asm.pop(register) }
        asm.ret()

        exitLookup = asm.here
        asm.alu(.and, .register(.rax), imm: -2, .quad)
        Self.leave(&asm, .lookup, to: leave, storesPC: true)
        exitChain = asm.here
        asm.store(.at(.rbp, StateLayout.scratch(StateLayout.argument)), .rax)
        Self.leave(&asm, .chain, to: leave, storesPC: false)
        exitBudget = asm.here
        Self.leave(&asm, .budget, to: leave, storesPC: true)
        exitInterpret = asm.here
        asm.store(.at(.rbp, StateLayout.scratch(StateLayout.argument)), .rdx)
        Self.leave(&asm, .interpret, to: leave, storesPC: true)
        exitSystem = asm.here
        asm.store(.at(.rbp, StateLayout.scratch(StateLayout.argument)), .rdx)
        Self.leave(&asm, .system, to: leave, storesPC: true)

        for access in 0..<3 {
            for (index, register) in [HostRegister.rcx, .r15].enumerated() {
                accesses[access * 2 + index] = asm.here
                Self.access(&asm, map, access, register, refill: refill, fault)
            }
        }
        flagTable = Self.putFlagTable(&asm)
        end = asm.here
    }

    private static func leave(
        _ asm: inout Assembler, _ reason: ExitReason, to leave: UInt64, storesPC: Bool
    ) {
        if storesPC { asm.store(.at(.rbp, StateLayout.pc), .rax) }
        asm.mov(.rax, imm: UInt64(reason.rawValue))
        asm.jmp(address: leave)
    }

    private static func loadAll(_ asm: inout Assembler, _ map: RegisterMap) {
        for register in 0..<32 {
            if let host = map.host(x: register) {
                asm.load(host, .at(.rbp, StateLayout.x(register)))
            }
            if let host = map.host(f: register) {
                asm.loadVector(host, .at(.rbp, StateLayout.f(register)), .quad)
            }
        }
    }
    private static func storeAll(_ asm: inout Assembler, _ map: RegisterMap) {
        for register in 0..<32 {
            if let host = map.host(x: register) {
                asm.store(.at(.rbp, StateLayout.x(register)), host)
            }
            if let host = map.host(f: register) {
                asm.storeVector(.at(.rbp, StateLayout.f(register)), host, .quad)
            }
        }
    }

    /// With a guest address in `register` and the site and limit in the request word: fills the site
    /// from the table by address and returns with the entry's addend in `register`, or returns five
    /// bytes further on. Changes no other register.
    private static func access(
        _ asm: inout Assembler, _ map: RegisterMap, _ access: Int, _ register: HostRegister,
        refill: UInt64, _ fault: TranslatorFault?
    ) {
        let isLoad = access == 0 || fault == .tables
        let table = Int32(isLoad ? TableLayout.loads : TableLayout.stores)
        let request = HostMemory.at(.rbp, StateLayout.scratch(StateLayout.request))
        let index = HostRegister.rax
        let page = HostRegister.rbx
        asm.alu(
            .add, .memory(.at(.rbp, StateLayout.scratch(StateLayout.siteMisses))), imm: 1, .quad)
        asm.push(.rax)
        asm.push(.rbx)
        asm.push(.rdx)
        // Where it comes back to after a refill; the second time a miss is final.
        var missed = Label()
        var tooLong = Label()
        asm.mov(index, register)
        asm.shift(.shr, .register(index), by: 8, .quad)
        asm.alu(.and, .register(index), imm: Int32((TableLayout.dataCount - 1) << 4), .long)
        asm.mov(page, register)
        asm.alu(.and, .register(page), imm: -4096, .quad)
        // Does the access end in its page?
        asm.mov(.rdx, register)
        asm.alu(.sub, .rdx, .register(page), .quad)
        asm.push(.rcx)
        asm.load(.rcx, request, .long)
        asm.shift(.shr, .register(.rcx), by: 16, .long)
        asm.alu(.cmp, .rdx, .register(.rcx), .long)
        asm.pop(.rcx)
        asm.jcc(.a, &tooLong)
        asm.alu(.cmp, page, .memory(.gs(index, table)), .quad)
        asm.jcc(.ne, &missed)
        let found = asm.here
        asm.load(register, .gs(index, table + 8))
        asm.zeroExtend(.rdx, .memory(request), from: .word)
        asm.store(.gs(.rdx, 0), page)
        asm.store(.gs(.rdx, 8), register)
        asm.pop(.rdx)
        asm.pop(.rbx)
        asm.pop(.rax)
        asm.ret()

        asm.bind(&missed)
        refillTable(&asm, map, access, register, refill: refill)
        asm.alu(.cmp, page, .memory(.gs(index, table)), .quad)
        asm.jcc(.e, address: found)
        asm.bind(&tooLong)
        asm.pop(.rdx)
        asm.pop(.rbx)
        asm.pop(.rax)
        asm.alu(.add, .memory(.at(.rsp)), imm: 5, .quad)
        asm.ret()
    }

    /// Calls `refill(state + bias, address, access)` and restores everything.
    private static func refillTable(
        _ asm: inout Assembler, _ map: RegisterMap, _ access: Int, _ register: HostRegister,
        refill: UInt64
    ) {
        let all: [HostRegister] = [
            .rax, .rcx, .rdx, .rbx, .rsi, .rdi, .r8, .r9, .r10, .r11, .r15,
        ]
        for saved in all { asm.push(saved) }
        for guest in 0..<32 {
            if let host = map.host(f: guest) {
                asm.storeVector(.at(.rbp, StateLayout.f(guest)), host, .quad)
            }
        }
        asm.store(.at(.rbp, StateLayout.remaining), .r14)
        asm.mov(.rdi, .rbp)
        asm.mov(.rsi, register)
        asm.mov(.rdx, imm: UInt64(access))
        // The pushes since the fragment's frame decide the alignment: keep it in a saved register.
        asm.mov(.rbx, .rsp)
        asm.alu(.and, .register(.rsp), imm: -16, .quad)
        asm.mov(.rax, imm: refill)
        asm.call(.rax)
        asm.mov(.rsp, .rbx)
        for guest in 0..<32 {
            if let host = map.host(f: guest) {
                asm.loadVector(host, .at(.rbp, StateLayout.f(guest)), .quad)
            }
        }
        for saved in all.reversed() { asm.pop(saved) }
    }
}
