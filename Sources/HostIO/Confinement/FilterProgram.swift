import Bits
import CHost
import Glibc

/// A seccomp filter, assembled from rules: classic BPF over `struct seccomp_data` (seccomp(2)).
///
/// Each rule is a block of its own that always ends with an answer, so that blocks may come in any
/// order and nothing has to be loaded again between them.
package struct FilterProgram: Sendable, Equatable {
    /// `struct sock_filter`: code, jump if true, jump if false, k.
    package private(set) var instructions: [UInt64] = []

    /// What the kernel does with a call.
    package enum Answer: UInt32, Sendable {
        case allow = 0x7fff_0000
        /// SIGSYS, with which the process says what was asked and ends.
        case trap = 0x0003_0000
        case endProcess = 0x8000_0000
        /// The call fails: the C library asks now and then and goes on without.
        case accessDenied = 0x0005_000d
        case notThere = 0x0005_0026
    }

    private enum Code: UInt64 {
        case load = 0x20  // BPF_LD | BPF_W | BPF_ABS
        case jumpIfEqual = 0x15  // BPF_JMP | BPF_JEQ | BPF_K
        case jumpIfAtLeast = 0x35  // BPF_JMP | BPF_JGE | BPF_K
        case jumpIfAnySet = 0x45  // BPF_JMP | BPF_JSET | BPF_K
        case answer = 0x06  // BPF_RET | BPF_K
    }
    private enum Field {
        static let number: UInt32 = 0
        static let architecture: UInt32 = 4
        /// The low half of an argument; hosts are little-endian.
        static func argument(_ index: Int) -> UInt32 { UInt32(16 + 8 * index) }
    }
    /// Numbers of the x32 interface begin here; its calls are other calls.
    private static let foreign: UInt32 = 0x4000_0000
    /// Calls that came after this was written: a C library that tries one has another way.
    package static let firstUnknown: UInt32 = 470

    /// `otherwise` answers what no rule names. Of several rules for one call, one must hold.
    package init(
        _ rules: [SystemCallRule], denied: [String] = [], absent: [String] = [],
        otherwise: Answer = .trap
    ) {
        emit(.load, Field.architecture)
        emit(.jumpIfEqual, hull_system_call_architecture(), ifTrue: 1)
        answer(.endProcess)
        emit(.load, Field.number)
        emit(.jumpIfAtLeast, Self.foreign, ifFalse: 1)
        answer(.endProcess)
        for (index, rule) in rules.enumerated() {
            add(rule, isLast: !rules[(index + 1)...].contains { $0.name == rule.name })
        }
        for name in denied { add(name, .accessDenied) }
        for name in absent { add(name, .notThere) }
        emit(.jumpIfAtLeast, Self.firstUnknown, ifFalse: 1)
        answer(.notThere)
        answer(otherwise)
    }

    private mutating func emit(
        _ code: Code, _ k: UInt32, ifTrue: UInt64 = 0, ifFalse: UInt64 = 0
    ) {
        instructions.append(
            code.rawValue | ifTrue << 16 | ifFalse << 24 | UInt64(k) << 32)
    }
    private mutating func answer(_ answer: Answer) { emit(.answer, answer.rawValue) }

    private mutating func add(_ name: String, _ reply: Answer) {
        guard let number = SystemCall.number(name) else { return }
        emit(.jumpIfEqual, number, ifFalse: 1)
        answer(reply)
    }

    private mutating func add(_ rule: SystemCallRule, isLast isLastRule: Bool) {
        guard !rule.conditions.isEmpty else { return add(rule.name, .allow) }
        guard let number = SystemCall.number(rule.name) else { return }
        let body = rule.conditions.map(Self.values)
        // Each test is a load and a jump for each value; two answers end the block.
        let length = body.reduce(2) { $0 + 1 + $1.count }
        emit(.jumpIfEqual, number, ifFalse: UInt64(length))
        var left = length
        for (condition, values) in zip(rule.conditions, body) {
            emit(.load, Field.argument(condition.argument))
            left -= 1
            for (index, value) in values.enumerated() {
                left -= 1
                let isLast = index == values.count - 1
                // Where the next test, or the answer "allow", begins; and the refusal at the end.
                let pass = UInt64(values.count - 1 - index)
                let fail = UInt64(left - 1)
                if case .lacks = condition.test {
                    emit(.jumpIfAnySet, value, ifTrue: fail)
                } else {
                    emit(.jumpIfEqual, value, ifTrue: pass, ifFalse: isLast ? fail : 0)
                }
            }
        }
        answer(.allow)
        if isLastRule { answer(.trap) } else { emit(.load, Field.number) }
    }

    private static func values(_ condition: ArgumentCondition) -> [UInt32] {
        switch condition.test {
        case .isOne(let values): values
        case .lacks(let mask): [mask]
        case .isThisProcess: [UInt32(getpid())]
        }
    }

    /// The calling thread is held to it from here on, and so is every thread that it starts.
    package func install() throws(HullError) {
        // SAFETY: the kernel copies the instructions within the call.
        let outcome = unsafe instructions.withUnsafeBufferPointer {
            unsafe hull_filter_install($0.baseAddress, UInt16(clamping: $0.count))
        }
        guard outcome == 0 else {
            throw HullError(
                .host, "The host refused a filter for system calls.",
                cause: HostCall.reason(outcome))
        }
    }
}

/// Names and numbers of this host's system calls.
package enum SystemCall {
    package static func number(_ name: String) -> UInt32? {
        // SAFETY: the text lives through the call.
        let number = unsafe hull_system_call_number(name)
        return number < 0 ? nil : UInt32(number)
    }
    package static func name(_ number: UInt32) -> String? {
        // SAFETY: the text is a literal.
        unsafe hull_system_call_name(Int32(bitPattern: number)).map {
            unsafe String(cString: $0)
        }
    }
}
