import Testing
import Translator

@Suite("The assembler's integer instructions, held against the toolchain's")
struct IntegerEncodingTests {
    private static let wide: [OperandSize] = [.word, .long, .quad]
    private static let long: [OperandSize] = [.long, .quad]

    @Test func moves() throws {
        var recorder = EncodingRecorder()
        for size in OperandSize.allCases {
            for d in HostRegister.allCases {
                for s in HostRegister.allCases where size != .quad || d != s {
                    recorder.record("mov \(d.name(size)), \(s.name(size))") { $0.mov(d, s, size) }
                }
                for m in HostMemory.few {
                    recorder.record("mov \(m.name(size)), \(d.name(size))") { $0.store(m, d, size) }
                    let to = size == .quad ? d.name() : d.name(.long)
                    let move = size == .byte || size == .word ? "movzx" : "mov"
                    recorder.record("\(move) \(to), \(m.name(size))") { $0.load(d, m, size) }
                }
            }
            for m in HostMemory.few {
                let imm: Int32 = size == .byte ? -5 : size == .word ? 0x1234 : -70000
                recorder.record("mov \(m.name(size)), \(imm)") { $0.store(m, imm: imm, size) }
            }
        }
        try recorder.check()
    }

    @Test func everyAddress() throws {
        var recorder = EncodingRecorder()
        for (index, m) in HostMemory.samples.enumerated() {
            let r = HostRegister.allCases[index & 15]
            recorder.record("mov \(r), \(m.name())") { $0.load(r, m) }
            recorder.record("mov \(m.name(.byte)), \(r.name(.byte))") { $0.store(m, r, .byte) }
            if !m.isGS { recorder.record("lea \(r), \(m.name())") { $0.lea(r, m) } }
            recorder.record("add \(m.name(.long)), 1000") {
                $0.alu(.add, .memory(m), imm: 1000, .long)
            }
            recorder.record("shlx \(r), \(m.name()), rcx") { $0.shlx(r, .memory(m), .rcx) }
        }
        try recorder.check()
    }

    @Test func constants() throws {
        var recorder = EncodingRecorder()
        let values: [UInt64] = [
            0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 0xffff_ffff_8000_0000,
            .max, 0xffff_ffff_7fff_ffff, 0x7ff8_0000_0000_0000,
        ]
        for d in HostRegister.allCases {
            for value in values {
                let text =
                    value >> 32 == 0
                    ? "mov \(d.name(.long)), \(value)" : "mov \(d), \(Int64(bitPattern: value))"
                recorder.record(text) { $0.mov(d, imm: value) }
            }
        }
        try recorder.check()
    }

    @Test func extensions() throws {
        var recorder = EncodingRecorder()
        for d in HostRegister.allCases {
            for s in HostOperand.few {
                for size in [OperandSize.byte, .word] {
                    recorder.record("movzx \(d.name(.long)), \(s.name(size))") {
                        $0.zeroExtend(d, s, from: size)
                    }
                    recorder.record("movsx \(d), \(s.name(size))") {
                        $0.signExtend(d, s, from: size)
                    }
                }
                recorder.record("mov \(d.name(.long)), \(s.name(.long))") {
                    $0.zeroExtend(d, s, from: .long)
                }
                recorder.record("movsxd \(d), \(s.name(.long))") {
                    $0.signExtend(d, s, from: .long)
                }
            }
        }
        try recorder.check()
    }

    @Test func arithmetic() throws {
        var recorder = EncodingRecorder()
        for size in OperandSize.allCases {
            for op in ALU.allCases {
                for s in HostOperand.few {
                    for d: HostRegister in [.rax, .rsi, .r8, .r15] {
                        recorder.record("\(op) \(d.name(size)), \(s.name(size))") {
                            $0.alu(op, d, s, size)
                        }
                    }
                    for imm: Int32 in [0, 1, -128, 127] {
                        recorder.record("\(op) \(s.name(size)), \(imm)") {
                            $0.alu(op, s, imm: imm, size)
                        }
                    }
                    guard size != .byte else { continue }
                    for imm: Int32 in size == .word ? [1000] : [128, -129, 0x1234_5678] {
                        recorder.record("\(op) \(s.name(size)), \(imm)") {
                            $0.alu(op, s, imm: imm, size)
                        }
                    }
                }
                for m in HostMemory.few {
                    for s: HostRegister in [.rax, .rdi, .r9] {
                        recorder.record("\(op) \(m.name(size)), \(s.name(size))") {
                            $0.alu(op, m, s, size)
                        }
                        guard op != .cmp else { continue }
                        recorder.record("lock \(op) \(m.name(size)), \(s.name(size))") {
                            $0.aluLocked(op, m, s, size)
                        }
                    }
                }
            }
        }
        try recorder.check()
    }

    @Test func testsAndUnaries() throws {
        var recorder = EncodingRecorder()
        for size in OperandSize.allCases {
            for a in HostRegister.allCases {
                for b in HostRegister.allCases {
                    recorder.record("test \(a.name(size)), \(b.name(size))") { $0.test(a, b, size) }
                }
            }
            for s in HostOperand.few {
                let name = s.name(size)
                recorder.record("test \(name), 64") { $0.test(s, imm: 64, size) }
                recorder.record("not \(name)") { $0.not(s, size) }
                recorder.record("neg \(name)") { $0.neg(s, size) }
                recorder.record("mul \(name)") { $0.mul(s, size) }
                recorder.record("imul \(name)") { $0.imul1(s, size) }
                recorder.record("div \(name)") { $0.div(s, size) }
                recorder.record("idiv \(name)") { $0.idiv(s, size) }
            }
        }
        recorder.record("cqo") { $0.cqo() }
        recorder.record("cdq") { $0.cdq() }
        try recorder.check()
    }

