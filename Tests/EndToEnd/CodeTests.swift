import Foundation
import Hull
import TestKit
import Testing

/// Code that is also data: what a translator has to notice.
@Suite struct CodeTests {
    /// Runs a program that ends with a0 as its exit code; long enough for its loops to be translated.
    private func run(
        _ source: String, _ engine: Configuration.Engine,
        _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> UInt8 {
        try BareMetalTests.run(
            source + """

                3:  slli a0, a0, 1
                ori a0, a0, 1
                la t0, tohost
                sd a0, 0(t0)
                """, on: engine, change
        ).exitCode
    }

    /// A loop writes the immediate of an `addi` that it then runs; engines see stores even without
    /// `fence.i`.
    @Test(arguments: Configuration.Engine.allCases, ["fence.i", "nop"])
    func codeWritesItself(_ engine: Configuration.Engine, _ fence: String) throws {
        let code = try run(
            """
            li s0, 1000
            li s1, 0
            la s2, patch
            li s3, 0x513
            2:  slli t0, s0, 20
            or t0, t0, s3
            sw t0, 0(s2)
            \(fence)
            .option norvc
            patch: li a0, 0
            .option rvc
            add s1, s1, a0
            addi s0, s0, -1
            bnez s0, 2b
            li t0, 500500
            sub a0, s1, t0
            """, engine)
        #expect(code == 0)
    }

    /// The upper half of `lui a1, 0x5050` is `c.addi a0, 1`.
    @Test(arguments: Configuration.Engine.allCases)
    func branchesLeadIntoTheMiddleOfAnInstruction(_ engine: Configuration.Engine) throws {
        let code = try run(
            """
            li s0, 5000
            li a0, 0
            la t0, middle
            2:  andi t1, s0, 1
            slli t1, t1, 1
            add t1, t1, t0
            jr t1
            middle: .word 0x050505b7
            addi s0, s0, -1
            bnez s0, 2b
            li t0, 2500
            sub a0, a0, t0
            li t0, 0x5050000
            sub a1, a1, t0
            or a0, a0, a1
            """, engine)
        #expect(code == 0)
    }

    @Test(arguments: Configuration.Engine.allCases)
    func codeAndDataShareAPage(_ engine: Configuration.Engine) throws {
        let code = try run(
            """
            li s0, 20000
            la s1, count
            2:  ld t0, 0(s1)
            addi t0, t0, 1
            sd t0, 0(s1)
            lw t1, 8(s1)
            add t1, t1, s0
            sw t1, 8(s1)
            addi s0, s0, -1
            bnez s0, 2b
            li t2, 20000
            bne t0, t2, 4f
            // 20000 · 20001 / 2, less 2³² once.
            li t2, 200010000
            bne t1, t2, 4f
            li a0, 7
            j 3f
            .balign 8
            count: .dword 0, 0
            4:  li a0, 1
            """, engine)
        #expect(code == 7)
    }

    /// The sum over a program's own code stays what it was while the code gets hot, and changes with it.
    @Test(arguments: Configuration.Engine.allCases)
    func codeChecksItsOwnSum(_ engine: Configuration.Engine) throws {
        let code = try run(
            """
            li s0, 200
            call sum
            mv s1, a0
            2:  call sum
            bne a0, s1, 4f
            addi s0, s0, -1
            bnez s0, 2b
            la t0, end
            lw t1, -4(t0)
            addi t1, t1, 5
            sw t1, -4(t0)
            fence.i
            call sum
            sub a0, a0, s1
            j 3f
            sum:
            la t0, _start
            la t1, end
            li a0, 0
            5:  lwu t2, 0(t0)
            add a0, a0, t2
            addi t0, t0, 4
            bltu t0, t1, 5b
            ret
            .balign 4
            .word 0x1234
            end:
            4:  li a0, 99
            """, engine)
        #expect(code == 5)
    }

    /// Hart 1 calls a function until it answers otherwise, because hart 0 has written it meanwhile.
    @Test(arguments: Configuration.Engine.allCases, ["fence.i", "nop"])
    func anotherHartWritesCode(_ engine: Configuration.Engine, _ fence: String) throws {
        let code = try run(
            """
            csrr t0, mhartid
            la s0, calls
            la s1, function
            bnez t0, caller
            // Until hart 1 has called it often.
            li t1, 50000
            2:  ld t0, 0(s0)
            bltu t0, t1, 2b
            li t0, 0x02100513
            sw t0, 0(s1)
            fence
            2:  j 2b
            caller:
            2:  \(fence)
            call function
            ld t0, 0(s0)
            addi t0, t0, 1
            sd t0, 0(s0)
            li t1, 0x21
            bne a0, t1, 2b
            j 3f
            .balign 4
            .option norvc
            function: li a0, 1
            ret
            .option rvc
            .data
            // Apart from tohost, whose page is watched.
            .balign 4096
            calls: .dword 0
            .text
            """, engine
        ) { $0.hartCount = 2 }
        #expect(code == 0x21)
    }

    /// Two harts hand a function back and forth: hart 0 writes it anew and says so, hart 1 fences, calls
    /// it and compares. A hart that runs old code, or a store that nobody noticed, ends the run.
    @Test(arguments: Configuration.Engine.allCases)
    func hartsWriteCodeForEachOther(_ engine: Configuration.Engine) throws {
        let code = try run(
            """
            csrr t0, mhartid
            la s0, turn
            la s1, function
            li s2, 0
            li s3, 3000
            li s4, 0x00000513
            bnez t0, caller
            writer:
            addi s2, s2, 1
            andi t0, s2, 0x3ff
            slli t0, t0, 20
            or t0, t0, s4
            sw t0, 0(s1)
            fence rw, rw
            sd s2, 0(s0)
            2:  ld t0, 8(s0)
            .insn 0x0100000f
            bne t0, s2, 2b
            bne s2, s3, writer
            2:  j 2b
            caller:
            addi s2, s2, 1
            2:  ld t0, 0(s0)
            .insn 0x0100000f
            bne t0, s2, 2b
            fence rw, rw
            fence.i
            call function
            andi t1, s2, 0x3ff
            bne a0, t1, failed
            sd s2, 8(s0)
            bne s2, s3, caller
            li a0, 0x2a
            j 3f
            failed:
            li a0, 1
            j 3f
            .balign 4
            .option norvc
            function: li a0, 0
            ret
            .option rvc
            .data
            .balign 4096
            turn: .dword 0, 0
            .text
            """, engine
        ) { $0.hartCount = 2 }
        #expect(code == 0x2a)
    }

    /// A loop of which each turn crosses from one page into the next and back.
    @Test(arguments: Configuration.Engine.allCases, [0, 2])
    func aHotLoopLiesAcrossAPageEnd(_ engine: Configuration.Engine, _ shift: Int) throws {
        let code = try run(
            """
            li s0, 100000
            li s1, 0
            la t0, loop
            jalr t0
            li t0, 300000
            sub a0, s1, t0
            j 3f
            .section .loop, "ax"
            .balign 4096
            .skip 4096 - 12 + \(shift)
            .option norvc
            loop: addi s1, s1, 1
            addi s0, s0, -1
            addi s1, s1, 1
            addi s1, s1, 1
            bnez s0, loop
            ret
            .text
            """, engine)
        #expect(code == 0)
    }

    /// A drive's sectors are read over a function that is hot by then.
    @Test(arguments: Configuration.Engine.allCases, ["fence.i", "nop"])
    func aDeviceWritesCode(_ engine: Configuration.Engine, _ fence: String) throws {
        func sector(_ words: [UInt32]) -> Data {
            var data = Data(
                words.flatMap { word in
                    (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
                })
            data.append(Data(count: 512 - data.count))
            return data
        }
        // li a0, 2; ret. li a0, 3; ret.
        let drive = sector([0x0020_0513, 0x0000_8067]) + sector([0x0030_0513, 0x0000_8067])
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("drive.img")
            try drive.write(to: file)
            let code = try run(Self.readsCode(fence), engine) {
                $0.drives = [.init(file.path, isReadOnly: true)]
            }
            #expect(code == 0)
        }
    }

    /// Sets up a virtio block device (virtio 1.2, §3.1.1), then calls and replaces a function.
    private static func readsCode(_ fence: String) -> String {
        """
        li s2, 0x10001000
        la s3, ring
        li t1, 1
        sw t1, 0x70(s2)
        li t0, 3
        sw t0, 0x70(s2)
        sw t1, 0x24(s2)
        sw t1, 0x20(s2)
        li t0, 11
        sw t0, 0x70(s2)
        sw zero, 0x30(s2)
        li t0, 8
        sw t0, 0x38(s2)
        sw s3, 0x80(s2)
        addi t0, s3, 0x400
        sw t0, 0x90(s2)
        addi s6, t0, 0x400
        sw s6, 0xa0(s2)
        sw t1, 0x44(s2)
        li t0, 15
        sw t0, 0x70(s2)
        li s4, 0
        li s5, 0
        4:  li s0, 10000
        5:  call function
        add s4, s4, a0
        addi s0, s0, -1
        bnez s0, 5b
        li t0, 2
        beq s5, t0, 6f
        // Sector s5 goes over the function.
        la t0, header
        sd s5, 8(t0)
        addi s5, s5, 1
        sh s5, 0x402(s3)
        fence
        sw zero, 0x50(s2)
        7:  lhu t0, 2(s6)
        bne t0, s5, 7b
        \(fence)
        j 4b
        6:  li t0, 60000
        sub a0, s4, t0
        j 3f
        .balign 512
        .option norvc
        function: li a0, 1
        ret
        .option rvc
        .balign 512
        .data
        .balign 4096
        ring: .dword header
        .word 16, 0x00010001
        .dword function
        .word 512, 0x00020003
        .dword status
        .word 1, 2
        .balign 1024
        .dword 0, 0, 0
        .balign 1024
        .skip 1024
        header: .dword 0, 0
        status: .dword 0
        .text

        """
    }
}
