import RISCV

/// What a guest is told its hart can do: what the real hart does in U-mode, and what the monitor
/// adds by itself. The hypervisor extension is not in it, and nothing that would need more than
/// U-mode. Svnapot is, where the real hart has it: nothing would hide it under `cpu=hardware`.
package enum GuestISA {
    private static let names: [(item: ISAExtension, name: StaticString)] = [
        (.zicsr, "zicsr"), (.zifencei, "zifencei"), (.zicntr, "zicntr"), (.zba, "zba"),
        (.zbb, "zbb"), (.zbc, "zbc"), (.zbs, "zbs"), (.zicond, "zicond"),
        (.zihintpause, "zihintpause"), (.zacas, "zacas"), (.zfa, "zfa"), (.zfh, "zfh"),
        (.zfhmin, "zfhmin"), (.zcb, "zcb"), (.zimop, "zimop"), (.zcmop, "zcmop"),
        (.svadu, "svadu"), (.sstc, "sstc"), (.svnapot, "svnapot"),
    ]
    private static let letters: [(item: ISAExtension, letter: UInt8)] = [
        (.i, UInt8(ascii: "i")), (.m, UInt8(ascii: "m")), (.a, UInt8(ascii: "a")),
        (.f, UInt8(ascii: "f")), (.d, UInt8(ascii: "d")), (.c, UInt8(ascii: "c")),
    ]

    /// `text` is the real hart's `riscv,isa`.
    package static func isa(parsing text: [UInt8]) -> ISA {
        // The monitor's own: virtual CSRs, its page walk, its timer.
        var isa = ISA([.i, .zicsr, .zifencei, .zicntr, .svadu, .sstc])
        let parts = text.split(separator: UInt8(ascii: "_"))
        for letter in parts.first?.dropFirst(4) ?? [] {
            for entry in letters where entry.letter == letter || letter == UInt8(ascii: "g") {
                if letter != UInt8(ascii: "g") || entry.item != .c { isa.insert(entry.item) }
            }
        }
        for part in parts.dropFirst() {
            for entry in names where part.equals(entry.name) { isa.insert(entry.item) }
        }
        return isa
    }

    /// The real hart has a timer register for supervisor mode (Sstc).
    package static func hasTimer(_ text: [UInt8]) -> Bool {
        text.split(separator: UInt8(ascii: "_")).dropFirst().contains { $0.equals("sstc") }
    }

    /// The real hart has the hypervisor extension.
    package static func hasHypervisor(_ text: [UInt8]) -> Bool {
        text.prefix { $0 != UInt8(ascii: "_") }.dropFirst(4).contains(UInt8(ascii: "h"))
    }

    /// As the guest's device tree has it.
    package static func text(_ isa: ISA) -> [UInt8] {
        var text: [UInt8] = []
        text.append(text: "rv64")
        for entry in letters where isa.has(entry.item) { text.append(entry.letter) }
        for entry in names where isa.has(entry.item) {
            text.append(UInt8(ascii: "_"))
            text.append(text: entry.name)
        }
        return text
    }
}
