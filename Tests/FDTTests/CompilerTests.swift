import FDT
import Foundation
import Testing

/// The device-tree compiler, where it is installed, reads what the builder wrote without a warning.
@Suite struct CompilerTests {
    static let path = "/usr/bin/dtc"
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

    @Test(.enabled(if: isInstalled)) func dtcAcceptsTheSample() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "hull-fdt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("sample.dtb")
        try Data(sampleTree()).write(to: file)
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: Self.path)
        compiler.arguments = ["-I", "dtb", "-O", "dts", file.path]
        let output = Pipe()
        let messages = Pipe()
        compiler.standardOutput = output
        compiler.standardError = messages
        try compiler.run()
        let source = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let warnings = String(
            decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        compiler.waitUntilExit()
        #expect(compiler.terminationStatus == 0)
        #expect(warnings == "")
        #expect(source.contains("stdout-path = \"serial0:115200n8\";"))
        #expect(source.contains("/memreserve/\t0x0000000080000000 0x0000000000200000;"))
        #expect(source.contains("rng-seed = [01 02 03 04 05];"))
    }
}
