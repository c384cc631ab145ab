import Bits

/// The ELF header and program headers of an executable for riscv64, each field checked (System V
/// ABI, chapters 4 and 5; the RISC-V ELF psABI for the machine's own values).
struct ELFFile {
    /// An entry of the program header table with `PT_LOAD`.
    struct Segment {
        var offset: UInt64
        var virtual: UInt64
        var physical: UInt64
        var fileSize: UInt64
        var memorySize: UInt64
        var alignment: UInt64
        /// `PF_X`.
        var isExecutable: Bool

        func holds(virtual address: UInt64) -> Bool { address &- virtual < memorySize }
    }
    let view: ByteView
    let name: String
    let entry: UInt64
    /// `ET_DYN`: linked to run anywhere.
    let isPositionIndependent: Bool
    private(set) var segments: [Segment] = []
    /// Where the dynamic section lies in the file, when there is one.
    private(set) var dynamic: Range<UInt64>?

    /// More load segments than any linker writes; bounds the work that a broken file can cause.
    private static let segmentLimit = 256

    init(_ view: ByteView, named name: String) throws(HullError) {
        self.view = view
        self.name = name
        guard let type = view.half(16), let machine = view.half(18), let entry = view.double(24),
            let table = view.double(32), let entrySize = view.half(54), let count = view.half(56),
            view.holds(0, 64)
        else { throw Self.broken(name, "it ends inside the ELF header; it seems truncated") }
        try Self.checkMachine(view, machine: machine, name)
        try Self.checkType(type, name)
        self.entry = entry
        isPositionIndependent = type == ELF.dynamic
        guard count > 0 else { throw Self.broken(name, "it has no program headers") }
        guard entrySize == 56 else {
            throw Self.broken(name, "its program headers have \(entrySize) bytes each; 56 expected")
        }
        guard view.holds(table, count * 56) else {
            throw Self.broken(
                name,
                "its program headers lie at \(hex(table)), beyond the end of the file;"
                    + " it seems truncated")
        }
        for index in 0..<count { try readProgramHeader(table + index * 56) }
        guard !segments.isEmpty else { throw Self.broken(name, "nothing in it is to be loaded") }
        guard segments.count <= Self.segmentLimit else {
            throw Self.broken(name, "it has \(segments.count) segments to load")
        }
    }

    /// Where the ELF header and the program headers behind it end.
    private var headersEnd: UInt64 {
        (view.double(32) ?? 0) &+ 56 &* (view.half(56) ?? 0)
    }

    static func broken(_ name: String, _ why: String) -> HullError {
        HullError(.format, "\(name): an ELF file that cannot be loaded: \(why)")
    }
    func broken(_ why: String) -> HullError { Self.broken(name, why) }

    private static func checkMachine(
        _ view: ByteView, machine: UInt64, _ name: String
    ) throws(HullError) {
        let (bits, order) = (view.bytes[4], view.bytes[5])
        // The field's bytes are swapped in a big-endian file.
        let machine = order == 2 ? (machine & 0xff) << 8 | machine >> 8 : machine
        guard machine == ELF.riscv, bits == 2, order == 1 else {
            let wordSize = bits == 1 ? "32-bit " : ""
            let byteOrder = order == 2 ? "big-endian " : ""
            throw HullError(
                .format,
                "\(name): found a \(wordSize)\(byteOrder)ELF file for \(ELF.machineName(machine)),"
                    + " expected a 64-bit little-endian one for RISC-V")
        }
    }

    private static func checkType(_ type: UInt64, _ name: String) throws(HullError) {
        switch type {
        case ELF.executable, ELF.dynamic: return
        case 1:
            throw HullError(
                .format, "\(name): found an object file (ET_REL); link it into a program first")
        case 4: throw HullError(.format, "\(name): found a core dump; expected a program or kernel")
        default: throw broken(name, "its type is \(type); 2 (executable) expected")
        }
    }

    private mutating func readProgramHeader(_ at: UInt64) throws(HullError) {
        guard let type = view.word(at), let flags = view.word(at + 4),
            let offset = view.double(at + 8),
            let virtual = view.double(at + 16), let physical = view.double(at + 24),
            let fileSize = view.double(at + 32), let memorySize = view.double(at + 40),
            let alignment = view.double(at + 48)
        else { throw broken("it ends inside the program headers") }
        switch type {
        case ELF.interpreter:
            throw HullError(
                .unsupported,
                "\(name): found a dynamically linked program, which needs an operating system and its"
                    + " shared libraries; expected a kernel or a bare-metal program")
        case ELF.dynamicSection where view.holds(offset, fileSize):
            dynamic = offset..<offset + fileSize
        case ELF.load where offset == 0 && memorySize == headersEnd:
            // Linkers map the file's own headers in front of the text, where often no memory is.
            return
        case ELF.load where memorySize > 0:
            guard view.holds(offset, fileSize) else {
                throw broken(
                    "the segment for \(hex(physical)) (\(fileSize) bytes at offset \(hex(offset)))"
                        + " lies beyond the end of the file; it seems truncated")
            }
            guard fileSize <= memorySize, physical <= UInt64.max - memorySize,
                virtual <= UInt64.max - memorySize
            else { throw broken("the segment for \(hex(physical)) has sizes that make no sense") }
            segments.append(
                Segment(
                    offset: offset, virtual: virtual, physical: physical, fileSize: fileSize,
                    memorySize: memorySize, alignment: alignment, isExecutable: flags & 1 != 0))
        default: return
        }
    }
}

/// Numbers of the ELF specification that are used here.
enum ELF {
    static let executable: UInt64 = 2
    static let dynamic: UInt64 = 3
    static let riscv: UInt64 = 243
    // Types of program headers.
    static let load: UInt64 = 1
    static let dynamicSection: UInt64 = 2
    static let interpreter: UInt64 = 3

    static func machineName(_ machine: UInt64) -> String {
        switch machine {
        case 3: "i386"
        case 8: "MIPS"
        case 20: "PowerPC"
        case 21: "PowerPC64"
        case 22: "S/390"
        case 40: "arm"
        case 62: "x86-64"
        case 183: "arm64"
        case riscv: "RISC-V"
        case 247: "BPF"
        case 258: "LoongArch"
        default: "machine \(machine)"
        }
    }
}
