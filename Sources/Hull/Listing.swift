import Bits
import HostIO
import Loader
import RISCV

/// A program as assembly.
package struct Listing {
    private let plan: LoadPlan
    private let disassembler = Disassembler()

    package init(_ path: String) throws(HullError) {
        // Base 0: addresses stay those that the file says.
        plan = try LoadPlan(
            try HostFile.read(path), LoadOptions(name: path, base: GuestPhysical(0)),
            decompress: Decompression.decompress)
    }

    /// What a person means by an address or a name.
    package func address(of text: String) -> UInt64? {
        if let address = plan.symbols.address(of: text) { return address }
        let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
        return UInt64(digits, radix: 16)
    }

    /// Writes at most `count` instructions, from `start` or from the beginning; false if there are
    /// none.
    package func write(
        from start: UInt64?, count: Int, _ output: ([UInt8]) -> Bool
    ) -> Bool {
        var left = count
        var text = ""
        for segment in plan.segments where segment.isExecutable {
            let bytes = plan.bytes[segment.file]
            let base = segment.address.rawValue &+ segment.virtualOffset
            var offset = 0
            if let start {
                guard start &- base < UInt64(bytes.count) else { continue }
                offset = Int(start &- base)
            }
            while left > 0, let bits = Self.instruction(bytes, offset) {
                text += label(base &+ UInt64(offset)) + line(bits, base &+ UInt64(offset))
                left -= 1
                offset += bits & 3 == 3 ? 4 : 2
                if text.utf8.count > 1 << 16 {
                    guard output(Array(text.utf8)) else { return true }
                    text = ""
                }
            }
            if start != nil { break }
        }
        _ = output(Array(text.utf8))
        return left < count
    }

    private static func instruction(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> UInt32? {
        func half(_ at: Int) -> UInt32? {
            let index = bytes.startIndex + at
            guard at + 2 <= bytes.count else { return nil }
            return UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8
        }
        guard let low = half(offset) else { return nil }
        guard low & 3 == 3 else { return low }
        // A cut instruction at the very end is shown as its first half.
        return half(offset + 2).map { low | $0 << 16 } ?? low & ~3
    }

    private func label(_ address: UInt64) -> String {
        guard let (name, offset) = plan.symbols.name(at: address), offset == 0 else { return "" }
        return "\n\(Self.hex(address, 16)) <\(name)>:\n"
    }

    private func line(_ bits: UInt32, _ address: UInt64) -> String {
        let symbols = plan.symbols
        let assembly = disassembler.text(bits, at: address) { target in
            symbols.name(at: target).map { name, offset in
                offset == 0 ? name : "\(name)+0x\(String(offset, radix: 16))"
            }
        }
        let encoding = Self.hex(UInt64(bits), bits & 3 == 3 ? 8 : 4)
        let padding = String(repeating: " ", count: 10 - encoding.count)
        return "  \(Self.hex(address, 8)):  \(encoding)\(padding)\(assembly)\n"
    }

    private static func hex(_ value: UInt64, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
