import GuestMemory
import Hart
import RISCV

/// Emits the host code of one translation unit from its IR.
///
/// Between guest instructions every guest register is in its home (`RegisterMap`), so that a unit can be
/// left anywhere. rbp: the state block; r14: the budget; rax, rdx: temporaries; rcx, r15: host addresses
/// of checked memory, and further scratch.
struct Emitter: ~Copyable {
    var asm: Assembler
    var map: RegisterMap
    let thunks: Thunks
    /// The block being emitted.
    let instructions: UnsafeMutablePointer<IRInstruction>
    let guests: UnsafeMutablePointer<IRBlock.Guest>
    /// Guest instructions that the budget pays for at the unit's start.
    var counted = 0
    var index = 0
    var count = 0

    // MARK: Scratch registers
    /// Bit n: host register n is taken, by a temporary or by the operation being emitted.
    var taken: UInt16 = 0
    /// Where each temporary is: a host register, or a scratch word (0x80 | word); 0xff: nowhere.
    var homes: InlineArray<64, UInt8> = .init(repeating: 0xff)
    var usedWords = 0
    /// The group whose checked address rcx and r15 hold; 0: none.
    var liveGroup: InlineArray<2, UInt8> = .init(repeating: 0)

    // MARK: Cold code and exits
    let stubs: UnsafeMutablePointer<ColdStub>
    var stubCount = 0
    static let maximumStubs = IRBlock.capacity * 2
    /// The next site of each table.
    var nextLoadSite = 0
    var nextStoreSite = 0
    /// The unit's first guest address, and the physical page that it is in.
    var start: UInt64 = 0
    var physicalPage: UInt64 = 0
    let bufferStart: UnsafeMutablePointer<UInt8>
    var entry: UInt64 = 0
    /// Where the unit's own back edges lead: behind the exchange of registers.
    var loopEntry: UInt64 = 0
    var loop: LoopMap?
    /// Whether the unit has a back edge to its start.
    private(set) var repeats = false
    mutating func noteBackEdge() { repeats = true }
    /// Whether code on the hot path leaves an instruction to the interpreter.
    var alwaysLeaves = false
    /// x-registers whose home holds the low half of a sign-extended word.
    var pendingWords: UInt32 = 0
    var resultIsPending = false
    /// f-registers known to hold boxed singles.
    var boxedSingles: UInt32 = 0
    /// Other harts run at the same time: what is atomic for the guest is atomic for the host.
    var sharesMemory = false
    var fault: TranslatorFault?

    init(
        _ thunks: Thunks, _ block: IRBlock, bufferStart: UnsafeMutablePointer<UInt8>,
        executableOffset: Int
    ) {
        asm = Assembler(cursor: bufferStart, executableOffset: executableOffset)
        self.bufferStart = bufferStart
        map = .standard
        self.thunks = thunks
        instructions = block.instructions
        guests = block.guests
        stubs = .allocate(capacity: Self.maximumStubs)
    }
    deinit { stubs.deallocate() }

    /// Emits a block, as a loop with a register map of its own where one is given; returns the
    /// executable address of its entry.
    mutating func emit(_ block: IRBlock, loop: LoopMap? = nil) -> UInt64 {
        self.loop = loop
        map = .standard
        loop?.apply(to: &map)
        pendingWords = 0
        repeats = false
        alwaysLeaves = false
        count = block.count
        stubCount = 0
        boxedSingles = 0
        liveGroup = .init(repeating: 0)
        start = guests[0].pc
        counted = block.guestCount
        if let last = block.last, last.operation == .system || last.operation == .interpret {
            counted = Int(last.guest)
        }
        asm.align(to: 16)
        entry = asm.here
        enterLoopMap()
        if loop != nil { asm.align(to: 16) }
        loopEntry = asm.here
        if counted > 0 {
            asm.alu(.sub, .register(.r14), imm: Int32(counted), .quad)
            var stub = ColdStub(kind: .budget, label: Label())
            asm.jcc(.s, &stub.label)
            push(stub)
        }
        index = 0
        var guest = -1
        while index < count {
            let instruction = instructions[index]
            if Int(instruction.guest) != guest {
                guest = Int(instruction.guest)
                releaseAll()
            }
            completeOperands(instruction)
            emit(instruction)
            notePending(instruction)
            releaseDying(instruction)
            index &+= 1
        }
        var stub = 0
        while stub < stubCount {
            releaseAll()
            pendingWords = stubs[stub].pendingWords
            emitCold(stubs[stub])
            stub &+= 1
        }
        return entry
    }

    mutating func push(_ stub: ColdStub) {
        precondition(stubCount < Self.maximumStubs, "each IR instruction has at most two stubs")
        (stubs + stubCount).initialize(to: stub)
        stubs[stubCount].pendingWords = pendingWords
        stubCount &+= 1
    }

    private mutating func emit(_ i: IRInstruction) {
        switch i.operation {
        case .move: emitMove(i)
        case .unary: emitUnary(i)
        case .binary: emitBinary(i)
        case .shiftAdd: emitShiftAdd(i)
        case .select: emitSelect(i)
        case .load: emitLoad(i)
        case .store: emitStore(i)
        case .loadReserved: emitLoadReserved(i)
        case .storeConditional: emitStoreConditional(i)
        case .atomic: emitAtomic(i)
        case .compareAndSwap: emitCompareAndSwap(i)
        case .fence: emitFence()
        case .checkFloat: emitCheckFloat(i)
        case .float: emitFloat(i)
        case .readFlags: emitReadFlags(i)
        case .writeFlags: emitWriteFlags(i)
        case .branch: emitBranch(i)
        case .jump: emitJump(i)
        case .jumpRegister: emitJumpRegister(i)
        case .system: emitSystem(i)
        case .interpret: emitInterpret(guest: Int(i.guest))
        }
    }
}

