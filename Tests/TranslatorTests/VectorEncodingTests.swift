import Testing
import Translator

@Suite("The assembler's vector instructions, held against the toolchain's")
struct VectorEncodingTests {
    private static let some: [HostVector] = [.xmm0, .xmm5, .xmm8, .xmm15]
    private static func size(_ isDouble: Bool) -> OperandSize { isDouble ? .quad : .long }
    private static func suffix(_ isDouble: Bool) -> String { isDouble ? "sd" : "ss" }

    @Test func moves() throws {
        var recorder = EncodingRecorder()
        for v in HostVector.allCases {
            for s in HostVector.allCases where s != v {
                recorder.record("vmovaps \(v), \(s)") { $0.movaps(v, s) }
            }
            for r in HostRegister.allCases {
                recorder.record("movq \(v), \(r)") { $0.movq(v, r) }
                recorder.record("movq \(r), \(v)") { $0.movq(r, v) }
                recorder.record("movd \(v), \(r.name(.long))") { $0.movd(v, r) }
                recorder.record("movd \(r.name(.long)), \(v)") { $0.movd(r, v) }
            }
            for m in HostMemory.few {
                recorder.record("movss \(v), \(m.name(.long))") { $0.loadVector(v, m, .long) }
                recorder.record("movsd \(v), \(m.name())") { $0.loadVector(v, m) }
                recorder.record("movss \(m.name(.long)), \(v)") { $0.storeVector(m, v, .long) }
                recorder.record("movsd \(m.name())  , \(v)") { $0.storeVector(m, v) }
            }
        }
        try recorder.check()
    }

    @Test(arguments: [false, true]) func arithmetic(isDouble: Bool) throws {
        var recorder = EncodingRecorder()
        let size = Self.size(isDouble)
        let suffix = Self.suffix(isDouble)
        for d in Self.some {
            for s in VectorOperand.few {
                let names = "\(d), \(s.name(size))"
                for op in VectorOperation.allCases {
                    recorder.record("\(op)\(suffix) \(names)") {
                        $0.float(op, isDouble: isDouble, d, s)
                    }
                    recorder.record("v\(op)\(suffix) \(d), xmm9, \(s.name(size))") {
                        $0.float(op, isDouble: isDouble, d, .xmm9, s)
                    }
                }
                recorder.record("vucomi\(suffix) \(names)") { $0.ucomi(isDouble: isDouble, d, s) }
                recorder.record("vcomi\(suffix) \(names)") { $0.comi(isDouble: isDouble, d, s) }
                recorder.record("vround\(suffix) \(d), xmm3, \(s.name(size)), 12") {
                    $0.round(isDouble: isDouble, mode: 12, d, .xmm3, s)
                }
                for kind in FusedKind.allCases {
                    for form in FusedForm.allCases {
                        let digits = "\(form)".dropFirst(4)
                        recorder.record("v\(kind)\(digits)\(suffix) \(d), xmm10, \(s.name(size))") {
                            $0.fma(kind, form: form, isDouble: isDouble, d, .xmm10, s)
                        }
                    }
                }
            }
        }
        try recorder.check()
    }

    @Test(arguments: [false, true]) func conversions(isDouble: Bool) throws {
        var recorder = EncodingRecorder()
        let suffix = Self.suffix(isDouble)
        for d in Self.some {
            for s in HostOperand.few {
                for size in [OperandSize.long, .quad] {
                    recorder.record("vcvtsi2\(suffix) \(d), xmm11, \(s.name(size))") {
                        $0.convert(fromInteger: s, size, isDouble: isDouble, d, .xmm11)
                    }
                }
            }
            for s in VectorOperand.few {
                let from = s.name(Self.size(!isDouble))
                let mnemonic = isDouble ? "vcvtss2sd" : "vcvtsd2ss"
                recorder.record("\(mnemonic) \(d), xmm1, \(from)") {
                    $0.convert(toDouble: isDouble, d, .xmm1, s)
                }
            }
        }
        for r in HostRegister.allCases {
            for s in VectorOperand.few {
                for size in [OperandSize.long, .quad] {
                    let names = "\(r.name(size)), \(s.name(Self.size(isDouble)))"
                    recorder.record("cvtt\(suffix)2si \(names)") {
                        $0.convert(toInteger: r, size, isDouble: isDouble, truncates: true, s)
                    }
                    recorder.record("cvt\(suffix)2si \(names)") {
                        $0.convert(toInteger: r, size, isDouble: isDouble, truncates: false, s)
                    }
                }
            }
        }
        try recorder.check()
    }