    @Test func products() throws {
        var recorder = EncodingRecorder()
        for s in HostOperand.few {
            for d: HostRegister in [.rax, .rsp, .r10, .rdi] {
                for size in Self.wide {
                    let names = "\(d.name(size)), \(s.name(size))"
                    recorder.record("imul \(names)") { $0.imul(d, s, size) }
                    recorder.record("imul \(names), -7") { $0.imul(d, s, imm: -7, size) }
                    recorder.record("imul \(names), 1000") { $0.imul(d, s, imm: 1000, size) }
                }
                for low: HostRegister in [.rcx, .r9] {
                    recorder.record("mulx \(d), \(low), \(s.name())") {
                        $0.mulx(high: d, low: low, s)
                    }
                }
            }
        }
        try recorder.check()
    }

    @Test func conditions() throws {
        var recorder = EncodingRecorder()
        for c in Condition.allCases {
            for d in HostRegister.allCases {
                recorder.record("set\(c) \(d.name(.byte))") { $0.setcc(c, d) }
            }
            for s in HostOperand.few {
                for size in Self.wide {
                    recorder.record(
                        "cmov\(c) r11\(size == .quad ? "" : size == .long ? "d" : "w"), \(s.name(size))"
                    ) {
                        $0.cmov(c, .r11, s, size)
                    }
                }
            }
        }
        try recorder.check()
        #expect(Condition.allCases.allSatisfy { $0.inverted.inverted == $0 })
        #expect(Condition.l.inverted == .ge && Condition.be.inverted == .a)
    }

    @Test func sharedMemory() throws {
        var recorder = EncodingRecorder()
        for size in OperandSize.allCases {
            for m in HostMemory.few {
                for r: HostRegister in [.rax, .rbx, .rsi, .r13] {
                    let names = "\(m.name(size)), \(r.name(size))"
                    recorder.record("xchg \(names)") { $0.xchg(m, r, size) }
                    recorder.record("xadd \(names)") { $0.xadd(m, r, size, lock: false) }
                    recorder.record("lock xadd \(names)") { $0.xadd(m, r, size, lock: true) }
                    recorder.record("cmpxchg \(names)") { $0.cmpxchg(m, r, size, lock: false) }
                    recorder.record("lock cmpxchg \(names)") {
                        $0.cmpxchg(m, r, size, lock: true)
                    }
                }
            }
        }
        recorder.record("mfence") { $0.mfence() }
        try recorder.check()
    }

    @Test func shifts() throws {
        var recorder = EncodingRecorder()
        for size in OperandSize.allCases {
            for s in HostOperand.few {
                for op in Shift.allCases {
                    recorder.record("\(op) \(s.name(size)), 5") { $0.shift(op, s, by: 5, size) }
                    recorder.record("\(op) \(s.name(size)), 1") { $0.shift(op, s, by: 1, size) }
                    recorder.record("\(op) \(s.name(size)), cl") { $0.shiftCL(op, s, size) }
                }
            }
        }
        for size in Self.long {
            for s in HostOperand.few {
                for d: HostRegister in [.rax, .r14, .rdi] {
                    let names = "\(d.name(size)), \(s.name(size))"
                    for count: HostRegister in [.rcx, .r8] {
                        let all = "\(names), \(count.name(size))"
                        recorder.record("shlx \(all)") { $0.shlx(d, s, count, size) }
                        recorder.record("shrx \(all)") { $0.shrx(d, s, count, size) }
                        recorder.record("sarx \(all)") { $0.sarx(d, s, count, size) }
                        recorder.record(
                            "andn \(d.name(size)), \(count.name(size)), \(s.name(size))"
                        ) {
                            $0.andn(d, count, s, size)
                        }
                    }
                    recorder.record("rorx \(names), 17") { $0.rorx(d, s, by: 17, size) }
                }
            }
        }
        try recorder.check()
    }

    @Test func bits() throws {
        var recorder = EncodingRecorder()
        for size in Self.wide {
            for d in HostRegister.allCases {
                let name = d.name(size)
                recorder.record("bt \(name), 9") { $0.bt(d, imm: 9, size) }
                recorder.record("bts \(name), 9") { $0.bts(d, imm: 9, size) }
                recorder.record("btr \(name), 9") { $0.btr(d, imm: 9, size) }
                recorder.record("btc \(name), 9") { $0.btc(d, imm: 9, size) }
                for s: HostRegister in [.rdx, .r15] {
                    let names = "\(name), \(s.name(size))"
                    recorder.record("bt \(names)") { $0.bt(d, s, size) }
                    recorder.record("bts \(names)") { $0.bts(d, s, size) }
                    recorder.record("btr \(names)") { $0.btr(d, s, size) }
                    recorder.record("btc \(names)") { $0.btc(d, s, size) }
                }
                if size != .word { recorder.record("bswap \(name)") { $0.bswap(d, size) } }
                for s in HostOperand.few {
                    let names = "\(name), \(s.name(size))"
                    recorder.record("lzcnt \(names)") { $0.lzcnt(d, s, size) }
                    recorder.record("tzcnt \(names)") { $0.tzcnt(d, s, size) }
                    recorder.record("popcnt \(names)") { $0.popcnt(d, s, size) }
                }
            }
        }
        try recorder.check()
    }
}
