import Foundation
import TestKit
import Testing
import Translator

/// Instructions in Intel's syntax with the bytes that the assembler made of them, and the judgement of
/// the toolchain's own assembler and disassembler.
struct EncodingRecorder {
    private(set) var texts: [String] = []
    private(set) var bytes: [[UInt8]] = []

    // SAFETY: the buffer lives as long as the closure runs and is larger than any instruction.
    mutating func record(_ text: String, _ body: (inout Assembler) -> Void) {
        texts.append(text)
        unsafe withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { buffer in
            guard let base = buffer.baseAddress else { return }
            let start = unsafe base.assumingMemoryBound(to: UInt8.self)
            var assembler = unsafe Assembler(cursor: start)
            body(&assembler)
            let count = unsafe assembler.cursor - start
            bytes.append((0..<count).map { unsafe start[$0] })
        }
    }

    func check(location: SourceLocation = #_sourceLocation) throws {
        let found = try findings()
        #expect(found.isEmpty, "\(found.prefix(10))", sourceLocation: location)
    }

    /// What is wrong with the recorded bytes: they mean something else than the text, or are longer than
    /// the toolchain's.
    private func findings() throws -> [String] {
        let theirs = try Self.disassemble(texts.joined(separator: "\n"))
        let lines = bytes.map { ".byte " + $0.map(String.init).joined(separator: ",") }
        let ours = try Self.disassemble(lines.joined(separator: "\n"))
        guard theirs.count == texts.count else { return ["\(theirs.count) of \(texts.count)"] }
        guard ours.count == texts.count else {
            let first = zip(ours, theirs).first { $0.text != $1.text }
            return ["our bytes are \(ours.count) instructions of \(texts.count): \(first as Any)"]
        }
        return texts.indices.compactMap { index in
            if ours[index].text != theirs[index].text {
                return "\(texts[index]): \(bytes[index]) is \(ours[index].text)"
            }
            return ours[index].count > theirs[index].count
                ? "\(texts[index]): \(bytes[index]) could be shorter" : nil
        }
    }

    private static func disassemble(_ source: String) throws -> [(text: String, count: Int)] {
        try withTemporaryFolder { folder in
            try (".intel_syntax noprefix\n" + source + "\n").write(
                to: folder.appendingPathComponent("source.s"), atomically: true, encoding: .utf8)
            try run(
                "clang",
                [
                    "--target=x86_64-linux-gnu", "-march=x86-64-v3", "-mpclmul", "-mfsgsbase",
                    "-c", "source.s", "-o", "object",
                ], folder)
            let listing = try run("llvm-objdump", ["-d", "-M", "intel", "object"], folder)
            return parse(listing)
        }
    }

    private static func parse(_ listing: String) -> [(text: String, count: Int)] {
        var result: [(text: String, count: Int)] = []
        var isLocked = false
        for line in listing.split(separator: "\n") {
            // `     0: 48 89 c3                     	mov	rbx, rax`
            guard line.first == " ", let colon = line.firstIndex(of: ":"),
                let tab = line.firstIndex(of: "\t")
            else { continue }
            let code = line[line.index(after: colon)..<tab].split(separator: " ")
            let text = line[tab...].split { $0 == " " || $0 == "\t" }.joined(separator: " ")
            result.append(isLocked ? ("lock " + text, code.count + 1) : (text, code.count))
            isLocked = text == "lock"
            if isLocked { result.removeLast() }
        }
        return result
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
}

extension HostRegister {
    /// Its name as an operand of this size.
    func name(_ size: OperandSize = .quad) -> String {
        let quad = "\(self)"
        if rawValue >= 8 {
            switch size {
            case .byte: return quad + "b"
            case .word: return quad + "w"
            case .long: return quad + "d"
            case .quad: return quad
            }
        }
        switch size {
        case .byte:
            return rawValue < 4 ? quad.dropFirst().prefix(1) + "l" : quad.dropFirst() + "l"
        case .word: return String(quad.dropFirst())
        case .long: return "e" + quad.dropFirst()
        case .quad: return quad
        }
    }
}

extension HostMemory {
    func name(_ size: OperandSize = .quad) -> String {
        let width =
            switch size {
            case .byte: "byte"
            case .word: "word"
            case .long: "dword"
            case .quad: "qword"
            }
        var parts: [String] = []
        if let base { parts.append(base.name()) }
        if let index { parts.append("\(index.name())*\(1 << scale)") }
        if displacement != 0 || parts.isEmpty { parts.append("\(displacement)") }
        return "\(width) ptr \(isGS ? "gs:" : "")[\(parts.joined(separator: " + "))]"
    }

    /// Each base, each index, each width of displacement, and what has no base.
    static let samples: [HostMemory] = {
        var result: [HostMemory] = []
        for base in HostRegister.allCases {
            for displacement: Int32 in [0, 8, -128, 127, 128, -129, 0x1234_5678] {
                result.append(.at(base, displacement))
            }
            result.append(.gs(base, 16))
            for index in HostRegister.allCases where index != .rsp {
                result.append(.at(base, index, scale: index.rawValue & 3, 0))
            }
            result.append(.at(base, .r12, scale: 3, -4))
            result.append(.at(base, .rbp, scale: 2, 4096))
        }
        result += [.gs(0), .gs(8192), .gs(-8)]
        for index in HostRegister.allCases where index != .rsp {
            result.append(HostMemory(base: nil, index: index, scale: 3, displacement: 64))
        }
        return result
    }()
    /// One of each kind.
    static let few: [HostMemory] = [
        .at(.rax), .at(.rbp), .at(.r13, -128), .at(.rsp, 8), .at(.r12), .gs(.r14, 8192),
        .at(.r9, .r15, scale: 2, 1000), .gs(64),
    ]
}

extension HostOperand {
    func name(_ size: OperandSize = .quad) -> String {
        switch self {
        case .register(let register): register.name(size)
        case .memory(let memory): memory.name(size)
        }
    }
    static let few =
        HostRegister.allCases.map { HostOperand.register($0) }
        + HostMemory.few.map { .memory($0) }
}

extension VectorOperand {
    func name(_ size: OperandSize = .quad) -> String {
        switch self {
        case .vector(let vector): "\(vector)"
        case .memory(let memory): memory.name(size)
        }
    }
    static let few =
        HostVector.allCases.map { VectorOperand.vector($0) }
        + HostMemory.few.map { .memory($0) }
}