    @Test func bits() throws {
        var recorder = EncodingRecorder()
        for d in Self.some {
            for s in HostVector.allCases {
                let operand = VectorOperand.vector(s)
                for op in VectorLogic.allCases {
                    recorder.record("\(op)ps \(d), \(s)") { $0.logic(op, d, operand) }
                    recorder.record("v\(op)ps \(d), xmm12, \(s)") {
                        $0.logic(op, d, .xmm12, operand)
                    }
                }
                recorder.record("vpcmpeqd \(d), xmm13, \(s)") { $0.vpcmpeqd(d, .xmm13, operand) }
                recorder.record("vpunpckldq \(d), xmm13, \(s)") {
                    $0.vpunpckldq(d, .xmm13, operand)
                }
                recorder.record("vinsertps \(d), xmm13, \(s), 16") {
                    $0.vinsertps(d, .xmm13, operand, mode: 16)
                }
                recorder.record("vpblendw \(d), xmm13, \(s), 3") {
                    $0.vpblendw(d, .xmm13, operand, mask: 3)
                }
                recorder.record("vpsllq \(d), \(s), 48") { $0.vpsllq(d, s, by: 48) }
                recorder.record("vpsrlq \(d), \(s), 32") { $0.vpsrlq(d, s, by: 32) }
                recorder.record("pclmulqdq \(d), \(s), 16") {
                    $0.pclmulqdq(d, operand, halves: 16)
                }
                recorder.record("vcvtph2ps \(d), \(s)") { $0.vcvtph2ps(d, s) }
                recorder.record("vcvtps2ph \(d), \(s), 4") { $0.vcvtps2ph(d, s, mode: 4) }
            }
            for m in HostMemory.few {
                recorder.record("vinsertps \(d), xmm1, \(m.name(.long)), 0") {
                    $0.vinsertps(d, .xmm1, .memory(m), mode: 0)
                }
            }
            recorder.record("psrldq \(d), 8") { $0.psrldq(d, by: 8) }
            for s in HostOperand.few {
                recorder.record("vpinsrd \(d), xmm13, \(s.name(.long)), 0") {
                    $0.vpinsrd(d, .xmm13, s)
                }
                let half = if case .register = s { s.name(.long) } else { s.name(.word) }
                recorder.record("vpinsrw \(d), xmm13, \(half), 0") { $0.vpinsrw(d, .xmm13, s) }
            }
            for r in HostRegister.allCases {
                recorder.record("vpextrd \(r.name(.long)), \(d), 1") { $0.vpextrd1(r, d) }
            }
            for s in VectorOperand.few {
                recorder.record("vcmpeqsd \(d), xmm13, \(s.name())") {
                    $0.vcmpeq(isDouble: true, d, .xmm13, s)
                }
                recorder.record("vcmpeqss \(d), xmm13, \(s.name(.long))") {
                    $0.vcmpeq(isDouble: false, d, .xmm13, s)
                }
            }
            recorder.record("vpcmpeqd \(d), \(d), \(d)") { $0.ones(d) }
        }
        for m in HostMemory.few {
            recorder.record("ldmxcsr \(m.name(.long))") { $0.ldmxcsr(m) }
            recorder.record("stmxcsr \(m.name(.long))") { $0.stmxcsr(m) }
        }
        try recorder.check()
    }
}
