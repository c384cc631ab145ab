import Testing
import Translator

/// A buffer that an assembler writes to, and the code in it afterwards.
// SAFETY: the buffer lives as long as `body` runs; the tests write less than its size.
private func code(
    executableOffset: Int = 0, _ body: (inout Assembler) -> Void
) -> [UInt8] {
    unsafe withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 64) { buffer in
        guard let base = buffer.baseAddress else { return [] }
        let start = unsafe base.assumingMemoryBound(to: UInt8.self)
        var assembler = unsafe Assembler(cursor: start, executableOffset: executableOffset)
        body(&assembler)
        return unsafe (0..<assembler.cursor - start).map { unsafe start[$0] }
    }
}

@Suite("The assembler's jumps, calls and labels")
struct ControlEncodingTests {
    @Test func registersAndMemory() throws {
        var recorder = EncodingRecorder()
        for r in HostRegister.allCases {
            recorder.record("push \(r)") { $0.push(r) }
            recorder.record("pop \(r)") { $0.pop(r) }
            recorder.record("call \(r)") { $0.call(r) }
            recorder.record("jmp \(r)") { $0.jmp(r) }
            recorder.record("wrgsbase \(r)") { $0.wrgsbase(r) }
            recorder.record("rdgsbase \(r)") { $0.rdgsbase(r) }
        }
        for m in HostMemory.samples {
            recorder.record("jmp \(m.name())") { $0.jmp(m) }
            recorder.record("call \(m.name())") { $0.call(m) }
        }
        recorder.record("ret") { $0.ret() }
        recorder.record("int3") { $0.int3() }
        try recorder.check()
    }

    @Test func absoluteTargetsAreRelativeToTheExecutableView() {
        let bytes = code(executableOffset: 0x1000) { assembler in
            let start = assembler.here
            assembler.jmp(address: start + 0x105)
            assembler.call(address: start)
            assembler.jcc(.ne, address: start + 16)
            #expect(assembler.here == start + 16)
        }
        #expect(
            bytes == [
                0xe9, 0, 1, 0, 0, 0xe8, 0xf6, 0xff, 0xff, 0xff, 0x0f, 0x85, 0, 0, 0, 0,
            ])
    }

    @Test func labelsGoForwardAndBackward() {
        let bytes = code { assembler in
            var top = Label()
            var end = Label()
            assembler.bind(&top)
            assembler.jcc(.e, &end)
            assembler.jccShort(.l, &end)
            assembler.jmp(&end)
            assembler.jmpShort(&end)
            assembler.jmp(&top)
            assembler.jmpShort(&top)
            assembler.bind(&end)
            assembler.jccShort(.g, &end)
        }
        #expect(
            bytes == [
                0x0f, 0x84, 16, 0, 0, 0, 0x7c, 14, 0xe9, 9, 0, 0, 0, 0xeb, 7,
                0xe9, 0xec, 0xff, 0xff, 0xff, 0xeb, 0xea, 0x7f, 0xfe,
            ])
    }

    @Test func aPatchedJumpGoesElsewhere() {
        let bytes = code(executableOffset: 64) { assembler in
            let start = assembler.here
            assembler.jmp(address: start)
            unsafe Assembler.patch(
                jumpAt: assembler.cursor - 4, executableOffset: 64, to: start + 0x205)
        }
        #expect(bytes == [0xe9, 0, 2, 0, 0])
    }

    @Test func gapsAreFilledWithFewNops() throws {
        for count in 1...31 {
            let bytes = code { assembler in
                for _ in 0..<32 - count { assembler.int3() }
                assembler.align(to: 32)
            }
            #expect(bytes.count == 32)
        }
        var recorder = EncodingRecorder()
        let names = [
            "nop", "xchg ax, ax", "nop dword ptr [rax]", ".byte 0x0f,0x1f,0x40,0",
            ".byte 0x0f,0x1f,0x44,0,0", ".byte 0x66,0x0f,0x1f,0x44,0,0",
            ".byte 0x0f,0x1f,0x80,0,0,0,0", ".byte 0x0f,0x1f,0x84,0,0,0,0,0",
            ".byte 0x66,0x0f,0x1f,0x84,0,0,0,0,0",
        ]
        for (index, name) in names.enumerated() {
            recorder.record(name) { $0.nop(bytes: index + 1) }
        }
        try recorder.check()
    }
}
