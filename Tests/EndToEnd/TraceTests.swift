import Foundation
import Hull
import TestKit
import Testing

@Suite struct TraceTests {
    private func trace(
        _ kinds: Set<Configuration.TraceKind>, _ source: String,
        _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> [String] {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("trace").path
            _ = try BareMetalTests.run(source) {
                $0.trace = kinds
                $0.traceFile = file
                change(&$0)
            }
            return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
                .map(String.init)
        }
    }

    /// Lines as Spike 1.1 writes them with `--log-commits`.
    @Test func commitsAreSpikes() throws {
        let lines = try trace(
            [.commits],
            """
            auipc t0, 0
            li a0, -3
            la t1, tohost
            lw t2, 8(t1)
            sh a0, 16(t1)
            amoadd.w t3, a0, 24(t1)
            csrw mscratch, a0
            li t2, 3
            sd t2, 0(t1)
            """.replacingOccurrences(
                of: "amoadd.w t3, a0, 24(t1)", with: "addi t4, t1, 24\namoadd.w t3, a0, (t4)"))
        // Behind the six instructions of the reset ROM.
        let own = lines.dropFirst(6).prefix(11).map { $0 }
        #expect(lines[0] == "core   0: 3 0x0000000000001000 (0x00000297) x5  0x0000000000001000")
        #expect(lines[5] == "core   0: 3 0x0000000000001014 (0x00028067)")
        #expect(own[0] == "core   0: 3 0x0000000080000000 (0x00000297) x5  0x0000000080000000")
        #expect(own[1] == "core   0: 3 0x0000000080000004 (0x5575) x10 0xfffffffffffffffd")
        #expect(own.contains { $0.hasSuffix("x7  0x0000000000000000 mem 0x0000000080001008") })
        #expect(own.contains { $0.hasSuffix(" mem 0x0000000080001010 0xfffd") })
        #expect(
            own.contains {
                $0.hasSuffix(
                    "x28 0x0000000000000000 mem 0x0000000080001018 mem 0x0000000080001018 0xfffffffd"
                )
            })
        #expect(own.contains { $0.hasSuffix(" c832_mscratch 0xfffffffffffffffd") })
    }

    @Test func exceptionsAreSpikes() throws {
        let lines = try trace(
            [.exceptions],
            """
            la t0, 2f
            csrw mtvec, t0
            li t1, 0x40000000
            lw t2, 4(t1)
            ecall
            la t0, tohost
            li t1, 3
            sd t1, 0(t0)
            j 1f
            .balign 4
            2: csrr t3, mepc
            addi t3, t3, 4
            csrw mepc, t3
            mret
            """)
        #expect(lines.count == 3)
        #expect(
            lines[0].hasPrefix("core   0: exception trap_load_access_fault, epc 0x00000000800000"))
        #expect(lines[1] == "core   0:           tval 0x0000000040000004")
        #expect(lines[2].hasPrefix("core   0: exception trap_machine_ecall, epc 0x00000000800000"))
    }

    @Test func symbolsNameAddresses() throws {
        let lines = try trace(
            [.instructions, .mmio],
            """
            li t0, 0x10000000
            li t1, 'x'
            sb t1, 0(t0)
            la t0, tohost
            li t1, 3
            sd t1, 0(t0)
            """)
        #expect(lines.contains { $0.contains("0x80000000 <_start>") && $0.contains("lui") })
        #expect(lines.contains("hart 0  store of 1 bytes at 0x10000000 (UART) <- 0x78"))
    }

    @Test func disassemblyKnowsSymbols() throws {
        let program = try Toolchain.link(
            """
            .globl _start
            _start: addi a0, a1, 5
            call other
            .globl other
            other: ret
            """, linkerFlags: ["-Ttext=0x80000000"])
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("program")
            try Data(program).write(to: file)
            let all = try Toolchain.runBuilt("hull", ["disassemble", file.path])
            #expect(all.status == 0)
            #expect(
                all.text.contains(
                    "0000000080000000 <_start>:\\n".replacingOccurrences(of: "\\n", with: "\n")))
            #expect(all.text.contains("addi\ta0, a1, 5") || all.text.contains("addi a0, a1, 5"))
            let one = try Toolchain.runBuilt(
                "hull", ["disassemble", file.path, "--at", "other", "--count", "1"])
            #expect(one.text.contains("<other>:"))
            #expect(one.text.contains("ret"))
            #expect(!one.text.contains("addi"))
            let none = try Toolchain.runBuilt("hull", ["disassemble", file.path, "--at", "0x1234"])
            #expect(none.status == 64)
        }
    }
}
