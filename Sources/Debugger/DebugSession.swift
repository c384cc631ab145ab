import Bits
import Hart
import Machine

/// One debugger's connection to a machine: the GDB remote protocol without any I/O. Bytes go in through
/// `receive`, bytes come out of it and of `stopped`; who owns the connection runs the machine while
/// `isRunning`.
package struct DebugSession {
    package enum Ending: Sendable { case detached, killed }

    let machine: Machine
    private var parser = PacketParser()
    private var acknowledges = true
    private var lastFrame: [UInt8] = []
    /// The hart that `g`, `m`… speak of, and those that `c` and `s` do (nil: all).
    var selected = 0
    var resumed: Int?
    var breakpoints = Breakpoints()
    /// The target runs, and a stop reply is owed.
    package private(set) var isRunning = false
    /// While running: only this hart, one instruction.
    package private(set) var steppingHart: Int?
    /// The debugger asked for a stop while the target ran.
    package private(set) var wantsStop = false
    package internal(set) var ending: Ending?
    private var threadsLeft: [Int] = []

    package init(_ machine: Machine) { self.machine = machine }

    var hart: Hart { machine.harts[selected] }

    /// Bytes from the debugger; returns what to send.
    package mutating func receive(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        for byte in bytes {
            switch parser.feed(byte) {
            case nil: break
            case .interrupt: if isRunning { wantsStop = true }
            case .resend: output += lastFrame
            case .damaged: output.append(UInt8(ascii: "-"))
            case .packet(let body):
                if acknowledges { output.append(UInt8(ascii: "+")) }
                if let reply = answer(body) { output += framed(reply) }
            }
        }
        return output
    }

    private mutating func framed(_ reply: [UInt8]) -> [UInt8] {
        lastFrame = PacketParser.frame(reply)
        return lastFrame
    }

    /// The target stopped; returns the stop reply.
    package mutating func stopped(_ reason: StopReason, hart: Int) -> [UInt8] {
        isRunning = false
        wantsStop = false
        steppingHart = nil
        selected = hart
        return framed(stopReply(reason))
    }

    /// The connection is lost: nothing of the debugger stays behind.
    package mutating func abandon() { end(.detached) }

    /// The guest ended the run.
    package mutating func exited(_ code: UInt8) -> [UInt8] {
        isRunning = false
        return framed(Array("W".utf8) + Hex.digits([code]))
    }

    private func stopReply(_ reason: StopReason) -> [UInt8] {
        var text = "T" + (reason == .interrupted ? "02" : "05")
        text += "thread:" + String(selected + 1, radix: 16) + ";"
        if case .watchpoint(let kind, let address) = reason {
            text += "\(kind.rawValue):" + String(address, radix: 16) + ";"
        } else if reason == .breakpoint {
            text += "hwbreak:;"
        }
        return Array(text.utf8)
    }

    // MARK: Packets

    /// The reply to a packet; nil where it comes later. Empty: not supported.
    private mutating func answer(_ body: [UInt8]) -> [UInt8]? {
        var scanner = Scanner(body)
        switch scanner.next() {
        case UInt8(ascii: "?"): return stopReply(.interrupted)
        case UInt8(ascii: "q"): return query(&scanner)
        case UInt8(ascii: "Q"):
            guard scanner.skip("StartNoAckMode") else { return [] }
            acknowledges = false
            return .ok
        case UInt8(ascii: "v"): return verbose(&scanner)
        case UInt8(ascii: "H"): return select(&scanner)
        case UInt8(ascii: "T"):
            return thread(scanner.number()) == nil ? .error : .ok
        case UInt8(ascii: "D"):
            end(.detached)
            return .ok
        case UInt8(ascii: "k"):
            end(.killed)
            return nil
        case UInt8(ascii: "c"), UInt8(ascii: "C"): return resume(step: nil)
        case UInt8(ascii: "s"), UInt8(ascii: "S"): return resume(step: resumed ?? selected)
        case UInt8(ascii: "Z"): return changeBreakpoint(&scanner, insert: true)
        case UInt8(ascii: "z"): return changeBreakpoint(&scanner, insert: false)
        case let first?: return state(first, &scanner)
        case nil: return []
        }
    }

    private mutating func end(_ how: Ending) {
        breakpoints.removeAll(from: machine)
        ending = how
        isRunning = false
    }

    /// Registers and memory.
    private func state(_ first: UInt8, _ scanner: inout Scanner) -> [UInt8] {
        let registers = Registers(hart: hart)
        switch first {
        case UInt8(ascii: "g"): return registers.general
        case UInt8(ascii: "G"): return registers.setGeneral(scanner.remaining) ? .ok : .error
        case UInt8(ascii: "p"):
            guard let number = scanner.number(), number < 1 << 16 else { return .error }
            return registers.read(Int(number)) ?? .error
        case UInt8(ascii: "P"):
            guard let number = scanner.number(), number < 1 << 16, scanner.skip("="),
                let value = Hex.word(scanner.remaining)
            else { return .error }
            return registers.write(Int(number), value) ? .ok : .error
        case UInt8(ascii: "m"):
            guard let (address, count) = scanner.range() else { return .error }
            let bytes = machine.debugRead(address, count: min(count, 4096), by: hart)
            return bytes.isEmpty && count > 0 ? .error : Hex.digits(bytes)
        case UInt8(ascii: "M"), UInt8(ascii: "X"):
            guard let (address, count) = scanner.range(), scanner.skip(":") else { return .error }
            let bytes =
                first == UInt8(ascii: "M")
                ? Hex.bytes(scanner.remaining) : [UInt8](scanner.remaining)
            guard let bytes, UInt64(bytes.count) == count else { return .error }
            return machine.debugWrite(address, bytes, by: hart) ? .ok : .error
        default: return []
        }
    }

    private func thread(_ id: UInt64?) -> Int? {
        guard let id, id >= 1, id <= UInt64(machine.harts.count) else { return nil }
        return Int(id) - 1
    }

    /// `Hg` and `Hc`: 0 is any, -1 all.
    private mutating func select(_ scanner: inout Scanner) -> [UInt8] {
        guard let what = scanner.next() else { return .error }
        let isAll = scanner.skip("-1") || scanner.skip("0")
        if isAll {
            if what == UInt8(ascii: "c") { resumed = nil }
            return .ok
        }
        guard let hart = thread(scanner.number()) else { return .error }
        if what == UInt8(ascii: "c") { resumed = hart } else { selected = hart }
        return .ok
    }

    private mutating func verbose(_ scanner: inout Scanner) -> [UInt8]? {
        if scanner.skip("Cont?") { return Array("vCont;c;C;s;S".utf8) }
        if scanner.skip("Kill") {
            end(.killed)
            return .ok
        }
        guard scanner.skip("Cont;") else { return [] }
        // The first action that names a step decides; other harts stand still during a step.
        var step: Int?
        while let action = scanner.next() {
            let isStep = action == UInt8(ascii: "s") || action == UInt8(ascii: "S")
            if action == UInt8(ascii: "C") || action == UInt8(ascii: "S") { _ = scanner.number() }
            let hart =
                scanner.skip(":") ? (scanner.skip("-1") ? nil : thread(scanner.number())) : nil
            if isStep && step == nil { step = hart ?? selected }
            _ = scanner.skip(";")
        }
        return resume(step: step)
    }

    private mutating func resume(step: Int?) -> [UInt8]? {
        steppingHart = step
        isRunning = true
        for hart in machine.harts {
            hart.debug.skipped = hart.pc
            hart.debug.watchHit = nil
        }
        return nil
    }

    private mutating func changeBreakpoint(_ scanner: inout Scanner, insert: Bool) -> [UInt8] {
        guard let digit = scanner.next(), let kind = Breakpoints.Kind(digit: digit) else {
            return []
        }
        guard scanner.skip(","), let (address, count) = scanner.range() else { return .error }
        let point = Breakpoints.Point(kind: kind, address: address, count: count)
        if insert { breakpoints.insert(point) } else { breakpoints.remove(point) }
        breakpoints.install(in: machine)
        return .ok
    }

    mutating func nextThreads(first: Bool) -> [UInt8] {
        if first { threadsLeft = Array(machine.harts.indices) }
        guard !threadsLeft.isEmpty else { return Array("l".utf8) }
        let part = threadsLeft.prefix(64).map { String($0 + 1, radix: 16) }
        threadsLeft.removeFirst(part.count)
        return Array(("m" + part.joined(separator: ",")).utf8)
    }
}

extension [UInt8] {
    static var ok: [UInt8] { Array("OK".utf8) }
    static var error: [UInt8] { Array("E01".utf8) }
}

/// Why the target stopped.
package enum StopReason: Equatable, Sendable {
    package enum Watch: String, Sendable {
        case write = "watch", read = "rwatch", access = "awatch"
    }
    case step, breakpoint, interrupted
    case watchpoint(Watch, address: UInt64)
}
