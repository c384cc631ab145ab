import CSkiff
import SkiffABI

typealias Operation = @convention(c) (UInt64, UInt64) -> UInt64

/// `selftest`: checks the machine against the specifications, one line for each check. What the
/// machine does not have is named and not counted.
final class Selftest {
    let kernel: Kernel
    private(set) var passed: UInt64 = 0
    private(set) var failed: UInt64 = 0

    init(_ kernel: Kernel) { self.kernel = kernel }

    func run() -> UInt64 {
        integers()
        multiplications()
        branches()
        memory()
        atomics()
        traps()
        registers()
        paging()
        pagingModes()
        interrupts()
        firmware()
        harts()
        devices()
        disk()
        programs()
        float()
        extensions()
        kernel.console.write(
            "selftest: ", .decimal(passed), " passed, ", .decimal(failed), " failed\n")
        return failed == 0 ? 0 : 1
    }

    func skip(_ name: StaticString) {
        kernel.console.write("-- ", .literal(name), ": not on this machine\n")
    }

    func check(_ name: StaticString, _ condition: Bool) {
        if condition {
            passed += 1
            kernel.console.write("ok ", .literal(name), "\n")
        } else {
            failed += 1
            kernel.console.write("FAILED ", .literal(name), "\n")
        }
    }

    func equal(_ name: StaticString, _ got: UInt64, _ expected: UInt64) {
        if got != expected {
            kernel.console.write(
                "   ", .literal(name), ": got ", .hex(got), ", expected ", .hex(expected), "\n")
        }
        check(name, got == expected)
    }

    /// Operands and the result they must have, all under one name.
    func table(
        _ name: StaticString, _ operation: Operation, _ rows: [(UInt64, UInt64, UInt64)]
    ) {
        var isRight = true
        for (a, b, expected) in rows {
            let got = operation(a, b)
            if got == expected { continue }
            isRight = false
            kernel.console.write(
                "   ", .literal(name), "(", .hex(a), ", ", .hex(b), "): got ", .hex(got),
                ", expected ", .hex(expected), "\n")
        }
        check(name, isRight)
    }

    /// The operation must trap with this cause, with this value or another one that is allowed.
    func traps(
        _ name: StaticString, cause: UInt64, value: UInt64, or other: UInt64? = nil,
        _ operation: Operation, _ a: UInt64 = 0, _ b: UInt64 = 0
    ) {
        switch attempt(operation, a, b) {
        case .value(let result):
            kernel.console.write("   ", .literal(name), ": no trap, result ", .hex(result), "\n")
            check(name, false)
        case .trap(let gotCause, let gotValue, _):
            let isRight = gotCause == cause && (gotValue == value || gotValue == other)
            if !isRight {
                kernel.console.write(
                    "   ", .literal(name), ": cause ", .decimal(gotCause), " value ",
                    .hex(gotValue), ", expected ", .decimal(cause), " ", .hex(value), "\n")
            }
            check(name, isRight)
        }
    }

    /// The operation must come back with this result.
    func works(
        _ name: StaticString, _ expected: UInt64, _ operation: Operation, _ a: UInt64 = 0,
        _ b: UInt64 = 0
    ) {
        switch attempt(operation, a, b) {
        case .value(let result): equal(name, result, expected)
        case .trap(let cause, let value, let pc):
            kernel.console.write(
                "   ", .literal(name), ": cause ", .decimal(cause), " value ", .hex(value), " at ",
                .hex(pc), "\n")
            check(name, false)
        }
    }

    /// The operation must trap as illegal; stval is the instruction or zero.
    func illegal(_ name: StaticString, _ operation: Operation, _ a: UInt64 = 0, _ b: UInt64 = 0) {
        switch attempt(operation, a, b) {
        case .value: check(name, false)
        case .trap(let cause, let value, let pc):
            let low = UInt64(load16(pc))
            let bits = low & 3 == 3 ? UInt64(load16(pc + 2)) << 16 | low : low
            check(name, cause == 2 && (value == 0 || value == bits))
        }
    }
}
