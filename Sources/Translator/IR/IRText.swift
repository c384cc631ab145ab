import Bits
import RISCV

extension IRBlock {
    /// One line for each instruction: the number of the guest instruction that it belongs to, where
    /// that changes, and what it does.
    package var lines: [String] {
        var lines: [String] = []
        var guest = -1
        for index in 0..<count {
            let instruction = self[index]
            let isNew = Int(instruction.guest) != guest
            guest = Int(instruction.guest)
            let number = isNew ? String(guest) : ""
            let gap = String(repeating: " ", count: max(0, 3 - number.count))
            lines.append("\(gap)\(number)  \(instruction.text)")
        }
        return lines
    }
}

extension Place {
    /// As an assembler names the register; temporaries are `%0`, `%1`…
    package var text: String {
        if isX { return "\(RegisterNames.x[index])" }
        if isF { return "\(RegisterNames.f[index])" }
        return isTemporary ? "%\(index)" : "none"
    }
}

/// The readable form of an instruction, such as `a5 = add a4, 8` and `store64 [sp + 16] = ra`.
extension IRInstruction {
    package var text: String {
        let body = body
        return to == .none || isAccess ? body : "\(to.text) = \(body)"
    }

    private var isAccess: Bool {
        switch operation {
        case .load, .loadReserved, .storeConditional, .atomic, .compareAndSwap: true
        default: false
        }
    }

    private var body: String {
        switch operation {
        case .move: value(a)
        case .unary: "\(name(UnaryOperation(rawValue: code))) \(value(a))"
        case .binary:
            "\(name(BinaryOperation(rawValue: code)))\(flags.contains(.isWord) ? ".word" : "")\(words) "
                + "\(value(a)), \(value(b))"
        case .shiftAdd: shiftAdd
        case .select: "\(value(a)) != 0 ? \(value(b)) : \(value(c))"
        case .load: "load\(load) \(result) = [\(address)]\(check)"
        case .store: "store\(bits(code)) [\(address)] = \(value(b))\(check)"
        case .loadReserved: "loadReserved\(bits(width)) \(result) = [\(value(a))]"
        case .storeConditional:
            "storeConditional\(bits(width)) \(result) = [\(value(a))] = \(value(b))"
        case .atomic:
            "atomic\(bits(width)) \(result) = [\(value(a))] = "
                + "\(name(AtomicOperation(rawValue: code))) [\(value(a))], \(value(b))"
        case .compareAndSwap:
            "compareAndSwap\(bits(width)) \(result) = [\(value(a))], \(value(b)), \(value(c))"
        case .fence: "fence"
        case .checkFloat: flags.contains(.marksDirty) ? "checkFloat to write" : "checkFloat"
        case .float: float
        case .readFlags: "fflags"
        case .writeFlags: "fflags = \(value(a))"
        case .branch:
            "branch \(Self.hexadecimal(target)) if \(name(BinaryOperation(rawValue: code)))\(words) "
                + "\(value(a)), \(value(b))"
        case .jump: "jump \(Self.hexadecimal(target))"
        case .jumpRegister: "jump [\(address)]"
        case .system: "system \(Instruction(word: target).opcode)"
        case .interpret: "interpret"
        }
    }

    private var words: String { flags.contains(.areWords) ? " of words" : "" }
    private var result: String { to == .none ? "none" : to.text }
    private func value(_ place: Place) -> String {
        place == .immediate ? Self.decimal(immediate) : place.text
    }
    private func name<Code>(_ code: Code?) -> String { code.map { "\($0)" } ?? "unknown" }

    private var shiftAdd: String {
        let first = flags.contains(.zeroExtends) ? "(zeroExtend32 \(a.text))" : a.text
        return "(\(first) << \(immediate)) + \(b.text)"
    }
    private var float: String {
        let operands = [a, b, c].filter { $0 != .none }.map(value).joined(separator: ", ")
        let format = name(FloatFormat(rawValue: width))
        return
            "\(name(FloatOperation(rawValue: code))).\(format) \(operands), rounding \(immediate)"
    }

    // MARK: Accesses

    private var address: String {
        if a == .immediate { return Self.hexadecimal(UInt64(bitPattern: immediate)) }
        if immediate == 0 { return a.text }
        let sign = immediate < 0 ? "-" : "+"
        return "\(a.text) \(sign) \(immediate.magnitude)"
    }
    private var load: String {
        switch LoadKind(rawValue: code) {
        case .signed8: "8s"
        case .signed16: "16s"
        case .signed32: "32s"
        case .unsigned8: "8u"
        case .unsigned16: "16u"
        case .unsigned32: "32u"
        case .double: "64"
        case nil: "unknown"
        }
    }
    private func bits(_ width: UInt8) -> String {
        AccessWidth(rawValue: width).map { String($0.bytes * 8) } ?? "unknown"
    }
    /// Who checks the address: nobody else, this access for its whole group, or the group's first.
    private var check: String {
        if group == 0 { return "" }
        if flags.contains(.isChecked) { return " (group \(group), checked)" }
        guard span > 0 else { return " (group \(group))" }
        let store = flags.contains(.checksStore) && operation == .load ? " for stores" : ""
        return " (group \(group), checks \(span) bytes from \(spanStart)\(store))"
    }

    /// Small numbers as people write them, others in hexadecimal.
    static func decimal(_ value: Int64) -> String {
        value.magnitude < 4096 ? String(value) : hexadecimal(UInt64(bitPattern: value))
    }
    static func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}
