import CSkiff
import SkiffABI

/// What the self-test runs in user mode.
extension Program {
    static func crash(_ kind: ArraySlice<UInt8>) -> UInt64 {
        let kernel = call(.kernelAddress)
        if kind.equals("load") { return load64(kernel) }
        if kind.equals("store") { store64(kernel, 0) }
        if kind.equals("text") { store64(ProgramMemory.base, 0) }
        if kind.equals("nowhere") { return load64(0x10) }
        if kind.equals("jump") { return user_jump(kernel) }
        if kind.equals("illegal") { user_illegal() }
        if kind.equals("csr") { return csr_read_sstatus() }
        if kind.equals("sret") { user_sret() }
        if kind.equals("sfence") { user_sfence() }
        write("crash: load, store, text, nowhere, jump, illegal, csr, sret or sfence\n")
        return 1
    }

    static func test(_ kind: ArraySlice<UInt8>) -> UInt64 {
        if kind.equals("exit") { return 42 }
        if kind.equals("pointers") { return pointers() }
        if kind.equals("grow") { return grow() }
        if kind.equals("hold") { return user_hold(read_time() &+ call(.timebase) / 20) }
        if kind.equals("fork") { return forkAndWait() }
        if kind.equals("private") { return privateMemory() }
        if kind.equals("sleep") { return sleep() }
        if kind.equals("unknown") { return system_call(999, 0, 0, 0) == ~0 ? 0 : 1 }
        return 1
    }

    private static func pointers() -> UInt64 {
        let kernel = call(.kernelAddress)
        if call(.write, kernel, 4) < SystemCall.refused { return 1 }
        if call(.write, ~3, 8) < SystemCall.refused { return 2 }
        if call(.write, ProgramMemory.end - 4, 8) < SystemCall.refused { return 3 }
        if call(.fileName, 0, ProgramMemory.base, 4) < SystemCall.refused { return 4 }
        if call(.fileRead, 0, kernel) < SystemCall.refused { return 5 }
        if call(.wait, 999_999) < SystemCall.refused { return 6 }
        return 0
    }

    private static func grow() -> UInt64 {
        for page in 1...UInt64(16) {
            let address = ProgramMemory.stackTop - page * 4096
            // The first page holds this function's own frame.
            if page > 1 && load64(address) != 0 { return page }
            if page > 1 { store64(address, page) }
        }
        for page in 2...UInt64(16) where load64(ProgramMemory.stackTop - page * 4096) != page {
            return 100 + page
        }
        return 0
    }

    private static func forkAndWait() -> UInt64 {
        let child = call(.fork)
        if child == 0 { exit(7) }
        return child < SystemCall.refused && call(.wait, child) == 7 ? 0 : 1
    }

    private static func privateMemory() -> UInt64 {
        let cell = ProgramMemory.stackTop - 0x8000
        store64(cell, 1)
        let child = call(.fork)
        if child == 0 {
            let inherited = load64(cell)
            store64(cell, 2)
            exit(inherited == 1 && call(.processNumber) != 0 ? 5 : 6)
        }
        return call(.wait, child) == 5 && load64(cell) == 1 ? 0 : 1
    }

    private static func sleep() -> UInt64 {
        let start = read_time()
        _ = call(.sleep, 20_000)
        return read_time() &- start >= call(.timebase) / 50 ? 0 : 1
    }

    /// The user half of nanobench.
    static func bench(_ words: ArraySlice<ArraySlice<UInt8>>) -> UInt64 {
        guard let kind = words.first else { return 1 }
        let isFork = kind.equals("forkwait")
        var measurement = Measurement(
            name: isFork ? "forkwait" : "syscall", frequency: call(.timebase),
            hasCycles: words.dropFirst().first?.equals("cycles") == true,
            turns: words.dropFirst(2).first?.decimal)
        if isFork {
            measurement.run { count in
                for _ in 0..<count { _ = forkAndWait() }
            }
        } else {
            // Once before, so that no page of the stack is missing while faults are stepped over.
            var rehearsal = Measurement(
                name: "syscall", frequency: 1, hasCycles: false, turns: 16)
            rehearsal.run { count in _ = nano_syscall(count, 0, 0) }
            _ = call(.skipTraps)
            measurement.run { count in _ = nano_syscall(count, 0, 0) }
            _ = call(.takeTraps)
        }
        write(bytes: measurement.line)
        return 0
    }
}
