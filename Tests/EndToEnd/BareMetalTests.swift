import Foundation
import Hull
import TestKit
import Testing

/// Programs without an operating system, which end by the host-target interface or the finisher.
@Suite struct BareMetalTests {
    /// Assembles a program for M-mode and runs it; returns what it printed and its exit code.
    static func run(
        _ source: String, on engine: Configuration.Engine = .interpreter,
        _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> (text: String, exitCode: UInt8) {
        let program = try Toolchain.link(
            """
            .globl _start
            _start:
            \(source)
            1:  j 1b
            .section .tohost, "aw"
            .balign 64
            .globl tohost
            tohost: .dword 0
            .balign 64
            .globl fromhost
            fromhost: .dword 0
            """,
            linkerFlags: ["-Ttext=0x80000000", "--section-start=.tohost=0x80001000"])
        let file = NSTemporaryDirectory() + "/hull-bare-\(UUID().uuidString)"
        try Data(program).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        var configuration = Configuration(image: file)
        configuration.firmware = .none
        configuration.memoryBytes = 16 << 20
        configuration.timeoutSeconds = 60
        configuration.engine = engine
        change(&configuration)
        let machine = try VirtualMachine(configuration)
        let exitCode = try machine.run()
        return (machine.readAvailable(), exitCode)
    }

    @Test(
        arguments: [(0, 0), (1, 1), (42, 42), (255, 255), (1000, 255)],
        Configuration.Engine.allCases)
    func toHostEndsTheRun(_ codes: (Int, Int), on engine: Configuration.Engine) throws {
        let (code, exitCode) = codes
        let end = try Self.run(
            """
            la t0, tohost
            li t1, (\(code) << 1) | 1
            sd t1, 0(t0)
            """, on: engine)
        #expect(end.exitCode == UInt8(exitCode))
    }

    @Test(arguments: Configuration.Engine.allCases)
    func storesBesideToHostAreNoCommands(_ engine: Configuration.Engine) throws {
        let end = try Self.run(
            """
            la t0, tohost
            li t1, 7
            sd t1, 8(t0)
            sd t1, 72(t0)
            amoadd.d t2, t1, (t0)
            """, on: engine)
        #expect(end.exitCode == 3)
    }

    @Test(arguments: Configuration.Engine.allCases)
    func consoleAndWriteCallPrint(_ engine: Configuration.Engine) throws {
        let end = try Self.run(
            """
            la t0, tohost
            la t3, fromhost
            li t1, (0x0101 << 48) | 'H'
            sd t1, 0(t0)
            2:  ld t2, 0(t0)
            bnez t2, 2b
            la t4, block
            sd t4, 0(t0)
            2:  ld t2, 0(t3)
            beqz t2, 2b
            ld t5, 0(t4)
            slli t5, t5, 1
            ori t5, t5, 1
            sd t5, 0(t0)
            j 1f
            .data
            .balign 64
            block: .dword 64, 1, text, 4
            text: .ascii "ull\\n"
            .text
            """, on: engine)
        #expect(end.text == "Hull\n")
        // What the call returned: how many bytes it wrote.
        #expect(end.exitCode == 4)
    }

    @Test(arguments: Configuration.Engine.allCases)
    func everyHartRuns(_ engine: Configuration.Engine) throws {
        let end = try Self.run(
            """
            csrr t0, mhartid
            la t1, counter
            li t2, 1
            amoadd.w t3, t2, (t1)
            bnez t0, 1f
            2:  lw t3, 0(t1)
            li t4, 4
            bne t3, t4, 2b
            la t0, tohost
            li t1, (21 << 1) | 1
            sd t1, 0(t0)
            j 1f
            .data
            .balign 64
            counter: .dword 0
            .text
            """, on: engine
        ) { $0.hartCount = 4 }
        #expect(end.exitCode == 21)
    }

    @Test(arguments: Configuration.Engine.allCases)
    func machineTimerWakesAWaitingHart(_ engine: Configuration.Engine) throws {
        for clock in [Configuration.Clock.host, .instructions(megahertz: 10)] {
            let end = try Self.run(
                """
                la t0, 2f
                csrw mtvec, t0
                li t0, 0x0200bff8
                ld t1, 0(t0)
                li t2, 20000
                add t1, t1, t2
                li t0, 0x02004000
                sd t1, 0(t0)
                li t0, 0x80
                csrw mie, t0
                csrsi mstatus, 8
                3: wfi
                j 3b
                .balign 4
                2: csrr t0, mcause
                andi t1, t0, 0xff
                la t0, tohost
                slli t1, t1, 1
                ori t1, t1, 1
                sd t1, 0(t0)
                """, on: engine
            ) { $0.clock = clock }
            #expect(end.exitCode == 7)
        }
    }
}
