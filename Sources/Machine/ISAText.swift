import Bits
import RISCV

extension ISAExtension {
    /// The name as the specification and the device tree spell it.
    package var name: String { String(describing: self) }
    fileprivate var isSingleLetter: Bool { name.count == 1 }
}

extension ISA {
    /// What the board's harts have unless told otherwise. Svade stays out: beside Svadu the guest
    /// would have to ask firmware for the updating of A and D bits. Xhole is for teaching.
    package static var virt: ISA {
        ISA(ISAExtension.allCases.filter { $0 != .svade && $0 != .xhole })
    }

    package var extensions: [ISAExtension] { ISAExtension.allCases.filter { has($0) } }

    /// `rv64imafdc_zicsr_…`, in the order of the naming chapter: single letters, then Z by the letter
    /// behind it, then S.
    package var text: String {
        let letters = extensions.filter(\.isSingleLetter).map(\.name).joined()
        return (["rv64" + letters] + orderedNames).joined(separator: "_")
    }

    private var orderedNames: [String] {
        let category = Array("imafdqlcbkjtpvh")
        func rank(_ name: String) -> (Int, Int, String) {
            guard name.hasPrefix("z") else { return (1, 0, name) }
            let letter = name.dropFirst().first ?? "z"
            return (0, category.firstIndex(of: letter) ?? category.count, name)
        }
        return extensions.filter { !$0.isSingleLetter }.map(\.name).sorted { rank($0) < rank($1) }
    }

    /// Reads `--cpu`: a base (`virt`, `rv64gc`, `rv64imac`…) and then `+extension` or `-extension`,
    /// separated by commas.
    package init(parsing text: String) throws(HullError) {
        self = .virt
        for (index, item) in text.lowercased().split(separator: ",").enumerated() {
            let name = item.dropFirst()
            switch item.first {
            case "+": insert(try Self.find(name))
            case "-": remove(try Self.find(name))
            default:
                guard index == 0 else {
                    throw HullError(
                        .usage,
                        "\(item): after the first word of --cpu, write +extension or -extension.")
                }
                self = try Self.base(String(item))
            }
        }
        try checkCombination()
    }

    private static func base(_ text: String) throws(HullError) -> ISA {
        if text == "virt" || text == "max" { return .virt }
        guard text.hasPrefix("rv64") else {
            throw HullError(
                .usage,
                "\(text): no such hart. --cpu takes virt, or a name such as rv64gc or"
                    + " rv64imac_zba, then ,+extension or ,-extension.")
        }
        var result = ISA([.i, .zicsr, .zifencei])
        let parts = text.dropFirst(4).split(separator: "_", omittingEmptySubsequences: false)
        for letter in parts.first ?? "" {
            if letter == "g" {
                for item in [ISAExtension.m, .a, .f, .d] { result.insert(item) }
            } else {
                result.insert(try find(String(letter)[...]))
            }
        }
        for part in parts.dropFirst() { result.insert(try find(part)) }
        return result
    }

    private static func find(_ name: Substring) throws(HullError) -> ISAExtension {
        guard let found = ISAExtension.allCases.first(where: { $0.name == name }) else {
            throw HullError(
                .usage,
                "\(name): not an extension known here. Known are "
                    + ISAExtension.allCases.map(\.name).joined(separator: ", ") + ".")
        }
        return found
    }

    /// What an extension is nothing without.
    private func checkCombination() throws(HullError) {
        let needs: [(ISAExtension, ISAExtension)] = [
            (.d, .f), (.zfh, .f), (.zfhmin, .f), (.zfa, .f), (.f, .zicsr), (.zcb, .c),
            (.zcmop, .c), (.zacas, .a), (.zawrs, .a), (.h, .zicsr),
        ]
        guard has(.i) else { throw HullError(.usage, "A hart cannot be without i, the base.") }
        for (item, needed) in needs where has(item) && !has(needed) {
            throw HullError(
                .usage, "The extension \(item.name) needs \(needed.name), which --cpu leaves out.")
        }
    }
}
