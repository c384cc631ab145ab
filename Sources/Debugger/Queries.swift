import Bits
import Hart
import Machine

extension DebugSession {
    mutating func query(_ scanner: inout Scanner) -> [UInt8] {
        if scanner.skip("Supported") {
            return Array(
                ("PacketSize=4000;qXfer:features:read+;vContSupported+;hwbreak+;"
                    + "QStartNoAckMode+").utf8)
        }
        if scanner.skip("Attached") { return Array("1".utf8) }
        if scanner.skip("fThreadInfo") { return nextThreads(first: true) }
        if scanner.skip("sThreadInfo") { return nextThreads(first: false) }
        if scanner.skip("ThreadExtraInfo,") { return threadName(&scanner) }
        if scanner.skip("Xfer:features:read:target.xml:") { return transfer(&scanner) }
        if scanner.skip("Rcmd,") { return monitor(scanner.remaining) }
        if scanner.skip("Symbol::") { return .ok }
        if scanner.isAtEnd { return [] }
        if scanner.skip("C") {
            return Array(("QC" + String(selected + 1, radix: 16)).utf8)
        }
        return []
    }

    private func threadName(_ scanner: inout Scanner) -> [UInt8] {
        guard let id = scanner.number(), id >= 1, id <= UInt64(machine.harts.count) else {
            return .error
        }
        let hart = machine.harts[Int(id) - 1]
        return Hex.digits("hart \(hart.id), \(hart.privilege)".utf8)
    }

    private func transfer(_ scanner: inout Scanner) -> [UInt8] {
        guard let (offset, count) = scanner.range() else { return .error }
        let xml = TargetDescription.xml
        guard offset < UInt64(xml.count) else { return Array("l".utf8) }
        let start = Int(offset)
        let end = min(xml.count, start + Int(min(count, 0x3000)))
        return Array((end == xml.count ? "l" : "m").utf8) + xml[start..<end]
    }

    /// `monitor …`: what GDB has no command for.
    private mutating func monitor(_ digits: ArraySlice<UInt8>) -> [UInt8] {
        guard let bytes = Hex.bytes(digits) else { return .error }
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
        let text: String
        switch words.first {
        case "quit":
            breakpoints.removeAll(from: machine)
            ending = .killed
            text = "The machine ends.\n"
        case "reset":
            do throws(HullError) {
                try machine.reset()
                text = "The machine is reset.\n"
            } catch { text = error.message + "\n" }
        case "harts":
            text = machine.harts.map {
                "hart \($0.id)  pc 0x\(String($0.pc, radix: 16))  \($0.privilege)  "
                    + "\($0.retired) instructions retired\n"
            }.joined()
        case "translate":
            text = translate(words.dropFirst().first)
        default:
            text =
                "monitor harts           each hart's pc, mode and count of instructions\n"
                + "monitor translate ADDR  the physical address behind a virtual one\n"
                + "monitor reset           start the machine again\n"
                + "monitor quit            end the machine\n"
        }
        return Hex.digits(text.utf8)
    }

    private func translate(_ word: String?) -> String {
        guard let word,
            let address = UInt64(word.hasPrefix("0x") ? word.dropFirst(2) : word[...], radix: 16)
        else { return "Give an address in hexadecimal, as in: monitor translate 0x80200000\n" }
        guard let physical = hart.physical(for: GuestVirtual(address)) else {
            return "0x\(String(address, radix: 16)) is not mapped on hart \(hart.id) now.\n"
        }
        return "0x\(String(physical.rawValue, radix: 16))\n"
    }
}
