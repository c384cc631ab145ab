import CHost
import Glibc
import HostIO
import Testing

/// Runs a filter the way the kernel does: classic BPF over `struct seccomp_data`.
private func run(
    _ program: FilterProgram, _ number: UInt32, _ arguments: [UInt64],
    architecture: UInt32 = hull_system_call_architecture()
) -> UInt32? {
    var data = [number, architecture, 0, 0]
    for argument in arguments {
        data += [UInt32(truncatingIfNeeded: argument), UInt32(argument >> 32)]
    }
    var accumulator: UInt32 = 0
    var at = 0
    while program.instructions.indices.contains(at) {
        let word = program.instructions[at]
        let k = UInt32(word >> 32)
        at += 1
        let holds: Bool
        switch word & 0xffff {
        case 0x20:
            guard k % 4 == 0, data.indices.contains(Int(k / 4)) else { return nil }
            accumulator = data[Int(k / 4)]
            continue
        case 0x06: return k
        case 0x15: holds = accumulator == k
        case 0x35: holds = accumulator >= k
        case 0x45: holds = accumulator & k != 0
        default: return nil
        }
        at += Int(holds ? word >> 16 & 0xff : word >> 24 & 0xff)
    }
    return nil
}

/// What the rules say, read as they are written.
private func expected(_ kind: ThreadKind, _ number: UInt32, _ arguments: [UInt64]) -> UInt32 {
    if number >= 0x4000_0000 { return FilterProgram.Answer.endProcess.rawValue }
    let rules = kind.rules.filter { SystemCall.number($0.name) == number }
    if !rules.isEmpty {
        let holds = rules.contains { rule in
            rule.conditions.allSatisfy { condition in
                let value = UInt32(truncatingIfNeeded: arguments[condition.argument])
                switch condition.test {
                case .isOne(let values): return values.contains(value)
                case .lacks(let mask): return value & mask == 0
                case .isThisProcess: return value == UInt32(getpid())
                }
            }
        }
        return (holds ? FilterProgram.Answer.allow : .trap).rawValue
    }
    if kind.denied.contains(where: { SystemCall.number($0) == number }) {
        return FilterProgram.Answer.accessDenied.rawValue
    }
    let isAbsent = kind.absent.contains { SystemCall.number($0) == number }
    return
        (isAbsent || number >= FilterProgram.firstUnknown
        ? FilterProgram.Answer.notThere : .trap).rawValue
}

@Suite struct FilterTests {
    @Test(arguments: ThreadKind.allCases)
    func theProgramSaysWhatTheRulesSay(_ kind: ThreadKind) {
        var random = SystemRandomNumberGenerator()
        let program = kind.filter
        #expect(program.instructions.count < 4096)
        let interesting: [UInt64] = [
            0, 1, 2, 4, 5, 7, 0x1001, 0x5401, 0x5412, 0x5413, 0x3d0f00, UInt64(getpid()), 6, 31,
            1030,
            0x1_0000_0002, 0x8_0802, ~0,
        ]
        for number in Array(0..<500 as Range<UInt32>) + [0x4000_0000, 0x4000_003b, ~0] {
            for _ in 0..<24 {
                let arguments = (0..<6).map { _ in
                    interesting.randomElement(using: &random) ?? 0
                }
                #expect(
                    run(program, number, arguments) == expected(kind, number, arguments),
                    "\(kind) \(number) \(arguments)")
            }
        }
    }

    @Test func anotherArchitectureEndsTheProcess() {
        for kind in ThreadKind.allCases {
            let answer = run(
                kind.filter, 1, [0, 0, 0, 0, 0, 0], architecture: 0x4000_0003)
            #expect(answer == FilterProgram.Answer.endProcess.rawValue)
        }
    }

    @Test func aKindHasEachRuleOnceAndKnowsItsCall() {
        for kind in ThreadKind.allCases {
            let names = kind.rules.map(\.name)
            // A rule without conditions leaves nothing to another one for the same call.
            let plain = kind.rules.filter(\.conditions.isEmpty).map(\.name)
            #expect(plain.allSatisfy { name in names.count { $0 == name } == 1 }, "\(kind)")
            #expect(Set(kind.rules.map { "\($0)" }).count == names.count, "\(kind): \(names)")
            #expect(names.allSatisfy { SystemCall.number($0) != nil }, "\(kind)")
            #expect(Set(names).isDisjoint(with: kind.denied + kind.absent), "\(kind)")
        }
    }

    @Test func hartsHaveFewCalls() {
        // Hosts without an instruction for the base of GS have a call for it.
        for kind in [ThreadKind.hart, .machine] {
            let names = kind.rules.map(\.name).filter { $0 != "arch_prctl" }
            #expect(names.count <= ThreadKind.hartLimit, "\(kind)")
        }
        #expect(ThreadKind(threadName: "hart 3") == .hart)
    }

    /// No kind, whatever is added to it, may have these.
    @Test func someCallsNobodyHas() {
        let never: Set<String> = [
            "execve", "execveat", "ptrace", "mount", "unshare", "setns", "bpf", "kill", "fork",
            "vfork", "chroot", "pivot_root", "process_vm_readv", "process_vm_writev", "setuid",
            "io_uring_setup", "pkey_mprotect", "perf_event_open", "userfaultfd", "capset",
        ]
        for kind in ThreadKind.allCases {
            #expect(never.isDisjoint(with: kind.rules.map(\.name)), "\(kind)")
        }
    }
}
