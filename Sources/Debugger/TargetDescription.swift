import RISCV

/// The `target.xml` that tells GDB our registers and their numbers (GDB manual, "RISC-V Features").
/// CSRs are numbered as GDB itself does: 65 + n.
enum TargetDescription {
    static let pcNumber = 32
    static let firstFloat = 33
    static let firstCSR = 65
    static let privilegeNumber = 65 + 4096

    static let integerNames = [
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "fp", "s1", "a0", "a1", "a2", "a3", "a4",
        "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
        "t5", "t6",
    ]
    static let floatNames = [
        "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2",
        "fa3", "fa4", "fa5", "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9",
        "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
    ]

    /// The CSRs that are offered: those with a name in the instruction set's own table.
    static let csrs: [(number: Int, name: String)] = (0..<4096).compactMap { number in
        CSR.name(number).map { (number, "\($0)") }
    }

    static let xml: [UInt8] = Array(text.utf8)

    private static var text: String {
        var lines = [
            "<?xml version=\"1.0\"?>", "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">",
            "<target version=\"1.0\">", "<architecture>riscv:rv64</architecture>",
            "<feature name=\"org.gnu.gdb.riscv.cpu\">",
        ]
        for (index, name) in integerNames.enumerated() {
            let type = name == "sp" || name == "fp" || name == "gp" || name == "tp"
            lines.append(
                register(name, index, type: name == "ra" ? "code_ptr" : type ? "data_ptr" : "int"))
        }
        lines += [register("pc", pcNumber, type: "code_ptr"), "</feature>"]
        lines.append("<feature name=\"org.gnu.gdb.riscv.fpu\">")
        lines.append(
            "<union id=\"riscv_double\"><field name=\"float\" type=\"ieee_single\"/>"
                + "<field name=\"double\" type=\"ieee_double\"/></union>")
        for (index, name) in floatNames.enumerated() {
            lines.append(register(name, firstFloat + index, type: "riscv_double"))
        }
        for (number, name) in csrs where number <= CSR.fcsr {
            lines.append(register(name, firstCSR + number, type: "int", bits: 32))
        }
        lines += ["</feature>", "<feature name=\"org.gnu.gdb.riscv.csr\">"]
        for (number, name) in csrs where number > CSR.fcsr {
            lines.append(register(name, firstCSR + number, type: "int"))
        }
        lines += ["</feature>", "<feature name=\"org.gnu.gdb.riscv.virtual\">"]
        lines.append(register("priv", privilegeNumber, type: "int"))
        return (lines + ["</feature>", "</target>", ""]).joined(separator: "\n")
    }

    private static func register(_ name: String, _ number: Int, type: String, bits: Int = 64)
        -> String
    {
        "<reg name=\"\(name)\" bitsize=\"\(bits)\" type=\"\(type)\" regnum=\"\(number)\"/>"
    }
}
