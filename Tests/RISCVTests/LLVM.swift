import Foundation
import RISCV
import TestKit

/// The toolchain's own assembler and disassembler, as an oracle for ours.
struct LLVM {
    static let architecture =
        "rv64gch_zba_zbb_zbc_zbs_zicond_zicbom_zicboz_zicbop_zihintpause_zawrs_zacas_zfa_zfh_zcb"
        + "_zimop_zcmop_svinval"

    /// What came of one source: its code, and its listings without and with aliases.
    struct Listing {
        var code: [UInt8] = []
        var plain: [String] = []
        var aliased: [String] = []
    }

    static func assemble(_ lines: [String]) throws -> Listing {
        try withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("source.s")
            try (lines.joined(separator: "\n") + "\n").write(
                to: source, atomically: true, encoding: .utf8)
            try run(
                "clang",
                [
                    "--target=riscv64-none-none-eabi", "-march=" + architecture, "-mabi=lp64d",
                    "-mno-relax", "-c", "source.s", "-o", "object",
                ], folder)
            try run("llvm-objcopy", ["-O", "binary", "-j", ".text", "object", "code"], folder)
            var listing = Listing()
            listing.code = Array(try Data(contentsOf: folder.appendingPathComponent("code")))
            listing.plain = try disassemble(["-M", "no-aliases"], folder)
            listing.aliased = try disassemble([], folder)
            return listing
        }
    }

    private static func disassemble(_ flags: [String], _ folder: URL) throws -> [String] {
        let options = ["-d", "--no-show-raw-insn", "--no-print-imm-hex", "object"]
        let text = try run("llvm-objdump", flags + options, folder)
        // `      14: \tbeqz\ta0, 0x1c <.text+0x1c>`
        return text.split(separator: "\n").compactMap { line in
            guard let tab = line.firstIndex(of: "\t"), line.first == " " else { return nil }
            return normalised(String(line[line.index(after: tab)...]))
        }
    }

    @discardableResult
    private static func run(_ program: String, _ arguments: [String], _ folder: URL) throws
        -> String
    {
        let outcome = try Toolchain.run(program, arguments, in: folder)
        guard outcome.status == 0 else {
            throw ToolchainFailure(message: String(outcome.errors.prefix(2000)))
        }
        return outcome.text
    }

    /// Without symbols, and with numbers in decimal: what remains must be equal.
    static func normalised(_ text: String) -> String {
        var words: [Substring] = []
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        where !word.hasPrefix("<.") && !word.hasPrefix("<f") {
            words.append(word)
        }
        var result = words.joined(separator: " ")
        if let start = result.range(of: "0x") {
            let digits = result[start.upperBound...].prefix { $0.isHexDigit }
            if let value = UInt64(digits, radix: 16) {
                result.replaceSubrange(start.lowerBound..<digits.endIndex, with: String(value))
            }
        }
        // Names that older assemblers gave to shifts by nothing.
        for shift in ["c.slli", "c.srli", "c.srai"] where result.hasPrefix(shift + "64") {
            result = shift + result.dropFirst(shift.count + 2) + ", 0"
        }
        // `pause` to all but a reader without aliases.
        return result == "fence w, 0" ? "pause" : result
    }
}