extension IRBlock {
    var last: IRInstruction? { count > 0 ? instructions[count &- 1] : nil }
}

/// Places and scratch registers.
extension Emitter {
    static func bit(_ register: HostRegister) -> UInt16 { 1 &<< UInt16(register.rawValue) }

    mutating func releaseAll() {
        taken = 0
        usedWords = 0
        homes = .init(repeating: 0xff)
    }

    /// After its last use within the guest instruction a temporary's register is free again.
    mutating func releaseDying(_ i: IRInstruction) {
        release(i.a)
        release(i.b)
        release(i.c)
    }
    private mutating func release(_ place: Place) {
        guard place.isTemporary, homes[place.index] < 0x80 else { return }
        var later = index &+ 1
        while later < count, instructions[later].guest == instructions[index].guest {
            let i = instructions[later]
            if i.a == place || i.b == place || i.c == place { return }
            later &+= 1
        }
        taken &= ~(1 &<< UInt16(homes[place.index]))
        homes[place.index] = 0xff
    }

    /// A register for the operation at hand; give it back with `free`.
    mutating func scratch() -> HostRegister {
        let register: HostRegister
        if taken & Self.bit(.rax) == 0 {
            register = .rax
        } else if taken & Self.bit(.rdx) == 0 {
            register = .rdx
        } else if taken & Self.bit(.rcx) == 0 {
            register = .rcx
        } else {
            precondition(
                taken & Self.bit(.r15) == 0,
                "an operation needs at most two registers beside two temporaries")
            register = .r15
        }
        claim(register)
        return register
    }
    /// Takes this very register, which no temporary holds.
    mutating func claim(_ register: HostRegister) {
        taken |= Self.bit(register)
        if register == .rcx { liveGroup[0] = 0 }
        if register == .r15 { liveGroup[1] = 0 }
    }
    mutating func free(_ register: HostRegister) { taken &= ~Self.bit(register) }

    /// The register or memory that holds an x-register or a temporary.
    func operand(_ place: Place) -> HostOperand {
        if place.isX {
            if let host = map.host(x: place.index) { return .register(host) }
            return .memory(.at(.rbp, StateLayout.x(place.index)))
        }
        if place.isF {
            return .memory(.at(.rbp, StateLayout.f(place.index)))
        }
        let home = homes[place.index]
        precondition(home != 0xff, "a temporary is read after it was made")
        if home & 0x80 != 0 {
            return .memory(.at(.rbp, StateLayout.scratch(Int(home & 0x7f))))
        }
        return .register(HostRegister(rawValue: home).unsafelyUnwrapped)
    }

    /// A register in which to make the value of `place`; `finish` then puts it there.
    mutating func target(_ place: Place) -> HostRegister {
        if place.isX, let host = map.host(x: place.index) { return host }
        if place.isTemporary {
            let register = scratch()
            if register == .rax || register == .rdx { homes[place.index] = register.rawValue }
            return register
        }
        return scratch()
    }
    mutating func finish(_ place: Place, _ register: HostRegister) {
        if place.isX {
            if map.host(x: place.index) != nil { return }
            if place.index != 0 { asm.store(.at(.rbp, StateLayout.x(place.index)), register) }
            return free(register)
        }
        if place.isTemporary {
            if homes[place.index] == register.rawValue { return }
            spill(place.index, register)
            return free(register)
        }
        if place.isF {
            setVector(place, from: register)
            return free(register)
        }
        free(register)
    }

    /// Gives a temporary a scratch word instead of a register.
    mutating func spill(_ temporary: Int, _ register: HostRegister) {
        precondition(usedWords < StateLayout.temporaryWords, "temporaries fit their words")
        homes[temporary] = 0x80 | UInt8(usedWords)
        asm.store(.at(.rbp, StateLayout.scratch(usedWords)), register)
        usedWords &+= 1
    }

    /// The value in a register: its own, or a scratch one that `done` frees.
    mutating func inRegister(_ place: Place, immediate: Int64 = 0) -> HostRegister {
        if place == .immediate {
            let register = scratch()
            asm.mov(register, imm: UInt64(bitPattern: immediate))
            return register
        }
        if place == .x(0) {
            let register = scratch()
            asm.mov(register, imm: 0)
            return register
        }
        if place.isF, let vector = map.host(f: place.index) {
            let register = scratch()
            asm.movq(register, vector)
            return register
        }
        switch operand(place) {
        case .register(let register): return register
        case .memory(let memory):
            let register = scratch()
            asm.load(register, memory)
            return register
        }
    }
    /// Frees what `inRegister` took.
    mutating func done(_ place: Place, _ register: HostRegister) {
        if place.isTemporary, homes[place.index] == register.rawValue { return }
        if place.isX, map.host(x: place.index) == register { return }
        free(register)
    }
    static func fits(_ value: Int64) -> Bool { Int64(Int32(truncatingIfNeeded: value)) == value }
}
